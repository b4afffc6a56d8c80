from pathlib import Path

from patrol.worker.memory import WorkerMemory
from tests.builders import make_incident


def test_what_was_saved_is_recalled(tmp_path: Path) -> None:
    memory = WorkerMemory(incidents=(make_incident(),), owed_clips=(make_incident(),))
    memory.save(tmp_path / "edge-1" / "memory.json")
    assert WorkerMemory.load(tmp_path / "edge-1" / "memory.json") == memory


def test_no_memory_and_a_broken_one_are_empty(tmp_path: Path) -> None:
    assert WorkerMemory.load(tmp_path / "none.json") == WorkerMemory()
    (tmp_path / "half.json").write_text('{"incidents": [{"id": "inc_')
    assert WorkerMemory.load(tmp_path / "half.json") == WorkerMemory()
