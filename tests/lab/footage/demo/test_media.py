"""The demo's clips: made of real video, kept while nothing changes."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import ConfigurationError, StreamCorrupt
from lab.footage.demo.media import clips_in, make_media
from lab.footage.demo.recipes import RECIPES, Recipe, as_it_is, black, frozen
from lab.footage.demo.source import find_clip
from streams.encode import read_video
from tests.media import make_clip

PLAIN = Recipe("plain", as_it_is, loop_s=2)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "source.mp4", seconds=1.5, size_wh=(160, 120))


def test_a_clip_shorter_than_the_loop_is_repeated(clip: Path, tmp_path: Path) -> None:
    made = make_media([clip], tmp_path / "media", cameras=[PLAIN])
    assert made == {"plain": tmp_path / "media" / "plain.mp4"}
    with av.open(str(made["plain"])) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.codec_context.name) == (160, 120, "h264")
        keyframes = [frame.key_frame for frame in container.decode(video)]
    assert len(keyframes) == 20
    assert [i for i, key in enumerate(keyframes) if key] == [0, 10]


def test_all_eight_are_made_and_decode(clip: Path, tmp_path: Path) -> None:
    short = [replace(recipe, loop_s=1, preset="ultrafast") for recipe in RECIPES]
    made = make_media([clip], tmp_path / "media", cameras=short)
    assert list(made) == [recipe.camera for recipe in RECIPES]
    for path in made.values():
        assert len(list(read_video(path))) == 10
    with av.open(str(made["h265"])) as container:
        assert container.streams.video[0].codec_context.name == "hevc"


def test_what_is_made_of_the_same_is_kept(clip: Path, tmp_path: Path) -> None:
    target = tmp_path / "media"
    made: list[str] = []

    def make(*cameras: Recipe) -> None:
        make_media([clip], target, cameras=cameras, progress=lambda name, *_: made.append(name))

    make(PLAIN)
    assert made.count("plain") == 20
    make(PLAIN)
    assert made.count("plain") == 20
    make(replace(PLAIN, gop=5))
    assert made.count("plain") == 40
    make_clip(clip, seconds=2, size_wh=(160, 120))
    make(replace(PLAIN, gop=5))
    assert made.count("plain") == 60
    assert {path.suffix for path in target.iterdir()} == {".mp4", ".made-of"}


def test_a_camera_gets_the_clip_that_bears_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    make_clip(folder / "a.mp4", seconds=1, size_wh=(160, 120))
    make_clip(folder / "plain.avi", seconds=1, size_wh=(200, 100))
    made = make_media(clips_in(folder), tmp_path / "media", cameras=[PLAIN])
    assert next(read_video(made["plain"])).shape == (100, 200, 3)


def test_large_clips_are_scaled_down(tmp_path: Path) -> None:
    large = make_clip(tmp_path / "large.mp4", seconds=0.5, size_wh=(1280, 720))
    made = make_media([large], tmp_path / "media", cameras=[replace(PLAIN, loop_s=0.5)])
    assert next(read_video(made["plain"])).shape == (432, 768, 3)


def test_a_frozen_camera_sends_one_picture_and_a_covered_one_none(clip: Path) -> None:
    source = list(read_video(clip))
    still = list(frozen(source))
    assert len(still) == len(source)
    assert all(np.array_equal(picture, source[0]) for picture in still)
    assert all(picture.max() < 24 for picture in black(source))


def test_without_clips_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"expected clips .*found none"):
        clips_in(tmp_path)


def test_what_is_not_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 100)
    with pytest.raises(StreamCorrupt, match=r"a\.mp4: expected video"):
        make_media(clips_in(tmp_path), tmp_path / "media", cameras=[PLAIN])
    assert not list((tmp_path / "media").glob("*.mp4"))


def test_the_sample_clip_is_found_where_opencv_keeps_it(tmp_path: Path) -> None:
    cache, samples = tmp_path / "cache", tmp_path / "samples"
    assert find_clip(cache, (samples,)) is None
    samples.mkdir()
    (samples / "vtest.avi").touch()
    assert find_clip(cache, (samples,)) == samples / "vtest.avi"
