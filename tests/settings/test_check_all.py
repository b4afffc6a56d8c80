"""`patrol check` finds everything that is wrong, at once, and doubts what is probably not meant."""

import os
import threading
from pathlib import Path

import pytest

from domain import documents
from domain.errors import ConfigurationError
from settings.checking import check_file
from settings.loading import load

SITES = "sites:\n  - {id: s1, name: 示例路口, lon: 103.9, lat: 30.5}\n"
CAMERA = "  - {id: %s, name: 门, site_id: %s, url: 'rtsp://%s/main'%s}\n"


@pytest.fixture
def checked(tmp_path: Path):  # type: ignore[no-untyped-def]
    def check(text: str | bytes):  # type: ignore[no-untyped-def]
        path = tmp_path / "patrol.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return check_file(path)

    return check


def said(problems: tuple[object, ...]) -> str:
    return "\n".join(map(str, problems))


def test_the_third_mistake_is_not_hidden_by_the_first_two(checked) -> None:  # type: ignore[no-untyped-def]
    text = (
        "town: {timezone: Asia/Huangshui}\n"  # a value that its own check refuses
        "sites:\n  - {id: s1, name: 示例, lon: 103.9, lat: north}\n"  # a wrong type
        "approvals: {parking: {until: 2026-09-31}}\n"  # no date
        "streams: {ring_s: 1, rign: 2}\n"  # a contradiction, and an unknown key
        "cases: {timezone: Asia/Shanghai}\n"  # said twice
        "cameras:\n"
        + CAMERA % ("gate", "s9", "192.0.2.1", "")  # an unknown site
        + CAMERA % ("gate", "s1", "192.0.2.2", ", overlaps: [nobody], colour: red")
        + "  - {id: west, name: 西, site_id: s8, url: 'ftp://a:Zq7x@h/', zones: "
        "[{id: kerb, polygon: [[0, 0], [2, 0], [1, 1]]}], "
        "rules: {road_occupation: {zones: [curb]}}}\n"
        "  - {id: east, name: 东, site_id: s1, url: nowhere.mp4}\n"
        "detector: {model: no-such-model}\n"
    )
    errors = {problem.key: problem.message for problem in checked(text).errors}
    for key in (
        "town.timezone", "sites[0].lat", "approvals.parking.until", "streams.rign",
        "streams.ring_s", "cases.timezone", "cameras[0].site_id", "cameras[1].id",
        "cameras[1].overlaps[0]", "cameras[1].colour", "cameras[2].url", "cameras[2].site_id",
        "cameras[2].zones[0].polygon", "cameras[2].rules.road_occupation.zones[0]",
        "cameras[3].url", "detector.model",
    ):  # fmt: skip
        assert any(each.startswith(key) for each in errors), (key, sorted(errors))
    assert "stand-in" not in str(errors)
    assert "Zq7x" not in str(errors)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SITES.replace("lat: 30.5", "lat: ３０.5"), "is full-width"),
        (SITES.replace("lon: 103.9, lat: 30.5", "lon: 30.5, lat: 103.9"), "swapped?"),
        ("worker： {id: a}\n", "is full-width (U+FF1A)"),
        ("worker：\n  id: a\n", "full-width ："),
        ("streams: {ｒing_s: 30}\n", "is full-width"),
        ("sites:\n\t- {id: s1}\n", "a tab"),
        ("town: {name: a: b}\n", "not valid YAML"),
        ("town: {name: 镇}\ntown: {name: 乡}\n", "already stands on line 1"),
        ("town: {name: 示例镇}\n".encode("gbk"), "GBK: save as UTF-8"),
        ("town: {name: 示例镇}\n".encode("utf-16"), "UTF-16: save as UTF-8"),
        ("town: {name: ab}\n".encode("utf-16-le"), "UTF-16: save as UTF-8"),
        (b"\x7fELF\0\0\1\2\0\3", "NUL bytes"),
        ("streams: {ring_s: no}\n", "expected a number"),
        ("streams: 3\n", "expected a mapping"),
        ("sites: {id: s1}\n", "expected a list"),
        ("streams: {ring_s: !!python/object:os.system x}\n", "unknown tag"),
        ("streams: {ring_s: .inf}\n", "finite"),
        ("console: {port: yes}\n", "expected a whole number, got 'true'"),
        (SITES.replace(", lat", "，lat"), "a full-width ，"),
        (SITES.replace("{", "｛"), "a full-width ｛"),
        (SITES.replace("  - ", "\u3000- "), "none of YAML's"),
        (SITES + "\ufeffcameras: []\n", "the invisible sign U+FEFF"),
        ("town: {name:\ta}\n", "a tab stands where only blanks may"),
        ("? [a]\n: 2\n", "expected a plain key"),
        ("...\n", "ends the file"),
        ("town: {timezone: Asia}\n", "expected a time zone"),
        ("town: {timezone: " + "A" * 5_000 + "}\n", "expected a time zone"),
        ("data_dir: /etc/hostname\n", "is a file"),
        ("data_dir: " + "a/" * 4_000 + "\n", "the path of a folder"),
        ('data_dir: "a\\0b"\n', "the path of a folder"),
        ("data_dir: rtsp://a:Zq7x@h\n", "got 'rtsp:***@h'"),
        ("database: {url: 'mysql://u:Zq7x@h/x'}\n", "expected sqlite:///FILE or postgresql://"),
        ("database: {url: 'postgresql//u:Zq7x@h/x'}\n", "expected sqlite:///FILE or postgresql://"),
        ("bus: {url: 'redis://h/0?passwort=Zq7x'}\n", "expected options of redis-py"),
        ("bus: {url: 'redis://h/zero'}\n", "the number of a database"),
        ("cameras: [" + "{}," * 2_000 + "]\n", "these are the first 1000"),
        (
            "grids: {grids: [{id: g, name: g, level: 2, polygon: ["
            + ",".join(f"[103.{n:05},30]" for n in range(3_000))
            + "]}]}\n",
            "at most 2000 points",
        ),
    ],
)
def test_an_error_says_what_was_expected_in_our_words(checked, text, words: str) -> None:  # type: ignore[no-untyped-def]
    report = checked(text)
    assert words in said(report.errors)
    assert "Input should" not in said(report.errors)
    assert "Zq7x" not in said(report.errors)


