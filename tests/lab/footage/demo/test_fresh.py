from pathlib import Path

from lab.footage.demo.fresh import set_aside


def test_an_earlier_run_is_set_aside_and_its_models_stay(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "patrol.db").write_text("first run")
    (tmp_path / "evidence" / "ab").mkdir(parents=True)
    assert set_aside(tmp_path) == tmp_path / "earlier"
    assert {path.name for path in tmp_path.iterdir()} == {"models", "earlier"}
    assert (tmp_path / "earlier" / "patrol.db").read_text() == "first run"

    (tmp_path / "patrol.db").write_text("second run")
    set_aside(tmp_path)
    assert (tmp_path / "earlier" / "patrol.db").read_text() == "second run"
    assert not (tmp_path / "earlier" / "evidence").exists()


def test_a_data_directory_that_is_new_or_not_there_is_left_alone(tmp_path: Path) -> None:
    assert set_aside(tmp_path) is None
    assert set_aside(tmp_path / "none") is None
