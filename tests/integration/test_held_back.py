"""What a worker's rules hold back reaches the center, though it makes no case."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.held_back import HeldBackReason
from lab.footage.simulator import Simulator
from tests.builders import NOON
from tests.integration.rig import block_clip, case_book, prepare, wait_for, worker

WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]
STANDS = {"for_s": 3, "min_area": 0, "zones": ["all"]}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("rule", "zones", "reason"),
    [
        ({**STANDS, "shadow": True}, [], HeldBackReason.SHADOW),
        (STANDS, [{"id": "free", "kind": "exempt", "polygon": WHOLE}], HeldBackReason.EXEMPT),
        (STANDS, [{"id": "mask", "kind": "ignore", "polygon": WHOLE}], HeldBackReason.MASKED),
    ],
)
def test_it_reaches_the_center(
    rule: dict[str, object],
    zones: list[dict[str, object]],
    reason: HeldBackReason,
    tmp_path: Path,
    bus_url: str,
) -> None:
    clip = block_clip(tmp_path / "kerb.mp4", {(4, 3): "car"})
    with Simulator({"kerb": clip}) as cameras:
        camera = {
            "url": cameras.url("kerb"),
            "zones": [{"id": "all", "polygon": WHOLE}, *zones],
            "rules": {"road_occupation": rule},
        }
        configuration = prepare(tmp_path, {"kerb": camera})
        with case_book(configuration, bus_url) as book:
            with worker(configuration, bus_url) as running:
                (post,) = running._posts
                wait_for(lambda: post.patrol._held_back._spans, "something held back")
            since = NOON - timedelta(days=3650)
            (one, *_) = wait_for(lambda: book.held_back(since), "its news at the center")
            assert (one.camera_id, one.rule_id, one.zone_id) == ("kerb", "road_occupation", "all")
            assert one.reason is reason
            assert book.cases().total == 0
