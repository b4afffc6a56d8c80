"""The recorder on a real store, with real packets, when things are not as they should be."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from domain.clock import VirtualClock
from domain.evidence import Evidence, EvidenceKind, MissingReason
from domain.messages import EvidenceMissed, EvidenceSealed
from evidence.settings import EvidenceSettings
from evidence.store import EvidenceStore
from patrol.worker.recorder import Recorder
from patrol.worker.steadfast import steadfast
from streams.frame import Frame
from streams.ring import PacketRing
from tests.builders import NOON, make_incident
from tests.media import make_clip
from tests.streams.footage import packets_of
from tests.waiting import wait_until

News = EvidenceSealed | EvidenceMissed


def make_frame() -> Frame:
    picture = av.VideoFrame.from_ndarray(np.full((96, 160, 3), 90, np.uint8), format="bgr24")
    return Frame("cam-1", NOON, 0.0, picture)


@pytest.fixture
def news() -> list[News]:
    return []


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON)


@pytest.fixture
def recorder(tmp_path: Path, clock: VirtualClock, news: list[News]) -> Recorder:
    store = EvidenceStore(tmp_path, clock, min_free_bytes=0)
    settings = EvidenceSettings(post_roll_s=0.2)
    return Recorder(store, settings, clock=clock, publish=news.append)


def test_a_stop_writes_what_is_owed_and_says_what_was_never_buffered(
    recorder: Recorder, news: list[News]
) -> None:
    incident = make_incident(opened_at=NOON)
    recorder.record(incident, make_frame(), PacketRing(30, 1 << 20))
    assert recorder.pending == (incident,)
    recorder.start()
    recorder.stop(20)
    kinds = [one.evidence.kind for one in news]
    assert kinds == [EvidenceKind.SNAPSHOT, EvidenceKind.SNAPSHOT_BOXED, EvidenceKind.CLIP]
    assert [one.evidence.status for one in news] == ["sealed", "sealed", "missing"]
    assert isinstance(news[2], EvidenceMissed)
    assert news[2].evidence.reason is MissingReason.NOT_BUFFERED
    assert recorder.pending == ()


def test_a_stop_without_time_says_that_everything_is_lost(
    recorder: Recorder, news: list[News]
) -> None:
    recorder.record(make_incident(opened_at=NOON), make_frame(), PacketRing(30, 1 << 20))
    recorder.stop_at_once()
    recorder.start()
    recorder.join(20)
    reasons = [one.evidence.reason for one in news if isinstance(one, EvidenceMissed)]
    assert reasons == [MissingReason.SHUTDOWN, MissingReason.SHUTDOWN]


@pytest.mark.parametrize("noticed_h", [0, 8])
def test_a_clock_that_is_set_back_puts_no_clip_off(
    recorder: Recorder, clock: VirtualClock, news: list[News], noticed_h: int
) -> None:
    clock.move_to(NOON - timedelta(hours=noticed_h))
    recorder.start()
    recorder.record(make_incident(opened_at=NOON), make_frame(), PacketRing(30, 1 << 20))
    clock.move_to(NOON - timedelta(hours=8))
    wait_until(lambda: len(news) == 3, "snapshots, and what became of the clip")
    recorder.stop(20)


def test_a_round_that_fails_is_not_the_last() -> None:
    rounds = 0
    for _ in range(2):
        with steadfast("test"):
            rounds += 1
            raise RuntimeError("a mistake of our own")
    assert rounds == 2


@pytest.mark.parametrize("set_by_s", [7200.0, -7200.0])
def test_a_clock_that_is_set_in_the_pre_roll_costs_nothing_of_the_clip(
    recorder: Recorder, clock: VirtualClock, news: list[News], tmp_path: Path, set_by_s: float
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
    recorder.record(make_incident(opened_at=clock.now()), frame, ring)
    recorder.start()
    recorder.stop(20)

    (clip,) = (one.evidence for one in news if one.evidence.kind is EvidenceKind.CLIP)
    assert isinstance(clip, Evidence)
    assert clip.captured_to == last.captured_at + timedelta(seconds=set_by_s)
    assert clip.captured_to - clip.captured_from == pytest.approx(
        timedelta(seconds=3.9), abs=timedelta(seconds=0.2)
    )
