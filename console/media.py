"""A case's pictures and clip as the pages show them: ready, on the way, or missing and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.services import Services
from console.thumbnails import picture_wh
from console.times import Times
from console.words import say
from domain.base import Language
from domain.case import Case
from domain.errors import EvidenceError
from domain.evidence import Evidence, EvidenceKind, MissingEvidence
from domain.incident import Incident
from domain.labels import label_words

OVERLAY_WIDTH = 1000
"""Width of the overlay's own units; its height follows the picture's shape."""
_TEXT_ABOVE = 6
_TEXT_ROOM = 24


@dataclass(frozen=True)
class Item:
    """One piece of evidence. Exactly one of `ready`, `missing` and pending (neither) holds."""

    kind: EvidenceKind
    id: str = ""
    evidence: Evidence | None = None
    words: str = ""
    missing: bool = False
    expected_at: datetime | None = None
    neighbour: str = ""
    """The name of the camera that it is of, where that is not the case's own."""

    @property
    def ready(self) -> bool:
        return self.evidence is not None

    @property
    def href(self) -> str:
        return f"/api/evidence/{self.id}/file"

    @property
    def size(self) -> str:
        """Bytes in words: 21.4 kB."""
        size = float(self.evidence.size_bytes if self.evidence else 0)
        for unit in ("B", "kB", "MB"):
            if size < 1000:
                return f"{size:.3g} {unit}"
            size /= 1000
        return f"{size:.3g} GB"


@dataclass(frozen=True)
class Clip:
    """The clip, and what a browser is given to play: a transcoded preview when there is one."""

    item: Item
    shown: Item

    @property
    def ready(self) -> bool:
        return self.shown.ready

    @property
    def missing(self) -> bool:
        return self.item.missing

    @property
    def words(self) -> str:
        return self.item.words

    @property
    def expected_at(self) -> datetime | None:
        return self.item.expected_at

    @property
    def preview(self) -> bool:
        return self.shown.kind is EvidenceKind.CLIP_PREVIEW

    @property
    def evidence(self) -> Evidence | None:
        return self.shown.evidence

    @property
    def href(self) -> str:
        return self.shown.href

    @property
    def seconds(self) -> float:
        sealed = self.shown.evidence
        return (sealed.captured_to - sealed.captured_from).total_seconds() if sealed else 0.0


@dataclass(frozen=True)
class DrawnBox:
    """A box in overlay units, with its label."""

    x: float
    y: float
    width: float
    height: float
    words: str

    @property
    def text_y(self) -> float:
        """The label stands above its box, or inside where there is no room."""
        return self.y - _TEXT_ABOVE if self.y > _TEXT_ROOM else self.y + _TEXT_ROOM - _TEXT_ABOVE


@dataclass(frozen=True)
class Overlay:
    """What is drawn over the clean snapshot: boxes and zone, `height` units high."""

    height: int
    zone: str
    boxes: tuple[DrawnBox, ...]


@dataclass(frozen=True)
class Timeline:
    """Moments on the clip's time line, in thousandths of its length."""

    seen: int
    opened: int


@dataclass(frozen=True)
class Media:
    """All of a case's evidence, sorted by what it is for."""

    picture: Item
    boxed: Item
    clip: Clip | None
    """None of a case that no camera found: none is on its way either."""
    items: tuple[Item, ...]
    overlay: Overlay | None
    timeline: Timeline | None

    @property
    def boxed_over(self) -> bool:
        """Boxes can only be shown as they were sealed, by the picture that carries them."""
        return self.overlay is None and self.picture.ready and self.boxed.ready


def media_of(
    services: Services,
    times: Times,
    case: Case,
    sealed: Sequence[Evidence | MissingEvidence],
    opening: Incident | None,
) -> Media:
    """What is there for `case`, with words for what is not. `opening` is its incident, if a camera
    found it: only then is a snapshot or a clip to be expected."""
    items = tuple(_item(services, times, case, piece) for piece in sealed)
    if opening is None:
        return _handed_in(items, times.language)
    picture = _first(items, EvidenceKind.SNAPSHOT) or _waiting(
        services, times, case, EvidenceKind.SNAPSHOT
    )
    clip = _first(items, EvidenceKind.CLIP) or _waiting(services, times, case, EvidenceKind.CLIP)
    preview = _first(items, EvidenceKind.CLIP_PREVIEW)
    shown = preview if preview and preview.ready else clip
    return Media(
        picture=picture,
        boxed=_first(items, EvidenceKind.SNAPSHOT_BOXED) or Item(EvidenceKind.SNAPSHOT_BOXED),
        clip=Clip(clip, shown),
        items=items,
        overlay=_overlay(services, picture, opening, times.language),
        timeline=_timeline(shown, case),
    )


