"""Heads of networks that need no suppression: each thing is one row already."""

import numpy as np

from domain.errors import ModelShapeError
from models.detections import Floats, Ints
from models.heads.candidates import Candidates, corners, named
from models.heads.input_forms import ULTRALYTICS_INPUT
from models.letterbox import SizeWH
from models.sessions.graph import Shape


class Yolo26Head:
    """End-to-end networks (YOLO26, or any export with its own NMS): (rows, 6) float32; columns are
    x1 y1 x2 y2 in input pixels, score, class."""

    form = ULTRALYTICS_INPUT
    needs_nms = False
    layout = "rows, 6"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (None, 6)
        self._classes = classes

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        rows = output[output[:, 4] >= floor]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")]
        class_ids = rows[:, 5].astype(np.int64)
        # The shape of the output does not tell the number of classes, so only a box can.
        if class_ids.size and class_ids.max() >= self._classes:
            raise ModelShapeError(
                f"expected class ids below {self._classes}, as there are labels, "
                f"got {class_ids.max()}; import the model again with all its labels"
            )
        kept = (
            np.arange(len(rows)) if wanted is None else np.flatnonzero(np.isin(class_ids, wanted))
        )
        return Candidates(rows[:, :4], rows[:, 4], class_ids)[kept]


class RtDetrHead:
    """RT-DETR as ultralytics exports it: (queries, 4 + classes) float32; columns are cx cy w h in
    0-1 of the input, one score per class.

    Ultralytics stretches a picture to the input; here it keeps its shape and is padded, as for all
    other networks. What that costs was not measured.
    """

    form = ULTRALYTICS_INPUT
    needs_nms = False
    layout = "queries, 4 + classes"

    def __init__(self, input_wh: SizeWH, classes: int) -> None:
        self.output_shape: Shape = (None, 4 + classes)
        self._scale = np.array(input_wh * 2, np.float32)

    def decode(self, output: Floats, floor: float, wanted: Ints | None = None) -> Candidates:
        classes = output[:, 4:] if wanted is None else output[:, 4 + wanted]
        scores = classes.max(axis=1)
        rows = np.flatnonzero(scores >= floor)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        class_ids = named(classes[rows].argmax(axis=1), wanted)
        return Candidates(corners(output[rows, :4]) * self._scale, scores[rows], class_ids)
