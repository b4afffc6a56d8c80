"""A training run: prepare, rebuild, train, export. Each step keeps what it finished."""

import os
from pathlib import Path
from typing import Any

from models.labelled import read_folder
from models.training.export import export
from models.training.recipe import Recipe
from models.training.sets import Progress, prepare
from models.training.start import rebuild

CALIBRATION_PICTURES = 48


def train(recipe: Recipe, data_root: Path, work: Path, progress: Progress) -> Path:
    """Carry a recipe out below `work`; returns the ONNX file.

    Called again after an interruption, it goes on from the last whole epoch. Raises
    ConfigurationError for data, ModelError for models that cannot be used.
    """
    data = prepare(recipe, data_root, work / "data", progress)
    last = work / "run" / "weights" / "last.pt"
    if not last.is_file():
        _fit(_start(recipe, data_root, data, work), recipe, data, work, resume=False)
    elif _unfinished(last):
        _fit(last, recipe, data, work, resume=True)
    return export(last, recipe, work / f"{recipe.name}.onnx")


def _start(recipe: Recipe, data_root: Path, data: Path, work: Path) -> Path:
    """The rebuilt start model as a checkpoint of ultralytics."""
    import torch

    labelled = read_folder(data.parent / "train", recipe.labels)
    some = labelled[:: max(1, len(labelled) // CALIBRATION_PICTURES)]
    network = rebuild(
        data_root / recipe.start, recipe.labels, [p.read() for p in some[:CALIBRATION_PICTURES]]
    )
    network.args = {"task": "detect"}
    torch.save({"model": network, "ema": None, "train_args": {}, "epoch": -1}, work / "start.pt")
    return work / "start.pt"


def _unfinished(checkpoint: Path) -> bool:
    """Whether a training was interrupted: a finished one has no epoch to go on from."""
    import torch

    return bool(torch.load(checkpoint, weights_only=False)["epoch"] >= 0)


def _fit(start: Path, recipe: Recipe, data: Path, work: Path, *, resume: bool) -> None:
    """Train from a checkpoint; curves, metrics and checkpoints go to `work`/run."""
    settings = recipe.train
    options: dict[str, Any] = {
        **settings.model_dump(exclude={"hours"}),
        "model": str(start),
        "data": str(data),
        "time": settings.hours,
        "nbs": settings.batch,  # a step for every batch
        "optimizer": "AdamW",
        "warmup_bias_lr": 0.0,  # the start model's biases are right already
        "project": str(work),
        "name": "run",
        "exist_ok": True,
        "resume": str(start) if resume else False,
        "val": False,  # at the end only; the last checkpoint is taken, so nothing is chosen by it
        "device": "cpu",
        "workers": 1,
    }
    trainer = _trainer_class()(overrides=options)
    trainer.add_callback("on_train_start", _use_all_cores)
    trainer.train()


def _use_all_cores(_trainer: Any) -> None:
    """Ultralytics leaves one core idle on purpose: half of a machine with two."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)


def _trainer_class() -> Any:
    from ultralytics.models.yolo.detect import DetectionTrainer

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        """Takes the network as it is: built anew for few classes its class branches would be
        narrower than the start model's, and their weights would be lost."""

        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
            return weights

    return Trainer
