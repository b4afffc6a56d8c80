"""One town file, two workers: each takes its share, the center knows both, and a camera that moves
from one to the other takes its case along."""

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import ConfigurationError
from lab.footage.simulator import Simulator
from models.sessions.graph import RunsOn
from models.tuning.machine import this_machine
from patrol.cli import app
from settings.config import Configuration
from tests.block_detector import NAME, import_block_detector
from tests.books import make_book
from tests.integration.rig import block_clip, case_book, configure, prepare, wait_for, worker
from tests.integration.test_up import STOP_TIMEOUT_S, patrol_up
from tests.processes import children_of, command_of

CAR = {(4, 3): "car"}
PARKING = {"road_occupation": {"for_s": 2, "min_area": 0, "update_every_s": 1}}
WORKERS = {"east": {"cameras": ["kerb"]}, "west": {"cameras": ["gate*"]}}

pytestmark = pytest.mark.timeout(180)


def holds(data: Path, worker_id: str) -> set[str]:
    """The cameras that a worker's book was ever granted."""
    with make_book(data / "worker" / worker_id) as book:
        return {id_ for id_ in ("kerb", "gate") if book.held(id_).epoch is not None}


def test_two_workers_run_from_one_file_each_with_its_own_cameras(tmp_path: Path) -> None:
    data = tmp_path / "data"
    import_block_detector(data / "models")
    clips = {name: block_clip(tmp_path / f"{name}.mp4", {}) for name in ("kerb", "gate")}
    with Simulator(clips) as simulator:
        urls = {name: {"url": simulator.url(name), "rules": {}} for name in clips}
        # How to compute is left open: both find it out at once, and one measures for both.
        open_ = {"model": NAME, "confidence": 0.3, "provider": "cpu"}
        config = configure(tmp_path, urls, workers=WORKERS, detector=open_)
        with patrol_up("--data", data, "--config", config) as (process, web):

            def told() -> dict[str, tuple[str, str]]:
                """Who looked at each camera, and who is to."""
                rows = web.get("/api/cameras").json()
                return {
                    row["info"]["id"]: (row["worker_id"], row["info"]["worker_id"])
                    for row in rows
                    if row["worker_id"] and row["looks"]["looks"]
                }

            assert wait_for(lambda: len(told()) == 2 and told(), "looks at both") == {
                "kerb": ("east", "east"),
                "gate": ("west", "west"),
            }
            commands = [command_of(pid) for pid in children_of(process.pid)]
            workers = [words[words.index("--id") + 1] for words in commands if "--id" in words]
            assert sorted(workers) == ["east", "west"]
            parts = {
                part["name"]: part for part in web.get("/api/health").json()["program"]["parts"]
            }
            assert parts["process-worker-west"]["ok"]
            said = RunsOn.read(parts["detector"]["detail"])
            assert said is not None
            assert said.chosen_by == ("measured" if this_machine().cores > 1 else "only")
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_TIMEOUT_S) == 0
    assert (holds(data, "east"), holds(data, "west")) == ({"kerb"}, {"gate"})


@pytest.mark.parametrize("first", ["east", "west"])
def test_a_camera_moved_in_the_file_takes_its_case_along(
    tmp_path: Path, bus_url: str, first: str
) -> None:
    """Whoever starts first by the new file: who gives the camera up, or who gets it."""
    with Simulator({"kerb": block_clip(tmp_path / "kerb.mp4", CAR)}) as simulator:

        def of(worker_id: str) -> Configuration:
            kerb = {"url": simulator.url("kerb"), "rules": PARKING, "worker": worker_id}
            return prepare(tmp_path, {"kerb": kerb}, workers={"east": {}, "west": {}})

        before, after = of("east"), of("west")
        with case_book(after, bus_url) as book:
            with worker(before, bus_url, "east"), worker(before, bus_url, "west"):
                (case,) = wait_for(lambda: book.cases().cases, "the case")
            with ExitStack() as running:
                for worker_id in (first, "west" if first == "east" else "east"):
                    running.enter_context(worker(after, bus_url, worker_id))
                before_it_moved = book.incident(case.no)
                assert before_it_moved is not None
                revision = before_it_moved.revision

                def goes_on_in_the_west() -> bool:
                    (row,), now = book.cameras(), book.incident(case.no)
                    if now is None or now.revision <= revision + 1:
                        return False
                    return now.closed_at is None and row.worker_id == row.info.worker_id == "west"

                wait_for(goes_on_in_the_west, "news of the same incident")
            assert [each.no for each in book.cases().cases] == [case.no]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--id", "north"], "expected one of the file's workers (east, west), got 'north'"),
        ([], "expected --id with one of the file's workers (east, west)"),
    ],
)
def test_a_worker_that_is_none_of_the_files_is_refused(
    tmp_path: Path, options: list[str], said: str
) -> None:
    cameras = {name: {"url": "rtsp://192.0.2.1/"} for name in ("kerb", "gate")}
    config = configure(tmp_path, cameras, workers=WORKERS)
    arguments = ["worker", "--config", str(config), "--data", str(tmp_path / "data"), *options]
    with pytest.raises(ConfigurationError) as refused:
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert str(refused.value) == said
