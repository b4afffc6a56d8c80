"""A set on disk: whole at every moment, and true again after a crash."""

import errno
from pathlib import Path

import pytest

from domain.errors import ConfigurationError, EvidenceTampered
from lab.footage.labelled import names_beside, read_folder
from lab.labelling.candidates import Candidate
from lab.labelling.label_set import LabelSet, Wish
from lab.labelling.marks import MarkConflict, MarkedBox, Status
from lab.labelling.set_files import read_manifest
from models.catalogue.files import sha256_of
from tests.builders import NOON
from tests.lab.labelling.conftest import NAMES, TOWN, Town

BOX = MarkedBox(label="stall", xyxy=(0.25, 0.5, 0.5, 1.0))


def open_set(folder: Path, names: tuple[str, ...] = NAMES) -> LabelSet:
    return LabelSet(folder, names, TOWN)


def say(town: Town, at: LabelSet, one: Candidate, status: Status, *boxes: MarkedBox) -> None:
    before = at.mark(one.stem)
    wish = Wish(status=status, boxes=boxes, revision=before.revision if before else 0)
    at.save(one, wish, town.store.path(one.snapshot), by="li", at=NOON)


def test_what_is_said_lies_there_as_a_yolo_set(town: Town, tmp_path: Path) -> None:
    real, false = town.judge(), town.judge(real=False)
    label_set = open_set(tmp_path / "set")
    one, two = town.candidates()
    say(town, label_set, one, Status.DONE, BOX)
    say(town, label_set, two, Status.NOTHING)
    assert names_beside(label_set.folder) == NAMES
    first, second = read_folder(label_set.folder, NAMES)
    assert first.truth.labels[first.truth.class_ids[0]] == "stall"
    assert first.truth.xyxy.tolist() == [list(BOX.xyxy)]
    assert len(second.truth) == 0
    manifest = read_manifest(label_set.folder)
    assert manifest is not None
    assert [mark.case_no for mark in manifest.pictures] == [real, false]
    for mark in manifest.pictures:
        assert sha256_of(label_set.folder / "images" / mark.picture) == mark.sha256
        assert (mark.labelled_by, mark.labelled_at, mark.checked) == ("li", NOON, True)
    assert label_set.folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("status", [Status.DRAFT, Status.SKIPPED])
def test_what_is_begun_again_or_skipped_is_taken_out(
    town: Town, tmp_path: Path, status: Status
) -> None:
    town.judge()
    label_set = open_set(tmp_path / "set")
    [one] = town.candidates()
    say(town, label_set, one, Status.DONE, BOX)
    say(town, label_set, one, status, BOX)
    assert [
        *(label_set.folder / "images").iterdir(),
        *(label_set.folder / "labels").iterdir(),
    ] == []
    again = open_set(tmp_path / "set").mark(one.stem)
    assert again is not None
    assert (again.status, again.boxes) == (status, (BOX,))


def test_a_crash_leaves_what_was_said_to_be_saved(town: Town, tmp_path: Path) -> None:
    town.judge()
    town.judge()
    label_set = open_set(tmp_path / "set")
    one, two = town.candidates()
    say(town, label_set, one, Status.DONE, BOX)
    label = label_set.folder / "labels" / f"{one.stem}.txt"
    kept = label.read_text()
    # Killed between the new label and the manifest, and between a picture and the manifest.
    label.write_text("0 0.5 0.5 0.1 0.1\n")
    (label_set.folder / "labels" / f"{two.stem}.txt").write_text("")
    (label_set.folder / "images" / f"{two.stem}.jpg").write_bytes(b"half")
    open_set(tmp_path / "set")
    assert label.read_text() == kept
    assert [picture.path.stem for picture in read_folder(label_set.folder, NAMES)] == [one.stem]


def test_two_windows_do_not_undo_each_other(town: Town, tmp_path: Path) -> None:
    town.judge()
    label_set = open_set(tmp_path / "set")
    [one] = town.candidates()
    say(town, label_set, one, Status.DONE, BOX)
    stale = Wish(status=Status.NOTHING, revision=0)
    with pytest.raises(MarkConflict):
        label_set.save(one, stale, town.store.path(one.snapshot), by="wang", at=NOON)
    assert len(read_folder(label_set.folder, NAMES)[0].truth) == 1


def test_what_the_disk_did_not_take_is_not_saved_and_may_be_tried_again(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.judge()
    label_set = open_set(tmp_path / "set")
    [one] = town.candidates()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("lab.labelling.label_set.write_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            say(town, label_set, one, Status.DONE, BOX)
    assert label_set.mark(one.stem) is None
    say(town, label_set, one, Status.DONE, BOX)
    assert open_set(tmp_path / "set").mark(one.stem) == label_set.mark(one.stem)


def test_a_picture_that_is_not_what_was_sealed_is_kept_out(town: Town, tmp_path: Path) -> None:
    town.judge()
    label_set = open_set(tmp_path / "set")
    [one] = town.candidates()
    other = tmp_path / "other.jpg"
    other.write_bytes(b"another")
    with pytest.raises(EvidenceTampered):
        label_set.save(one, Wish(status=Status.DONE, boxes=(BOX,)), other, by="li", at=NOON)
    assert label_set.mark(one.stem) is None
    assert list((label_set.folder / "images").iterdir()) == []


def test_classes_keep_their_numbers(town: Town, tmp_path: Path) -> None:
    town.judge()
    label_set = open_set(tmp_path / "set")
    [one] = town.candidates()
    say(town, label_set, one, Status.DONE, BOX)
    assert open_set(tmp_path / "set", ()).names == NAMES
    assert open_set(tmp_path / "set", (*NAMES, "cart")).names == (*NAMES, "cart")
    with pytest.raises(ConfigurationError, match="expected umbrella,stall first"):
        open_set(tmp_path / "set", ("cart", *NAMES))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("notes.txt", "mine", "expected an empty folder or a set .* found notes.txt"),
        ("manifest.json", "{", "manifest.json"),
        ("manifest.json", '{"form": 9, "names": ["a"]}', "expected a manifest of form 1, got 9"),
    ],
)
def test_a_folder_that_holds_something_else_is_left_alone(
    tmp_path: Path, file: str, text: str, said: str
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / file).write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        open_set(tmp_path / "set")
    assert [path.name for path in (tmp_path / "set").iterdir()] == [file]


def test_a_set_without_classes_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--names: expected class names"):
        open_set(tmp_path / "set", ())
