"""`patrol models score`, `compose` and `gallery` from the command line."""

from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from patrol.commands.models_sights import sights
from tests.media import make_clip


def test_negatives_are_folders_and_clips(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4", seconds=5, gop=20)
    seen = list(sights([str(clip)]))
    assert [sight.file for sight in seen] == [
        "street.mp4 0.0 s", "street.mp4 2.0 s", "street.mp4 4.0 s"
    ]  # fmt: skip
    assert seen[0].image.shape == (180, 320, 3)
    assert not len(seen[0].truth)


@pytest.mark.parametrize("source", ["none.mp4", "none", "none=fire"])
def test_a_source_that_is_not_there_is_refused_at_once(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        sights([str(tmp_path / source)])
