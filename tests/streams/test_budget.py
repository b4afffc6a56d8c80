"""One bound for all rings together: who gives what, and who says that it was cut."""

import threading

from streams.budget import RingBudget
from streams.packet import StreamInfo
from streams.ring import PacketRing
from tests.streams.footage import made_up

STREAM = StreamInfo("h264", (320, 180))


def ring_in(budget: RingBudget, *, needed_s: float = 10.0) -> PacketRing:
    return PacketRing(30, 1_000_000, budget=budget, needed_s=needed_s)


def fill(ring: PacketRing, from_s: int, to_s: int, size: int = 100) -> None:
    """A packet each second, a keyframe every two."""
    for second in range(from_s, to_s):
        packet = made_up(second, keyframe=second % 2 == 0, size=size, stream=STREAM)
        ring.append(packet)


def held_s(ring: PacketRing) -> float:
    assert ring.span is not None
    return ring.span[1] - ring.span[0]


def test_what_all_rings_hold_is_counted() -> None:
    budget = RingBudget(1_000_000)
    one, other = ring_in(budget), ring_in(budget)
    fill(one, 0, 100)
    fill(other, 0, 10, size=50)
    assert budget.used_bytes == one.size_bytes + other.size_bytes
    assert (one.cut_to_s, other.cut_to_s) == (None, None)


def test_the_bound_is_never_passed_while_there_is_a_group_to_give() -> None:
    budget = RingBudget(5_000)
    rings = [ring_in(budget) for _ in range(3)]
    for second in range(60):
        for ring in rings:
            fill(ring, second, second + 1)
            assert budget.used_bytes <= 5_000
    assert budget.used_bytes == sum(ring.size_bytes for ring in rings)
    assert max(map(held_s, rings)) - min(map(held_s, rings)) <= 2


def test_a_camera_that_floods_pays_itself() -> None:
    budget = RingBudget(10_000)
    calm, flood = ring_in(budget), ring_in(budget)
    for second in range(60):
        fill(calm, second, second + 1)
        fill(flood, second, second + 1, size=500)
    assert held_s(calm) >= 29
    assert held_s(flood) >= 10
    assert (calm.cut_to_s, flood.cut_to_s) == (None, None)


def test_what_no_clip_needs_goes_before_what_one_needs() -> None:
    budget = RingBudget(11_000)
    calm, flood = ring_in(budget), ring_in(budget)
    fill(calm, 0, 30)
    fill(flood, 0, 10, size=900)
    assert flood.size_bytes == 9_000
    assert held_s(calm) < 29
    assert calm.cut_to_s is None


def test_less_than_a_clip_needs_is_said_until_it_is_whole_again() -> None:
    budget = RingBudget(6_000)
    calm, flood = ring_in(budget), ring_in(budget)
    fill(calm, 0, 30)
    fill(flood, 0, 30, size=900)
    assert flood.cut_to_s is not None
    assert flood.cut_to_s < 10
    assert calm.cut_to_s is None
    fill(flood, 30, 60, size=100)
    assert flood.cut_to_s is None


def test_a_young_ring_is_not_called_cut() -> None:
    ring = ring_in(RingBudget(1_000_000))
    fill(ring, 0, 3)
    assert ring.cut_to_s is None


def test_the_newest_group_is_never_taken() -> None:
    budget = RingBudget(1_000)
    ring = ring_in(budget)
    for second in range(50):
        ring.append(made_up(second, keyframe=second == 0, stream=STREAM))
    assert held_s(ring) == 49
    assert budget.used_bytes == 5_000


def test_many_write_at_once() -> None:
    budget = RingBudget(20_000)
    rings = [ring_in(budget) for _ in range(8)]
    writers = [threading.Thread(target=fill, args=(ring, 0, 2_000)) for ring in rings]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert budget.used_bytes == sum(ring.size_bytes for ring in rings) <= 20_000
