"""Scored pictures in COCO's JSON form, so that other programs can check our numbers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.scores.average_precision import ScoredPicture
from models.catalogue.files import write_whole
from models.detections import Floats

TRUTH_FILE = "truth.json"
DETECTIONS_FILE = "detections.json"


def export_coco(pictures: Sequence[ScoredPicture], names: Sequence[str], folder: Path) -> None:
    """Write truth.json (images, annotations, categories) and detections.json into `folder`.

    Ids count from 1; a category's id is its place among `names`.
    """
    truth: dict[str, Any] = {
        "images": [
            {"id": i, "file_name": p.file, "width": p.size_wh[0], "height": p.size_wh[1]}
            for i, p in enumerate(pictures, start=1)
        ],
        "annotations": _annotations(pictures),
        "categories": [{"id": i, "name": name} for i, name in enumerate(names, start=1)],
    }
    write_whole(folder / TRUTH_FILE, json.dumps(truth, ensure_ascii=False))
    write_whole(folder / DETECTIONS_FILE, json.dumps(_results(pictures)))


def _annotations(pictures: Sequence[ScoredPicture]) -> list[dict[str, Any]]:
    rows = [
        {
            "image_id": image_id,
            "category_id": int(class_id) + 1,
            "bbox": bbox,
            "area": bbox[2] * bbox[3],
            "iscrowd": 0,
        }
        for image_id, p in enumerate(pictures, start=1)
        for class_id, bbox in zip(p.truth.class_ids, _xywh(p.truth.xyxy, p.size_wh), strict=True)
    ]
    return [{"id": i, **row} for i, row in enumerate(rows, start=1)]


def _results(pictures: Sequence[ScoredPicture]) -> list[dict[str, Any]]:
    return [
        {
            "image_id": image_id,
            "category_id": int(class_id) + 1,
            "bbox": bbox,
            "score": float(score),
        }
        for image_id, p in enumerate(pictures, start=1)
        for class_id, score, bbox in zip(
            p.found.class_ids, p.found.scores, _xywh(p.found.xyxy, p.size_wh), strict=True
        )
    ]


def _xywh(xyxy: Floats, size_wh: tuple[int, int]) -> list[list[float]]:
    """Frame units (n, 4) to rows of left, top, width, height in pixels."""
    pixels = xyxy.astype(np.float64) * np.array(size_wh * 2)
    rows: list[list[float]] = np.hstack([pixels[:, :2], pixels[:, 2:] - pixels[:, :2]]).tolist()
    return rows