def test_a_mark_at_the_beginning_is_no_error(checked) -> None:  # type: ignore[no-untyped-def]
    assert checked(SITES.encode("utf-8-sig")).errors == ()


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (SITES + "cameras:\n" + CAMERA % ("a", "s1", "u:p@192.0.2.1:554", "")
         + CAMERA % ("b", "s1", "192.0.2.1", ""), "cameras[1].url", "the same address as camera a"),
        ("town: {timezone: Etc/GMT-8}\n", "town.timezone", "UTC+8: its sign is turned round"),
        ("town: {timezone: Europe/London}\n" + SITES, "town.timezone", "does not fit site s1"),
        (SITES.replace("103.9, lat: 30.5", "45.6, lat: 84.9"), "sites[0]", "look swapped"),
        (SITES.replace("id: s1", "id: 0123"), "sites[0].id", "write '0123'"),
        (SITES.replace("name: 示例路口", "name: 12:30"), "sites[0].name", "YAML reads 750"),
        (SITES.replace("id: s1", "id: 1.50"), "sites[0].id", "YAML reads 1.5"),
        (SITES.replace("name: 示例路口", "name: NO"), "sites[0].name", "write 'NO'"),
        (SITES.replace("name: 示例路口", "name: {zh: 北, en: on}"), "sites[0].name.en", "'on'"),
        ("console: {port: 010}\n", "console.port", "YAML reads 8 of 010"),
        ("streams: {read_timeout_s: 1:30}\n", "streams.read_timeout_s", "YAML reads 90 of 1:30"),
        (SITES + "unchanged_looks: {full_every_s: 1}\ncameras:\n"
         + CAMERA % ("a", "s1", "192.0.2.1", ""), "unchanged_looks.full_every_s", "a full one"),
        (SITES + "unchanged_looks: {full_every_looks: 1}\ncameras:\n"
         + CAMERA % ("a", "s1", "192.0.2.1", ""), "unchanged_looks.full_every_looks", "enabled: f"),
        (SITES.replace("lat: 30.5", "lat: 0x1E"), "sites[0].lat", "YAML reads 30 of 0x1E"),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_a_warning(checked, text, key, words) -> None:  # type: ignore[no-untyped-def]
    report = checked(text)
    assert report.errors == ()
    assert words in {each.key: each.message for each in report.warnings}[key]


def test_an_unquoted_id_is_the_text_that_is_written(tmp_path: Path) -> None:
    path = tmp_path / "patrol.yaml"
    sites = SITES.replace("id: s1", "id: 0123")
    path.write_text(
        sites + "cameras:\n" + CAMERA % (7, "0123", "192.0.2.1", ", gb_id: 51011600001320000001")
    )
    (camera,) = load(path).cameras
    assert (camera.id, camera.site_id, camera.gb_id) == ("7", "0123", "51011600001320000001")


def test_what_stands_in_for_a_wrong_value_brings_no_doubt_about_another(checked) -> None:  # type: ignore[no-untyped-def]
    report = checked("town: {timezone: Asia/Shanghai}\n" + SITES.replace("103.9", "181"))
    assert [each.key for each in report.errors] == ["sites[0].lon"]
    assert "town.timezone" not in {each.key for each in report.warnings}


def test_a_pipe_that_nobody_writes_to_is_waited_for_within_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PIPE_WAIT_S", 0.1)
    os.mkfifo(tmp_path / "patrol.yaml")
    report = check_file(tmp_path / "patrol.yaml")
    assert "a pipe whose end did not come" in said(report.errors)


def test_a_configuration_may_come_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "patrol.yaml"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(SITES,))
    writer.start()
    report = check_file(path)
    writer.join()
    assert (report.errors, report.sites) == ((), 1)


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "values, with those of aliases"),
        ("a: &a [*a]\n", "*a holds itself"),
        ("a: &a {b: {c: *a}}\n", "*a holds itself"),
        ("a: " + "[" * 5000, "levels within each other"),
        ("a: " + "{b: " * 5000, "levels within each other"),
        ("".join(" " * n + "a:\n" for n in range(200)), "levels within each other"),
        ("a: &a x\nb: [" + "*a, " * 6000 + "]\n", "aliases such as *a"),
        ("a: " + "x" * 100_000, "signs in one value"),
        ("a: 0x" + "f" * 60_000, "bits"),
        ("a: " + "9" * 5_000, "cannot be read"),
        ("#" * 9_000_000, "at most 8 MiB"),
    ],
)
def test_a_file_that_would_grow_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "patrol.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load(path)
    assert words in str(refused.value)
    assert f"{path}:" in str(refused.value)


def test_aliases_of_honest_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "patrol.yaml"
    cameras = "".join(
        f"  - {{<<: *usual, id: c{n}, url: 'rtsp://192.0.2.1/{n}'}}\n" for n in range(200)
    )
    first = "  - &usual {id: c, name: 门, site_id: s1, url: 'rtsp://192.0.2.1/x'}\n"
    path.write_text(SITES + "cameras:\n" + first + cameras)
    assert len(load(path).cameras) == 201