def _handed_in(items: tuple[Item, ...], language: Language) -> Media:
    """What people handed in for a case that no camera found."""
    photo = _first(items, EvidenceKind.PHOTO)
    none = Item(EvidenceKind.PHOTO, words=say("picture.none", language), missing=True)
    boxed = Item(EvidenceKind.SNAPSHOT_BOXED)
    return Media(photo or none, boxed, clip=None, items=items, overlay=None, timeline=None)


def _first(items: Sequence[Item], kind: EvidenceKind) -> Item | None:
    """The first of a kind that is there, else the first that is missing."""
    found = [item for item in items if item.kind is kind]
    return next((item for item in found if item.ready), found[0] if found else None)


def _item(services: Services, times: Times, case: Case, piece: Evidence | MissingEvidence) -> Item:
    item = _piece(services, times, piece)
    if piece.camera_id is None or piece.camera_id == case.camera_id:
        return item
    info = services.registry.cameras().get(piece.camera_id)
    return replace(item, neighbour=info.name.to(times.language) if info else piece.camera_id)


def _piece(services: Services, times: Times, piece: Evidence | MissingEvidence) -> Item:
    kind = piece.kind.words.to(times.language)
    if isinstance(piece, MissingEvidence):
        reason, at = piece.reason.words.to(times.language), times.short(piece.at)
        words = say("missing", times.language, kind=kind, reason=reason, at=at)
        return Item(piece.kind, piece.id, words=words, missing=True)
    try:
        services.store.path(piece)
    except EvidenceError:
        words = say("lost", times.language, kind=kind)
        return Item(piece.kind, piece.id, words=words, missing=True)
    return Item(piece.kind, piece.id, piece)


def _waiting(services: Services, times: Times, case: Case, kind: EvidenceKind) -> Item:
    """Evidence nobody has heard of: on its way for a while, then said to be missing."""
    settings, name = services.settings, "clip" if kind is EvidenceKind.CLIP else "picture"
    age_s = (times.now - case.opened_at).total_seconds()
    if age_s > settings.clip_wait_s:
        return Item(kind, words=say(f"{name}.never", times.language), missing=True)
    if name == "picture":
        return Item(kind, words=say("picture.pending", times.language))
    left_s = settings.clip_expected_s - age_s
    key = "clip.pending" if left_s >= 1 else "clip.soon"
    words = say(key, times.language, n=max(round(left_s), 0))
    expected_at = case.opened_at + timedelta(seconds=settings.clip_expected_s)
    return Item(kind, words=words, expected_at=expected_at)


def _overlay(
    services: Services, picture: Item, opening: Incident, language: Language
) -> Overlay | None:
    """The opening look's boxes, if they are of this very picture."""
    if picture.evidence is None or picture.evidence.captured_from != opening.last_seen_at:
        return None
    size_wh = picture_wh(services.store.path(picture.evidence))
    if size_wh is None:
        return None
    width, height = OVERLAY_WIDTH, round(OVERLAY_WIDTH * size_wh[1] / size_wh[0])
    zone = " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in opening.zone)
    boxes = tuple(
        DrawnBox(
            x=round(found.box.x1 * width, 1),
            y=round(found.box.y1 * height, 1),
            width=round((found.box.x2 - found.box.x1) * width, 1),
            height=round((found.box.y2 - found.box.y1) * height, 1),
            words=f"{label_words(found.label).to(language)} {found.score:.2f}",
        )
        for found in opening.boxes
    )
    return Overlay(height, zone, boxes)


def _timeline(shown: Item, case: Case) -> Timeline | None:
    if shown.evidence is None:
        return None
    start = shown.evidence.captured_from
    length_s = max((shown.evidence.captured_to - start).total_seconds(), 0.001)

    def place(at: datetime) -> int:
        return round(min(max((at - start).total_seconds() / length_s, 0.0), 1.0) * 1000)

    return Timeline(place(case.first_seen_at), place(case.opened_at))
