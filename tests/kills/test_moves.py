"""Books that are lost, and cameras that move: one case for each happening all the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.clock import VirtualClock
from domain.evidence import EvidenceKind, MissingEvidence
from edge.witness import close_left_behind
from streams.packet import Packet
from tests.books import make_book
from tests.events_bridge.bus_tools import consuming
from tests.kills.conftest import MakePlace, Stage
from tests.kills.town import ENDS_S, Edge, Place, center, live, make_packets
from tests.kills.verdict import judge, sealed
from tests.vision.looks import START, at
from tests.waiting import wait_until

SECONDS = [8, 18, 30, 50, 104]
"""While it is open for the first time, in its cool-down, open again, cooling again, and while the
second one is open."""


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[Packet]:
    return make_packets(tmp_path_factory.mktemp("camera"))


def lose(place: Place) -> None:
    shutil.rmtree(place.worker_dir)


def spoil(place: Place) -> None:
    path = place.worker_dir / "book.sqlite3"
    path.write_bytes(b"\xa5" * path.stat().st_size)


@pytest.mark.parametrize("hears_after_s", [0, 6], ids=["heard", "unheard"])
@pytest.mark.parametrize("ruin", [lose, spoil])
@pytest.mark.parametrize("second", SECONDS)
def test_a_lost_book_makes_no_second_case(
    make_place: MakePlace,
    packets: list[Packet],
    second: int,
    ruin: Callable[[Place], None],
    hears_after_s: int,
) -> None:
    place = make_place()
    live(place, packets, until_s=second)
    ruin(place)
    deaf = place.model_copy(update={"hears_after_s": second + hears_after_s})
    live(deaf, packets)
    judge(place)


@pytest.mark.parametrize("hears_after_s", [0, 6], ids=["heard", "unheard"])
@pytest.mark.parametrize("second", SECONDS)
def test_a_camera_that_moves_makes_no_second_case(
    make_place: MakePlace, packets: list[Packet], second: int, hears_after_s: int
) -> None:
    """The worker of before starts again without it, and has nothing to say of it any more."""
    place = make_place()
    live(place, packets, until_s=second)
    update = {"worker_id": "edge-2", "hears_after_s": second + hears_after_s}
    moved = place.model_copy(update=update)
    live(moved, packets, until_s=second + 8)
    leave_behind(place)
    live(moved, packets)
    judge(moved)


def test_a_camera_that_moves_back_is_gone_on_with(
    make_place: MakePlace, packets: list[Packet]
) -> None:
    """It moves as slowly as a rule needs to see again after a start that something is gone."""
    place = make_place(stretch=3)
    other = place.model_copy(update={"worker_id": "edge-2"})
    for second in range(18, 3 * ENDS_S, 45):
        live(place, packets, until_s=second)
        live(other, packets, until_s=second + 20)
    live(place, packets)
    judge(place)


@pytest.mark.parametrize("second", [8, 30])
def test_a_camera_that_was_given_up_before_anybody_took_it_is_gone_on_with(
    make_place: MakePlace, packets: list[Packet], second: int
) -> None:
    place = make_place()
    live(place, packets, until_s=second)
    leave_behind(place)
    moved = place.model_copy(update={"worker_id": "edge-2"})
    live(moved, packets)
    judge(moved)


def leave_behind(place: Place) -> None:
    """Start the worker without the camera."""
    clock = VirtualClock(at(place.second))
    with center(place, clock) as book, consuming(place.bus_url, book.handle, place.bus) as consumer:
        edge = Edge(place, clock, [])
        close_left_behind(edge.book, frozenset(), clock.now())
        assert edge.publisher.flush(20)
        wait_until(lambda: consumer.lag() == 0, "the center")
        edge.recorder.start()
        edge.end()


def test_two_workers_on_one_camera_make_one_case_of_each_happening(
    make_place: MakePlace, packets: list[Packet]
) -> None:
    """Nobody meant it, both see everything; the one that came later speaks."""
    place = make_place()
    clock = VirtualClock(START)
    with center(place, clock) as book, consuming(place.bus_url, book.handle, place.bus) as consumer:
        places = [place, place.model_copy(update={"worker_id": "edge-2"})]
        edges = [Edge(one, clock, packets) for one in places]

        def settle() -> None:
            assert all(edge.publisher.flush(20) for edge in edges)
            wait_until(lambda: consumer.lag() == 0, "the center")

        for edge in edges:
            edge.begin()
            settle()
        for second in range(ENDS_S):
            clock.move_to(at(second))
            for edge in edges:
                edge.holder.hear()
                edge.see(second)
                settle()
        for edge in edges:
            edge.end()
        assert len(book.cases().cases) == 2
        assert all(case.gone_at is not None for case in book.cases().cases)


@pytest.mark.parametrize("where", ["evidence.written", "evidence.planned", "book.committed"])
def test_a_book_that_is_lost_with_what_it_owed_leaves_no_case_without_a_word(
    stage: Stage, make_place: MakePlace, where: str
) -> None:
    """Nobody knows any more what was owed but the center, who says that it is missing."""
    place = make_place()
    nth = 5 if where == "book.committed" else 1
    assert stage.live(place, kill=(where, nth)).killed
    lose(place)
    assert stage.live(place).code == 0
    evidence = judge(place)
    missing = [one for one in evidence if isinstance(one, MissingEvidence)]
    assert EvidenceKind.CLIP in {one.kind for one in missing} or len(sealed(evidence)) == 9


def test_a_book_of_another_folder_is_another_book(tmp_path: Path) -> None:
    with make_book(tmp_path / "a") as one, make_book(tmp_path / "b") as other:
        assert one.id != other.id
