"""A set that is being made: every mark is on disk, whole, before it is said to be saved."""

import re
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.base import Value
from domain.errors import ConfigurationError, EvidenceTampered
from lab.labelling.candidates import Candidate
from lab.labelling.marks import Mark, MarkConflict, MarkedBox, MarkRefused, Status, check_mark
from lab.labelling.set_files import MANIFEST_FILE, label_text, read_manifest, write_manifest
from models.catalogue.files import copy_hashed, draft_in, settle, write_whole

PRIVATE = 0o700
"""For nobody but who makes the set: its pictures show people."""
_OURS = re.compile(r"[A-Za-z0-9][\w.-]*__\d{8}-\d{6}__[^/]+__[0-9a-f]{8}")


class Wish(Value):
    """How somebody wants a picture to be marked."""

    status: Status
    boxes: tuple[MarkedBox, ...] = ()
    revision: int = 0
    """Of the mark that it was decided on; 0: there was none."""


class LabelSet:
    """The set in one folder. Thread-safe; one process at a time (`patrol.claims`).

    Raises:
        ConfigurationError: the folder holds something else, or class names that are not a
            beginning of `names`: ids that are given stay what they are.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], zone: ZoneInfo, held_out: Iterable[str] = ()
    ) -> None:
        self.folder = folder
        self._zone = zone
        self._held_out = tuple(held_out)
        self._lock = threading.Lock()
        known = read_manifest(folder)
        if known is None and (found := _others(folder)):
            raise ConfigurationError(
                f"{folder}: expected an empty folder or a set that `patrol label` made, found "
                f"{found} and no {MANIFEST_FILE}"
            )
        self.names = joined_names(known.names if known else (), names, folder)
        self._marks = {mark.stem: mark for mark in known.pictures} if known else {}
        self._make_folders()
        self._make_true()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All of them, by camera and time."""
        return tuple(self._marks[stem] for stem in sorted(self._marks))

    def mark(self, stem: str) -> Mark | None:
        return self._marks.get(stem)

    def counts(self) -> dict[str, int]:
        """How many marks of each status there are, and how many boxes of each class."""
        marks = self.marks
        counts = Counter(mark.status.value for mark in marks)
        boxes = Counter(box.label for m in marks if m.status is Status.DONE for box in m.boxes)
        return {status: counts[status] for status in Status} | {
            f"class:{name}": boxes[name] for name in self.names
        }

    def save(
        self, candidate: Candidate, wish: Wish, picture: Path, *, by: str, at: datetime
    ) -> Mark:
        """Keep what a person said of a picture, whose sealed file is `picture`.

        Raises:
            MarkRefused: boxes that are none; MarkConflict: marked by somebody else meanwhile.
            EvidenceTampered: the picture is not what was sealed; it is kept out.
        """
        check_mark(wish.status, wish.boxes, self.names)
        with self._lock:
            before = self._marks.get(candidate.stem)
            if wish.revision != (before.revision if before else 0):
                raise MarkConflict(
                    "另一个窗口已改过这张图片", "this picture was marked in another window"
                )
            mark = _mark(candidate, wish, by, at, checked=True)
            self._keep(mark, picture)
            try:
                self._write_down()
            except OSError:
                self._forget(mark, before)
                raise
        return mark

    def fill(self, candidate: Candidate, picture: Path, *, by: str, at: datetime) -> Mark | None:
        """Keep what the detector saw of a confirmed picture, and a rejected one as a negative,
        unchecked. None where that would teach something wrong: no boxes were kept, or one of them
        has no class. The lists are written by `close`."""
        status = Status.DONE if candidate.is_shown else Status.NOTHING
        boxes = candidate.starts
        if candidate.is_shown and (not boxes or any(box.label is None for box in boxes)):
            return None
        wish = Wish(status=status, boxes=boxes)
        check_mark(wish.status, wish.boxes, self.names)
        with self._lock:
            self._keep(mark := _mark(candidate, wish, by, at, checked=False), picture)
        return mark

    def adopt(self, mark: Mark, picture: Path) -> None:
        """Keep a mark of another set as it is. The lists are written by `close`."""
        check_mark(mark.status, mark.boxes, self.names)
        with self._lock:
            self._keep(mark, picture)

    def close(self) -> None:
        """Write the manifest and the lists."""
        with self._lock:
            self._write_down()

    def _keep(self, mark: Mark, picture: Path) -> None:
        """A label before its picture, and a picture gone before its label: a picture without a
        label would say that nothing is in it."""
        image = self.folder / "images" / mark.picture
        if mark.status.in_set:
            self._write_label(mark)
            if not image.exists():
                _copy(picture, image, mark)
        else:
            self._take_out(mark)
        self._marks[mark.stem] = mark

    def _forget(self, mark: Mark, before: Mark | None) -> None:
        """What is not in the manifest was not saved, and may be tried again."""
        if before is None:
            del self._marks[mark.stem]
        else:
            self._marks[mark.stem] = before

    def _write_label(self, mark: Mark) -> None:
        write_whole(self._label(mark.stem), label_text(mark.boxes, self.names))

    def _take_out(self, mark: Mark) -> None:
        (self.folder / "images" / mark.picture).unlink(missing_ok=True)
        self._label(mark.stem).unlink(missing_ok=True)

    def _label(self, stem: str) -> Path:
        return self.folder / "labels" / f"{stem}.txt"

    def _write_down(self) -> None:
        write_manifest(self.folder, self.names, self.marks, self._zone, self._held_out)

    def _make_folders(self) -> None:
        self.folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for name in ("images", "labels"):
            (self.folder / name).mkdir(mode=PRIVATE, exist_ok=True)

    def _make_true(self) -> None:
        """After a crash the manifest holds: what it does not know was never said to be saved."""
        kept = {mark.stem for mark in self.marks if mark.status.in_set}
        for folder in ("images", "labels"):
            for path in sorted((self.folder / folder).iterdir()):
                if path.stem not in kept and (_OURS.fullmatch(path.stem) or _is_draft(path)):
                    path.unlink()
        for mark in self.marks:
            self._check(mark)
            if mark.status.in_set:
                if not (self.folder / "images" / mark.picture).exists():
                    raise ConfigurationError(
                        f"{self.folder}: expected images/{mark.picture}, which {MANIFEST_FILE} "
                        "names; put it back, or take its row out"
                    )
                self._write_label_if_other(mark)

    def _check(self, mark: Mark) -> None:
        try:
            check_mark(mark.status, mark.boxes, self.names)
        except MarkRefused as error:
            where = self.folder / MANIFEST_FILE
            raise ConfigurationError(f"{where}: {mark.stem}: {error}") from error

    def _write_label_if_other(self, mark: Mark) -> None:
        path, text = self._label(mark.stem), label_text(mark.boxes, self.names)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text)


