"""Training the first look: some rounds over the prepared pictures, on a processor."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import Field

from domain.base import Settings
from domain.errors import ModelError
from lab.footage.labelled import LabelledPicture
from lab.training.first.pictures import pictures_in, shown
from models.catalogue.extras import has_extra, how_to_install
from models.catalogue.files import draft_for

Progress = Callable[[int, int, float], None]
"""Called with how many steps are done, of how many, and the mean loss of late."""

CHECKPOINT = "first-look.pt"
CALIBRATION = 48
"""Pictures that tell the statistics of the detector's layers."""
KEEP_EVERY = 200
"""Steps between checkpoints."""


class FirstLookRecipe(Settings):
    """How the first look is trained."""

    kind: Literal["first-look"] = "first-look"
    name: str = "patrol-p"
    labels: tuple[str, ...]
    """The classes of the prepared pictures."""
    input_wh: tuple[int, int] = (416, 256)
    batch: int = Field(default=32, ge=1)
    epochs: int = Field(default=3, ge=1)
    lr: float = Field(default=2e-3, gt=0)
    """Of what is new; a tenth of it of what the detector had learned."""
    weight_decay: float = Field(default=0.02, ge=0)
    hot_gain: float = Field(default=2.0, gt=0)
    """How much more a hot place weighs than a cold one: what is missed is worse than a needless
    look of the detector."""
    seed: int = 3
    without: tuple[str, ...] = ()
    """Beginnings of file names that are not learned, to be measured on."""


def train_first_look(
    recipe: FirstLookRecipe, detector: Path, prepared: Path, work: Path, progress: Progress
) -> Path:
    """Train on `prepared` (images/ and labels/) from the backbone of `detector`, an ONNX file that
    a recipe of the same labels exported; returns the ONNX file below `work`.

    Called again after an interruption, it goes on from the last checkpoint. Raises ModelError
    without the extra [train], ModelCorrupt for another detector, ConfigurationError for pictures
    that cannot be used.
    """
    if not has_extra("train"):
        raise ModelError(f"training needs the extra [train]; {how_to_install('train')}")
    import torch

    from lab.training.first.export import export_first_look
    from lab.training.first.network import FirstLookNetwork
    from lab.training.start import rebuild_exported

    work.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    torch.manual_seed(recipe.seed)
    pictures = [
        picture
        for picture in pictures_in(prepared, recipe.labels)
        if not picture.path.name.startswith(recipe.without or ("\0",))
    ]
    steps = recipe.epochs * (len(pictures) // recipe.batch)
    some = [picture.read() for picture in pictures[:: max(1, len(pictures) // CALIBRATION)]]
    whole = rebuild_exported(detector, recipe.labels, some[:CALIBRATION])
    network = FirstLookNetwork(whole.float()).to(memory_format=torch.channels_last)
    learner = _Learner(network, recipe, steps, work / CHECKPOINT)
    begun = learner.resume()
    late, since = 0.0, time.monotonic()
    for step, batch in enumerate(_batches(pictures, recipe, begun, steps), start=begun + 1):
        loss = learner.step(*batch)
        late = loss if not late else 0.98 * late + 0.02 * loss
        progress(step, steps, late)
        if step % KEEP_EVERY == 0:
            learner.keep(step)
    learner.keep(steps)
    facts = {
        "pictures": len(pictures), "steps": steps, "loss": round(late, 4),
        "seconds": round(time.monotonic() - since), "recipe": recipe.model_dump(mode="json"),
    }  # fmt: skip
    (work / "first-look.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return export_first_look(network, recipe.input_wh, work / f"{recipe.name}.onnx")


class _Learner:
    """The network and what teaches it."""

    def __init__(self, network: Any, recipe: FirstLookRecipe, steps: int, kept: Path) -> None:
        import torch

        self._torch, self._network, self._kept = torch, network, kept
        self._hot_gain = recipe.hot_gain
        rates = [recipe.lr, recipe.lr / 10]
        groups = [
            {"params": parameters, "lr": rate}
            for parameters, rate in zip((network.new, network.learned_before), rates, strict=True)
        ]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
        self._pace = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, max_lr=rates, total_steps=steps, pct_start=0.1
        )

    def step(self, images: Any, heat: Any) -> float:
        """Learn one batch: images (n, h, w, 3) uint8 RGB, heat (n, 2, rows, columns)."""
        torch = self._torch
        pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
        goal = torch.from_numpy(heat)
        self._network.train()
        with torch.autocast("cpu", torch.bfloat16):
            said = self._network(pictures.contiguous(memory_format=torch.channels_last))
        loss = self._loss(said.float(), goal)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._pace.step()
        return float(loss.detach())

    def _loss(self, said: Any, goal: Any) -> Any:
        """Quality focal loss of each place (arXiv:2006.04388), and plain cross entropy of the
        picture's hottest one, which is what the first look is asked for: that score is to mean
        what it says."""
        each = self._focal(said, goal).sum() / goal.sum().clamp_min(len(goal))
        hottest, burns = said.amax((2, 3)), goal.amax((2, 3))
        functional = self._torch.nn.functional
        whole = functional.binary_cross_entropy_with_logits(hottest, burns)
        return each + whole

    def _focal(self, said: Any, goal: Any) -> Any:
        functional = self._torch.nn.functional
        apart = (said.detach().sigmoid() - goal).abs() ** 1.5
        weight = 1 + (self._hot_gain - 1) * goal
        entropy = functional.binary_cross_entropy_with_logits(said, goal, reduction="none")
        return entropy * apart * weight

    def keep(self, step: int) -> None:
        parts = self._network, self._optimiser, self._pace
        with draft_for(self._kept) as draft:
            self._torch.save({"step": step, "parts": [p.state_dict() for p in parts]}, draft)

    def resume(self) -> int:
        """Go on where an earlier run stopped; the steps that are done."""
        if not self._kept.is_file():
            return 0
        kept = self._torch.load(self._kept, weights_only=False)
        parts = self._network, self._optimiser, self._pace
        for part, state in zip(parts, kept["parts"], strict=True):
            part.load_state_dict(state)
        return int(kept["step"])


def _batches(
    pictures: Sequence[LabelledPicture], recipe: FirstLookRecipe, begun: int, steps: int
) -> Iterator[tuple[Any, Any]]:
    """Images (n, h, w, 3) uint8 and heat (n, 2, rows, columns), read ahead by one batch."""
    per_epoch = len(pictures) // recipe.batch

    def batch_of(step: int) -> tuple[Any, Any]:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([recipe.seed, epoch]).permutation(len(pictures))
        chosen = order[place * recipe.batch :][: recipe.batch]
        random = np.random.default_rng([recipe.seed, step, 1])
        seen = [shown(pictures[index], recipe.input_wh, random) for index in chosen]
        return np.stack([s.image for s in seen]), np.stack([s.heat for s in seen])

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(batch_of, begun)
        for step in range(begun, steps):
            now, coming = coming.result(), ahead.submit(batch_of, min(step + 1, steps - 1))
            yield now
