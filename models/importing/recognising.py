"""Which head a new model has: from its shapes, from its exporter's words, and from its values."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from domain.errors import ModelShapeError
from models.catalogue.entry import HeadKind, ModelEntry
from models.catalogue.metadata import ExportMetadata
from models.detections import Floats
from models.heads.families import HEADS, head_for
from models.importing.plausible import Verdict, judge
from models.importing.trial import Trial
from models.importing.trial_pictures import trial_canvases
from models.letterbox import Image, as_planes
from models.network import check_output, numbers
from models.sessions.graph import Shape
from models.sessions.ports import words

HEADS_UNTOLD: HeadKind = "yolov8"
"""Stands in an entry until its head is known; it reads its input as all of ultralytics' do."""
MAX_END_TO_END_ROWS = 1000
"""Networks that need no suppression give 100 to 900 rows; those that do, a row a cell or more."""
NAMED_ONLY = frozenset({"yolox"})
"""Heads that take another form of input: what they see in ours says nothing."""


def as_it_sees(
    trial: Trial, entry: ModelEntry, source: Path, pictures: Sequence[Image]
) -> ModelEntry:
    """The entry, with what the values say of its boxes. Raises ModelShapeError if they are not its
    head's, ModelCorrupt if they are no numbers."""
    outputs = _outputs(trial, entry, source, pictures)
    head = head_for(entry.head, entry.input_wh, entry.labels)
    check_output(outputs[:1], entry, head, str(source))
    verdict = judge(entry.head, outputs, entry.input_wh, len(entry.labels))
    if verdict.doubt:
        raise ModelShapeError(
            f"{source}: head {entry.head} ({head.layout}) does not fit: {verdict.doubt}; "
            f"is it one of {', '.join(HEADS)}?"
        )
    return entry.model_copy(update={"boxes": verdict.boxes})


def told_by_values(
    trial: Trial,
    entry: ModelEntry,
    said: ExportMetadata,
    source: Path,
    pictures: Sequence[Image],
) -> ModelEntry:
    """The entry with the one head that shapes, values and the exporter's words agree on.

    Raises ModelShapeError if there is none, or more than one; nothing is concluded from a shape.
    """
    outputs = _outputs(trial, entry, source, pictures)
    verdicts = {
        kind: judge(kind, outputs, entry.input_wh, len(entry.labels))
        for kind in _of_shape(outputs.shape, entry)
        if trial.metadata
    }
    fitting = {kind: verdict for kind, verdict in verdicts.items() if not verdict.doubt}
    if said.hint in fitting:
        fitting = {said.hint: fitting[said.hint]}
    elif any(verdict.proven for verdict in fitting.values()):
        fitting = {kind: verdict for kind, verdict in fitting.items() if verdict.proven}
    else:
        fitting = {}
    if len(fitting) != 1:
        raise ModelShapeError(_untold(source, outputs.shape, entry, verdicts, tuple(fitting)))
    ((kind, verdict),) = fitting.items()
    return entry.model_copy(update={"head": kind, "boxes": verdict.boxes})


def _outputs(trial: Trial, entry: ModelEntry, source: Path, pictures: Sequence[Image]) -> Floats:
    """The outputs of all trial pictures, the black one first, (n, …) float32."""
    form = head_for(entry.head, entry.input_wh, entry.labels).form
    canvases = trial_canvases(entry.input_wh, pictures)
    outputs = [trial.run(as_planes(canvas[None], form)) for canvas in canvases]
    numbers(outputs[0], str(source))
    if len({output.shape for output in outputs}) != 1:
        shapes = ", ".join(words(output.shape) for output in outputs)
        raise ModelShapeError(
            f"{source}: expected outputs of one shape, got {shapes} for pictures of one size; "
            "export it without suppression, or with a fixed number of rows"
        )
    return np.concatenate([np.nan_to_num(output) for output in outputs])


def _of_shape(shape: Shape, entry: ModelEntry) -> list[HeadKind]:
    """The heads whose output may have this shape (batch, …)."""
    return [
        kind
        for kind in HEADS
        if kind not in NAMED_ONLY
        and _fits(shape[1:], head_for(kind, entry.input_wh, entry.labels).output_shape)
    ]


def _fits(came: Shape, wanted: Shape) -> bool:
    if len(came) != len(wanted):
        return False
    return all(
        (size or 0) <= MAX_END_TO_END_ROWS if want is None else size == want
        for size, want in zip(came, wanted, strict=True)
    )


def _untold(
    source: Path,
    shape: Shape,
    entry: ModelEntry,
    verdicts: dict[HeadKind, Verdict],
    fitting: tuple[HeadKind, ...],
) -> str:
    why = "; ".join(f"not {kind}: {one.doubt}" for kind, one in verdicts.items() if one.doubt)
    unproven = [kind for kind, one in verdicts.items() if not one.doubt and not one.proven]
    if fitting:
        why = f"it may be {' or '.join(fitting)}" + (f" ({why})" if why else "")
    elif unproven:
        why = f"it found nothing in the trial pictures, so nothing proves {' or '.join(unproven)}"
    if shape[1:] and shape[-1] == 7 and len(shape) == 2:
        why = "rows of seven columns are YOLOv7's own suppression; export it without (no --end2end)"
    return (
        f"{source}: cannot tell the head from an output of shape {words((1, *shape[1:]))} with "
        f"{len(entry.labels)} classes" + (f": {why}" if why else "") + "; "
        f"give --head {', '.join(HEADS)}"
    )
