from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from settings.checking import check_file
from settings.loading import load
from settings.variables import fill_in_variables

GOOD = """\
town: {name: {zh: 示例镇, en: Example}, timezone: Asia/Shanghai}
sites:
  - {id: s1, name: 示例路口, lon: 103.9, lat: 30.5}
cameras:
  - id: gate
    name: 示例路口东
    site_id: s1
    gb_id: "51011600001320000001"
    url: rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.1/main
    detect_url: rtsp://viewer:${CAMERA_PASSWORD}@192.0.2.1/sub
    zones:
      - {id: kerb, name: 路缘, polygon: [[0, 0], [1, 0], [1, 1]]}
    rules:
      road_occupation: {zones: [kerb], for_s: 30}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("CAMERA_PASSWORD", "s3cret")

    def _write(text: str) -> Path:
        path = tmp_path / "patrol.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_a_good_file_loads_and_hides_its_password(write) -> None:  # type: ignore[no-untyped-def]
    configuration = load(write(GOOD))
    (camera,) = configuration.cameras
    assert camera.address.password == "s3cret"
    assert camera.detect_address is not None
    assert camera.detect_address.masked == "rtsp://viewer:***@192.0.2.1/sub"
    assert "s3cret" not in repr(configuration)
    assert camera.promise.usual_s == 2.0
    assert camera.written_rules["road_occupation"].for_s == 30


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    configuration = load(None, data_dir=tmp_path)
    assert configuration.cameras == ()
    assert configuration.database_url == f"sqlite:///{tmp_path}/patrol.db"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("for_s: 30", "for_secs: 30", 14, "for_secs", "unknown key"),
        ("road_occupation: {", "road_ocupation: {", 14, "road_ocupation", "road_occupation"),
        ("[[0, 0], [1, 0], [1, 1]]", "[[0, 0], [1, 1], [1, 0], [0, 1]]", 12, "polygon", "cross"),
        ("[[0, 0], [1, 0], [1, 1]]", "[[0, 0], [2, 0], [1, 1]]", 12, "polygon", "between 0 and 1"),
        ("zones: [kerb]", "zones: [curb]", 14, "zones[0]", "got curb"),
        ("site_id: s1", "site_id: s2", 7, "site_id", "'s2'"),
        ("00001320000001", "00001180000001", 8, "gb_id", "131 or 132"),
        ("${CAMERA_PASSWORD}@192.0.2.1/m", "${NOT_SET}@192.0.2.1/m", 9, "url", "NOT_SET"),
        ("    url: rtsp://", "    url: http://", 9, "url", "rtsp"),
        ("${CAMERA_PASSWORD}@192.0.2.1/s", "${NOT_SET}@192.0.2.1/s", 10, "detect_url", "NOT_SET"),
        ("detect_url: rtsp://", "detect_url: http://", 10, "detect_url", "rtsp"),
        ("192.0.2.1/sub", "192.0.2.1/main", 10, "detect_url", "another stream"),
        ("Asia/Shanghai", "Asia/Huangshui", 1, "timezone", "time zone"),
        ("lat: 30.5", "lat: 130.5", 3, "lat", "less than or equal to 90"),
        ("lat: 30.5", "lat: 30.5, crs: GCJ-02", 3, "crs", "WGS-84"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_key(  # type: ignore[no-untyped-def]
    write, old: str, new: str, line: int, key: str, words: str
) -> None:
    assert old in GOOD
    report = check_file(write(GOOD.replace(old, new)))
    problems = [
        problem for problem in report.errors if problem.key.startswith(("town", "sites", "cameras"))
    ]
    assert len(problems) == 1, problems
    assert problems[0].line == line
    assert key in problems[0].key
    assert words in problems[0].message
    assert "s3cret" not in str(problems)


def test_all_errors_come_at_once(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace("for_s: 30", "for_secs: 30").replace("lat: 30.5", "lat: north")
    keys = {problem.key for problem in check_file(write(text)).errors}
    assert any("for_secs" in key for key in keys)
    assert any("lat" in key for key in keys)


def test_a_misspelt_kind_of_rule_is_refused(write) -> None:  # type: ignore[no-untyped-def]
    variants = "[{when_kinds: [fire_lane, good], priority: 2}]"
    text = GOOD + f"cases: {{kinds: {{road_occupation: {{variants: {variants}}}}}}}\n"
    (problem,) = check_file(write(text)).errors
    assert problem.key == "cases.kinds.road_occupation.variants[0].when_kinds[1]"
    assert "goods" in problem.message
    assert "got 'good'" in problem.message


def test_two_cameras_with_one_id_are_refused(write) -> None:  # type: ignore[no-untyped-def]
    camera = GOOD[GOOD.index("  - id: gate") :]
    report = check_file(write(GOOD + camera))
    said = {problem.key: problem for problem in report.errors}
    assert "cameras[0]" in said["cameras[1].id"].message
    assert said["cameras[1].id"].line == 15
    assert "cameras[0]" in said["cameras[1].gb_id"].message


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("rules:\n      road_occupation: {zones: [kerb], for_s: 30}", "", 5,
         "defaults.rules.fire.zones[0]", "camera gate: expected the id of a detect zone"),
        ("{id: kerb,", "{id: kerb, kind: ignore,", 19, "rules.road_occupation.zones[0]", "(none)"),
        ("{id: kerb,", "{id: kerb, kind: exempt,", 19, "rules.road_occupation.zones[0]", "(none)"),
        ("zones:\n", "zones:\n      - {id: frame, polygon: [[0, 0], [1, 0], [1, 1]]}\n", 17,
         "cameras[0].zones[0].id", "frame is taken"),
        ("[kerb]", "[kerb, kerb]", 19, "rules.road_occupation.zones[1]", "each zone once"),
        ("road_occupation: {zones: [kerb], for_s: 30}",
         "crowding: {density: 2, ground: {picture: [[0.4, 0.6], [0.6, 0.6], [0.9, 0.9], "
         "[0.1, 0.9]], metres: [[0, 20], [5, 20], [5, 0], [0, 0]]}}",
         19, "rules.crowding", "horizon"),
    ],
)  # fmt: skip
def test_what_a_patrol_would_refuse_is_found_before_it_starts(  # type: ignore[no-untyped-def]
    write, old: str, new: str, line: int, key: str, words: str
) -> None:
    defaults = "defaults:\n  rules:\n    fire:\n      # 近处\n      zones: [near]\n"
    text = defaults + GOOD
    assert old in text
    found = [p for p in check_file(write(text.replace(old, new))).errors if "zone" in p.message]
    assert [(problem.line, problem.key.endswith(key)) for problem in found] == [(line, True)]
    assert words in found[0].message
    with pytest.raises(ConfigurationError, match="zone"):
        load(write(text.replace(old, new)))


def test_cameras_that_see_the_same_place_are_told_of_each_other(write) -> None:  # type: ignore[no-untyped-def]
    two = GOOD + "  - {id: west, name: 西, site_id: s1, url: a.mp4, overlaps: [gate]}\n"
    configuration = load(write(two))
    told = {camera.id: camera.overlaps for camera in configuration.cameras}
    assert told == {"gate": ("west",), "west": ("gate",)}
    report = check_file(write(two.replace("[gate]", "[west, gaet]")))
    said = [str(problem) for problem in report.errors if "another camera" in str(problem)]
    assert len(said) == 2


def test_a_missing_model_is_an_error_that_says_how_to_import(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD + "detector: {model: yolo11n-coco-640}\n"
    (problem,) = check_file(write(text)).errors
    assert problem.key == "detector.model"
    assert "patrol models import" in problem.message


def test_loading_a_bad_file_raises_every_problem(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError, match=r"patrol\.yaml:7: cameras\[0\]\.site_id"):
        load(write(GOOD.replace("site_id: s1", "site_id: s9")))


def test_an_unset_variable_is_named_and_no_value_is_shown() -> None:
    with pytest.raises(ValueError, match="variable USER_B"):
        fill_in_variables("rtsp://${USER_A}:${USER_B}@host", {"USER_A": "admin"})
