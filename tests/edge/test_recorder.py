"""The recorder on a real store, with real packets, when things are not as they should be."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from domain.clock import VirtualClock
from domain.evidence import Evidence, EvidenceKind, MissingReason, evidence_id
from domain.incident import Incident
from domain.messages import EvidenceMissed, EvidenceSealed
from edge.book import Book
from edge.book.debts import OF_EACH_OPENING
from edge.recorder import Recorder
from edge.steadfast import steadfast
from evidence.evidence_settings import EvidenceSettings
from evidence.store import EvidenceStore
from streams.frame import Frame
from streams.ring import PacketRing
from tests.books import make_book, waiting
from tests.builders import NOON, make_incident
from tests.media import make_clip
from tests.streams.footage import packets_of
from tests.waiting import wait_until

News = EvidenceSealed | EvidenceMissed


def make_frame() -> Frame:
    picture = av.VideoFrame.from_ndarray(np.full((96, 160, 3), 90, np.uint8), format="bgr24")
    return Frame("cam-1", NOON, 0.0, picture)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def book(tmp_path: Path, clock: VirtualClock) -> Iterator[Book]:
    with make_book(tmp_path, clock=clock) as book:
        yield book


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> Iterator[EvidenceStore]:
    with EvidenceStore(tmp_path / "evidence", clock, min_free_bytes=0) as store:
        yield store


@pytest.fixture
def recorder(store: EvidenceStore, clock: VirtualClock, book: Book) -> Recorder:
    settings = EvidenceSettings(post_roll_s=0.2)
    return Recorder(store, settings, clock=clock, debts=book.debts)


def ask(
    recorder: Recorder,
    book: Book,
    ring: PacketRing | None = None,
    frame: Frame | None = None,
    incident: Incident | None = None,
) -> Incident:
    """Owe an incident's evidence and have it recorded, as the witness does."""
    incident = incident or make_incident(opened_at=NOON)
    with book.page() as page:
        for kind in OF_EACH_OPENING:
            page.owe(incident, kind)
    recorder.record(incident, frame or make_frame(), ring or PacketRing(30, 1 << 20))
    return incident


def told(book: Book) -> list[News]:
    """What the center is told of evidence, in order."""
    news = waiting(book.outbox)
    assert all(isinstance(one, EvidenceSealed | EvidenceMissed) for one in news)
    return [one for one in news if isinstance(one, EvidenceSealed | EvidenceMissed)]


def test_a_stop_writes_what_is_owed_and_says_what_was_never_buffered(
    recorder: Recorder, book: Book
) -> None:
    incident = ask(recorder, book)
    assert [one.kind for one in book.debts.open] == list(OF_EACH_OPENING)
    recorder.start()
    recorder.stop(20)
    news = told(book)
    assert [one.evidence.kind for one in news] == list(OF_EACH_OPENING)
    assert [one.evidence.id for one in news] == [
        evidence_id(incident, kind) for kind in OF_EACH_OPENING
    ]
    assert [one.evidence.status for one in news] == ["sealed", "sealed", "missing"]
    assert isinstance(news[2], EvidenceMissed)
    assert news[2].evidence.reason is MissingReason.NOT_BUFFERED
    assert book.debts.open == ()


def test_a_stop_without_time_says_that_everything_is_lost(recorder: Recorder, book: Book) -> None:
    ask(recorder, book)
    recorder.stop_at_once()
    recorder.start()
    recorder.join(20)
    reasons = [one.evidence.reason for one in told(book) if isinstance(one, EvidenceMissed)]
    assert reasons == [MissingReason.SHUTDOWN] * 3


@pytest.mark.parametrize("noticed_h", [0, 8])
def test_a_clock_that_is_set_back_puts_no_clip_off(
    recorder: Recorder, clock: VirtualClock, book: Book, noticed_h: int
) -> None:
    clock.move_to(NOON - timedelta(hours=noticed_h))
    recorder.start()
    ask(recorder, book)
    clock.move_to(NOON - timedelta(hours=8))
    wait_until(lambda: not book.debts.open, "snapshots, and what became of the clip")
    recorder.stop(20)


def test_a_picture_that_cannot_be_made_is_said_to_be_missing(
    recorder: Recorder, book: Book
) -> None:
    """Whatever goes wrong in recording: what is owed and not told would be waited for for ever."""

    class Unreadable:
        captured_at = NOON
        captured_s = NOON.timestamp()

        def image(self) -> None:
            raise RuntimeError("a mistake of our own")

    ask(recorder, book, frame=Unreadable())  # type: ignore[arg-type]
    recorder.start()
    recorder.stop(20)
    told_of = {one.evidence.kind: one.evidence for one in told(book)}
    for kind in OF_EACH_OPENING[:2]:
        missing = told_of[kind]
        assert missing.status == "missing"
        assert missing.reason is MissingReason.STORAGE_FAILED
        assert "a mistake of our own" in missing.detail
    assert book.debts.open == ()


def test_a_round_that_fails_is_not_the_last() -> None:
    rounds = 0
    for _ in range(2):
        with steadfast("test"):
            rounds += 1
            raise RuntimeError("a mistake of our own")
    assert rounds == 2


@pytest.mark.parametrize("set_by_s", [7200.0, -7200.0])
def test_a_clock_that_is_set_in_the_pre_roll_costs_nothing_of_the_clip(
    recorder: Recorder, clock: VirtualClock, book: Book, tmp_path: Path, set_by_s: float
) -> None:
    ring, packets = PacketRing(30, 1 << 24), packets_of(make_clip(tmp_path / "a.mp4"), NOON)
    set_at_s = NOON.timestamp() + 2
    for packet in packets:
        later = timedelta(seconds=set_by_s if packet.captured_s >= set_at_s else 0)
        ring.append(replace(packet, captured_at=packet.captured_at + later))
    last = packets[-1]
    clock.advance(last.captured_s - NOON.timestamp())
    clock.set_by(set_by_s)
    frame = replace(make_frame(), captured_at=clock.now(), captured_s=last.captured_s)
    ask(recorder, book, ring, frame, make_incident(opened_at=clock.now()))
    recorder.start()
    recorder.stop(20)

    (clip,) = (one.evidence for one in told(book) if one.evidence.kind is EvidenceKind.CLIP)
    assert isinstance(clip, Evidence)
    assert clip.captured_to == last.captured_at + timedelta(seconds=set_by_s)
    assert clip.captured_to - clip.captured_from == pytest.approx(
        timedelta(seconds=3.9), abs=timedelta(seconds=0.2)
    )
