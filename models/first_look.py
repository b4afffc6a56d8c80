"""The first look 粗看: a small network that tells whether fire or smoke may be in a picture.

It costs a quarter of the detector and knows no boxes: a heat map, one probability for each class
at every 16th pixel of its input. It never decides anything: what it suspects the detector looks at
in full within the same look; what it does not suspect the detector need not see for fire's sake.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from domain.errors import ModelCorrupt, ModelShapeError
from domain.incident import ModelRef
from models.catalogue.files import sha256_of
from models.detections import Heat
from models.letterbox import Image, InputForm, Letterbox, SizeWH
from models.sessions.graph import RunsOn
from models.sessions.ports import words
from models.sessions.session import Session

TASK = "first-look"
FORM = InputForm(centred=True, rgb=True, scale=1 / 255)
STRIDE = 16
"""A place of the heat map is so many pixels of the input wide and high."""
CARRIED = Path(__file__).parent / "weights" / "patrol-p.onnx"
"""The one that comes with the product …"""
CARRIED_SHA256 = "81f89d55750e5726f9414abdf645755ef1cfc3ca6e3c9a7e596b73a25813cb72"
"""… and what it is checked against."""


@dataclass(frozen=True, slots=True)
class FirstLookFacts:
    """What the file says of itself."""

    labels: tuple[str, ...]
    input_wh: SizeWH

    def written(self, licence: str) -> dict[str, str]:
        """As ONNX metadata that `read` understands."""
        return {
            "task": TASK,
            "names": str(dict(enumerate(self.labels))),
            "imgsz": str([*reversed(self.input_wh)]),
            "license": licence,
        }

    @classmethod
    def read(cls, metadata: Mapping[str, str], where: str) -> "FirstLookFacts":
        """Raises ModelShapeError for a file that is no first look."""
        if metadata.get("task") != TASK:
            came = metadata.get("task", "no task")
            raise ModelShapeError(f"{where}: expected a first look (task {TASK}), got {came}")
        try:
            names: dict[int, str] = ast.literal_eval(metadata["names"])
            height, width = ast.literal_eval(metadata["imgsz"])
            return cls(tuple(str(names[i]) for i in range(len(names))), (int(width), int(height)))
        except (KeyError, ValueError, SyntaxError, TypeError, AttributeError) as error:
            raise ModelShapeError(
                f"{where}: expected names {{0: …}} and imgsz [height, width], got {error}"
            ) from error


class FirstLook:
    """An opened first look. Safe to use from several threads."""

    def __init__(self, session: Session, facts: FirstLookFacts, ref: ModelRef) -> None:
        self._session = session
        self._facts = facts
        self.ref = ref

    @classmethod
    def open(cls, path: Path = CARRIED) -> "FirstLook":
        """Open the file on the processor, one thread: as many looks at once as there are cores
        cost less than one on all of them.

        Raises ModelMissing, ModelCorrupt, ModelShapeError.
        """
        session = Session.open(path)
        facts = FirstLookFacts.read(session.metadata, str(path))
        ref = ModelRef(name=path.stem, sha256=sha256_of(path))
        if path == CARRIED and ref.sha256 != CARRIED_SHA256:
            raise ModelCorrupt(
                f"{path}: expected sha256 {CARRIED_SHA256}, got {ref.sha256}; "
                "it is not the file that came with the product"
            )
        opened = cls(session, facts, ref)
        width, height = facts.input_wh
        said = session.run(np.zeros((1, 3, height, width), np.float32))
        expected = (1, len(facts.labels), height // STRIDE, width // STRIDE)
        if said.shape != expected:
            raise ModelShapeError(
                f"{path}: expected an output of shape {words(expected)}, got {words(said.shape)}"
            )
        return opened

    @property
    def labels(self) -> tuple[str, ...]:
        return self._facts.labels

    @property
    def runs_on(self) -> RunsOn:
        return self._session.runs_on

    def look(self, image: Image) -> Heat:
        """Look at a picture (h, w, 3) uint8 BGR of any size."""
        size_wh = image.shape[1], image.shape[0]
        place = Letterbox.fit(size_wh, self._facts.input_wh, centred=FORM.centred)
        (places,) = self._session.run(place.planes(image, FORM))
        return Heat(self.labels, places.max(axis=(1, 2)), places)