def joined_names(known: Sequence[str], wanted: Sequence[str], folder: Path) -> tuple[str, ...]:
    """The class names of a set that has `known` ones when `wanted` ones are asked for. Raises
    ConfigurationError for others in their place, or none at all."""
    if wanted and tuple(wanted[: len(known)]) != tuple(known):
        raise ConfigurationError(
            f"--names: expected {','.join(known)} first, as {folder} has them, "
            f"got {','.join(wanted)}: class ids that are given stay what they are"
        )
    names = tuple(wanted or known)
    if not names:
        raise ConfigurationError(
            "--names: expected class names such as stall,cart,umbrella: no confirmed case tells any"
        )
    if len(set(names)) != len(names) or not all(names):
        raise ConfigurationError(f"--names: expected each class once, got {','.join(names)}")
    return names


def _others(folder: Path) -> str:
    """Something that lies in a folder already; empty if nothing does."""
    return next((path.name for path in sorted(folder.iterdir())), "") if folder.is_dir() else ""


def _is_draft(path: Path) -> bool:
    return path.name.startswith(".draft-")


def _copy(picture: Path, image: Path, mark: Mark) -> None:
    with draft_in(image.parent, image.suffix) as draft:
        if (sha256 := copy_hashed(picture, draft)) != mark.sha256:
            raise EvidenceTampered(
                f"evidence={mark.evidence_id}: sealed with sha256 {mark.sha256}, has {sha256}"
            )
        settle(draft, image)


def _mark(candidate: Candidate, wish: Wish, by: str, at: datetime, *, checked: bool) -> Mark:
    found, shot = candidate.incident, candidate.snapshot
    return Mark(
        stem=candidate.stem,
        case_no=candidate.case_no,
        incident_id=found.id,
        evidence_id=shot.id,
        camera_id=found.camera_id,
        kind=found.kind,
        rule_id=found.rule_id,
        captured_at=candidate.captured_at,
        verdict=candidate.verdict,
        verdict_reason=candidate.reason,
        judged_by=candidate.judged_by,
        judged_at=candidate.judged_at,
        picture=f"{candidate.stem}{Path(shot.path).suffix}",
        sha256=shot.sha256,
        status=wish.status,
        boxes=wish.boxes,
        labelled_by=by,
        labelled_at=at,
        checked=checked,
        revision=wish.revision + 1,
    )
