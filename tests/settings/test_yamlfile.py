from pathlib import Path

import pytest

from settings.yamlfile import YamlFile, dotted

TEXT = """\
town:
  name: 黄水镇
cameras:
  - id: gate
    zones: [{id: kerb,
             polygon: [[0, 0], [1, 0], [1, 1]]}]
"""


@pytest.fixture
def file(tmp_path: Path) -> YamlFile:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return YamlFile.read(path)


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("town", "name"), 2),
        (("cameras", 0, "id"), 4),
        (("cameras", 0, "zones", 0, "polygon"), 6),
        (("cameras", 0, "missing"), 4),
        (("nowhere",), 1),
    ],
)
def test_a_location_has_its_line_or_that_of_what_holds_it(
    file: YamlFile, location: tuple[str | int, ...], line: int
) -> None:
    assert file.line_of(location) == line


def test_a_problem_reads_like_a_compiler_error(file: YamlFile) -> None:
    problem = file.problem(("cameras", 0, "id"), "expected a name")
    assert str(problem) == f"{file.path}:4: cameras[0].id: expected a name"


def test_a_key_that_stands_twice_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("a: 1\nb: 2\na: 3\n")
    (problem,) = YamlFile.read(path).problems
    assert (problem.line, problem.key) == (3, "a")
    assert "line 1" in problem.message


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "\t- x"])
def test_broken_yaml_is_a_problem_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    (problem,) = YamlFile.read(path).problems
    assert problem.message.startswith("not valid YAML")
    assert problem.line >= 1


@pytest.mark.parametrize("value", ["2026-09-31", "2026-01-01 25:00:00", "!!int ten"])
def test_a_value_that_cannot_be_is_a_problem_with_its_line(tmp_path: Path, value: str) -> None:
    path = tmp_path / "impossible.yaml"
    path.write_text(f"approvals:\n  parking:\n    until: {value}\n")
    (problem,) = YamlFile.read(path).problems
    assert problem.line == 3
    assert value.removeprefix("!!int ") in problem.message


def test_settings_are_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("")
    assert YamlFile.read(path).as_settings().data == {}
    path.write_text("- one\n")
    (problem,) = YamlFile.read(path).as_settings().problems
    assert "expected a mapping" in problem.message


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = YamlFile.read(tmp_path / "none.yaml").problems
    assert "cannot be read" in problem.message


def test_dotted_names_what_it_points_at() -> None:
    assert dotted(("cameras", 3, "rules", "fire")) == "cameras[3].rules.fire"
