"""The detector: pictures in, detections out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from domain.errors import ConfigurationError
from domain.incident import ModelRef
from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry
from models.detections import Detections, Floats, Ints
from models.detector_settings import DetectorSettings
from models.heads.nms import suppress
from models.letterbox import Image, Letterbox, SizeWH
from models.network import Network
from models.sessions.graph import ChosenBy, RunsOn


class Detects(Protocol):
    """Whatever can look at pictures: a Detector, or a recorded one in its place."""

    @property
    def ref(self) -> ModelRef: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    def fit_wh(self, size_wh: SizeWH) -> SizeWH: ...
    def detect(self, images: Sequence[Image]) -> list[Detections]: ...


class Detector:
    """One model, ready to look. Safe to use from several threads."""

    def __init__(
        self,
        entry: ModelEntry,
        network: Network,
        settings: DetectorSettings,
        runs_on: RunsOn | None = None,
    ) -> None:
        self.runs_on = runs_on or network.runs_on
        """What really computes, which need not be what the settings asked for, and why it does."""
        self._entry = entry
        self._network = network
        self._settings = settings
        self._wanted = _class_ids(entry, settings.labels)

    @classmethod
    def open(
        cls,
        catalog: Catalog,
        settings: DetectorSettings,
        *,
        chosen_by: ChosenBy = "default",
        why: str = "",
    ) -> "Detector":
        """Open the model that the settings name; how they came to say what computes, and why that
        is not what it should be, is told on by `runs_on`.

        Raises ModelMissing, ModelCorrupt, ModelShapeError, or ConfigurationError for a label that
        the model does not know.
        """
        entry = catalog.get(settings.model)
        path = catalog.path(settings.model)
        network = Network.open(entry, path, settings)
        on = network.runs_on
        whys = "; ".join(filter(None, (on.why, why)))
        told = on.model_copy(update={"chosen_by": chosen_by, "why": whys})
        return cls(entry, network, settings, told)

    @property
    def ref(self) -> ModelRef:
        return self._entry.ref

    @property
    def labels(self) -> tuple[str, ...]:
        return self._entry.labels

    @property
    def input_wh(self) -> SizeWH:
        """The size of the network's own picture, padding included."""
        return self._entry.input_wh

    @property
    def at_once(self) -> int:
        """How many pictures `detect` had best be given together: where it gains nothing by more,
        one, so that what is seen in it is told at once."""
        return self._settings.max_batch if self._network.gains_by_batches else 1

    def fit_wh(self, size_wh: SizeWH) -> SizeWH:
        """The size a picture should be scaled to, so that here it only needs its padding."""
        return self._network.place(size_wh).inner_wh

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Look at pictures (h, w, 3) uint8 BGR of any sizes; boxes come back in frame units."""
        found: list[Detections] = []
        for start in range(0, len(images), self._settings.max_batch):
            canvases, places = self.prepare(images[start : start + self._settings.max_batch])
            outputs = self.run(canvases)
            found += [self.decode(*pair) for pair in zip(outputs, places, strict=True)]
        return found

    def prepare(self, images: Sequence[Image]) -> tuple[list[Image], list[Letterbox]]:
        """First stage: pictures (h, w, 3) of the network's size, and where each lies in its."""
        places: list[Letterbox] = []
        canvases: list[Image] = []
        for image in images:
            _check(image)
            place = self._network.place((image.shape[1], image.shape[0]))
            places.append(place)
            canvases.append(place.drawn(image))
        return canvases, places

    def run(self, canvases: Sequence[Image]) -> list[Floats]:
        """Second stage: the network's output of each picture, float32."""
        return self._network.run(canvases)

    def decode(self, output: Floats, place: Letterbox) -> Detections:
        """Third stage: the boxes of one picture, suppressed, clipped to the frame."""
        settings, head = self._settings, self._network.head_of(place.input_wh)
        found = head.decode(output, settings.confidence, self._wanted)
        if head.needs_nms:
            columns = found.xyxy, found.scores, found.class_ids
            found = found[suppress(*columns, iou=settings.iou, limit=settings.max_boxes)]
        xyxy = np.clip(place.to_frame(found.xyxy), 0, 1)
        found_in_frame = (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
        detections = Detections(xyxy, found.scores, found.class_ids, self.labels)
        return detections[found_in_frame][: settings.max_boxes]


def _class_ids(entry: ModelEntry, labels: Sequence[str]) -> Ints | None:
    """The class ids of the labels asked for; None for all."""
    unknown = [label for label in labels if label not in entry.labels]
    if unknown:
        raise ConfigurationError(
            f"detector.labels: model {entry.name} knows no {', '.join(unknown)}; "
            f"expected some of: {', '.join(entry.labels)}"
        )
    return np.array([entry.labels.index(label) for label in labels], np.int64) if labels else None


def _check(image: Image) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ValueError(
            f"expected a picture of shape (h, w, 3), uint8, got {image.shape}, {image.dtype}"
        )
