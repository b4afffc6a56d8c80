"""Where a training keeps what it finished: each place is named by what shapes what lies there.

Whoever changes the recipe, or what it starts from, gets other places; what an interrupted training
of the same left behind is found again.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.base import Value
from domain.errors import ModelMissing
from lab.training.recipe import Recipe
from models.catalogue.files import sha256_of

KEY_DIGITS = 8


class Places(Value):
    """All that a training writes, its prepared pictures excepted."""

    start: Path
    """The rebuilt start model, a checkpoint."""
    go_on: Path
    """The rebuilt model that is trained on, a checkpoint, where one is."""
    run: Path
    """The folder that curves, metrics and checkpoints go to."""
    target: Path
    """The finished ONNX file."""

    @property
    def last(self) -> Path:
        """The newest checkpoint of the run."""
        return self.run / "weights" / "last.pt"


def places_of(
    recipe: Recipe,
    data_root: Path,
    work: Path,
    *,
    leave_out: Sequence[str] = (),
    go_on_from: Path | None = None,
) -> Places:
    """The places of one training below `work`. Raises ModelMissing for a file that is not there."""
    start = [_sha256(data_root / recipe.start), recipe.labels, recipe.light_boxes]
    go_on = [*start, go_on_from and _sha256(go_on_from)]
    learned = recipe.model_dump(mode="json", exclude={"keep", "remember"})
    left = "".join(f"-{Path(folder).name}" for folder in leave_out)
    without = f"-without{left}" if left else ""
    return Places(
        start=work / f"start-{_key(start)}.pt",
        go_on=work / f"go-on-{_key(go_on)}.pt",
        run=work / f"run{without}-{_key([*go_on, learned, sorted(leave_out)])}",
        target=work / f"{recipe.name}{without}.onnx",
    )


def _key(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:KEY_DIGITS]


def _sha256(file: Path) -> str:
    if not file.is_file():
        raise ModelMissing(f"{file}: expected a model file, found none")
    return sha256_of(file)
