"""A training run: prepare, rebuild, train, export. Each step keeps what it finished."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelError
from lab.footage.labelled import read_folder
from lab.training.export import export
from lab.training.hardships import hardened
from lab.training.places import places_of
from lab.training.recipe import Recipe
from lab.training.sets import Progress, listed, prepare
from lab.training.start import coco_labels, loaded, rebuild, rebuild_exported
from models.catalogue.extras import has_extra, how_to_install
from models.catalogue.files import draft_for
from models.letterbox import Image

CALIBRATION_PICTURES = 48


def train(
    recipe: Recipe,
    data_root: Path,
    work: Path,
    progress: Progress,
    *,
    leave_out: Sequence[str] = (),
    go_on_from: Path | None = None,
) -> Path:
    """Carry a recipe out below `work`; returns the ONNX file.

    Sets that are left out (their folders) are prepared but not learned: what is measured on them
    is new to the network. `go_on_from` is what to start from instead of the start model: another
    run's checkpoint, or an ONNX file that a recipe with the same labels exported.

    Called again after an interruption, it goes on from the last whole epoch; of a changed recipe
    it trains anew. Raises ConfigurationError for data, ModelError for models that cannot be used
    and without the extra [train].
    """
    if not has_extra("train"):
        raise ModelError(f"training needs the extra [train]; {how_to_install('train')}")
    work = work.absolute()  # ultralytics puts what is relative below a folder of its own
    places = places_of(recipe, data_root, work, leave_out=leave_out, go_on_from=go_on_from)
    data = listed(prepare(recipe, data_root, work / "data", progress), recipe, leave_out)
    if recipe.train.distill:
        _call_teacher(recipe, data_root)
    if not places.start.is_file():
        _write_start(places.start, recipe, data_root, data)
    if go_on_from is not None and go_on_from.suffix == ".onnx":
        go_on_from = _write_exported(go_on_from, recipe, data, places.go_on)
    if not places.last.is_file():
        _fit(go_on_from or places.start, recipe, data, places.run, resume=False)
    elif _unfinished(places.last):
        _fit(places.last, recipe, data, places.run, resume=True)
    return export(places.last, places.start, recipe, places.target, went_on_from=go_on_from)


def _write_start(target: Path, recipe: Recipe, data_root: Path, data: Path) -> None:
    """The rebuilt start model as a checkpoint of ultralytics."""
    pictures = _calibration_pictures(recipe, data)
    file = data_root / recipe.start
    _save(rebuild(file, recipe.labels, pictures, light=recipe.light_boxes), target)


def _write_exported(file: Path, recipe: Recipe, data: Path, target: Path) -> Path:
    """A finished detector as a checkpoint of ultralytics, to be trained on."""
    if not target.is_file():
        _save(rebuild_exported(file, recipe.labels, _calibration_pictures(recipe, data)), target)
    return target


def _calibration_pictures(recipe: Recipe, data: Path) -> list[Image]:
    labelled = read_folder(data.parent / "train", recipe.labels)
    some = labelled[:: max(1, len(labelled) // CALIBRATION_PICTURES)]
    return [picture.read() for picture in some[:CALIBRATION_PICTURES]]


def _save(network: Any, target: Path) -> None:
    import torch

    network.args = {"task": "detect"}
    with draft_for(target) as draft:
        torch.save({"model": network, "ema": None, "train_args": {}, "epoch": -1}, draft)


def _call_teacher(recipe: Recipe, data_root: Path) -> None:
    from lab.training.network import StudentNetwork, Teacher

    network = loaded(data_root / recipe.start)
    StudentNetwork.teacher = Teacher(
        network, coco_labels(), recipe.labels, score_gain=recipe.train.score_gain
    )


def _unfinished(checkpoint: Path) -> bool:
    """Whether a training was interrupted: a finished one has no epoch to go on from."""
    import torch

    return bool(torch.load(checkpoint, weights_only=False)["epoch"] >= 0)


def _fit(start: Path, recipe: Recipe, data: Path, run: Path, *, resume: bool) -> None:
    """Train from a checkpoint; curves, metrics and checkpoints go to `run`."""
    settings = recipe.train
    options: dict[str, Any] = {
        **settings.model_dump(exclude={"hours", "distill", "score_gain", "hardship"}),
        "model": str(start),
        "data": str(data),
        "time": settings.hours,
        "nbs": settings.batch,  # a step for every batch
        "optimizer": "AdamW",
        "warmup_bias_lr": 0.0,  # the start model's biases are right already
        "project": str(run.parent),
        "name": run.name,
        "exist_ok": True,
        "resume": str(start) if resume else False,
        "val": False,  # at the end only; the last checkpoint is taken, so nothing is chosen by it
        "device": "cpu",
        "amp": False,  # on a CPU the network itself asks for it
    }
    trainer = _trainer_class(settings.hardship, settings.seed)(overrides=options)
    trainer.args.workers = 1  # ultralytics sets 0 on a CPU: one core would wait for pictures
    trainer.add_callback("on_train_start", _use_the_machine)
    trainer.train()


def _use_the_machine(trainer: Any) -> None:
    """Ultralytics leaves one core idle on purpose: half of a machine with two."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    trainer.model.to(memory_format=torch.channels_last)


def _trainer_class(hardship: float, seed: int) -> Any:
    """`hardship`: this share of the pictures is made worse before they are learned."""
    import torch
    from ultralytics.models.yolo.detect import DetectionTrainer

    random = np.random.default_rng(seed)

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        """Takes the network as it is: built anew for few classes its class branches would be
        narrower than the start model's, and their weights would be lost."""

        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
            return weights

        def preprocess_batch(self, batch: Any) -> Any:
            for picture in batch["img"]:  # (3, h, w) uint8, each a view
                if random.random() < hardship:
                    worse = hardened(picture.permute(1, 2, 0).contiguous().numpy(), random)
                    picture.copy_(torch.from_numpy(worse).permute(2, 0, 1))
            return super().preprocess_batch(batch)

    return Trainer
