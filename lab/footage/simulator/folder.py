"""Cameras from a folder of clips, as `patrol simulate MEDIA_DIR` serves them."""

from collections.abc import Mapping
from pathlib import Path

from domain.errors import ConfigurationError, UnsupportedCodec
from lab.footage.simulator.auth import AuthScheme
from lab.footage.simulator.clip import load_clip
from lab.footage.simulator.fault import Fault
from lab.footage.simulator.rtp import Codec
from lab.footage.simulator.server import Simulator
from lab.footage.simulator.transcode import Progress, as_codec, as_substream, is_playable

CLIP_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mpg .mpeg .flv .wmv .3gp .h264 .h265".split()
)

SUBSTREAM = "sub"
"""The second stream of `cam0` is `cam0/sub`."""


def serve_folder(
    media_dir: Path,
    *,
    cameras: int,
    host: str = "127.0.0.1",
    port: int = 0,
    codec: Codec | None = None,
    credentials: tuple[str, str] | None = None,
    auth: AuthScheme = "digest",
    faults: Mapping[str, Fault] | None = None,
    transcode_dir: Path | None = None,
    progress: Progress | None = None,
    substreams: bool = False,
) -> Simulator:
    """Cameras cam0, cam1, … over the folder's clips in turn; the caller starts the simulator.

    Args:
        codec: what all cameras send; None leaves H.264 and H.265 as they are.
        transcode_dir: where clips of other codecs are converted to, once each; without it
            such a clip is an error.
        substreams: each camera has a second, small stream: cam0/sub, cam1/sub …; they are made in
            `transcode_dir`.

    Raises:
        ConfigurationError: no clips in the folder, or a fault for a camera that is not there.
        UnsupportedCodec: a clip needs converting and there is no `transcode_dir`.
        StreamCorrupt: a clip is no video.
    """
    if cameras < 1:
        raise ConfigurationError(f"expected at least one camera, got {cameras}")
    clips = find_clips(media_dir)[:cameras]
    playable = [_playable(clip, codec, transcode_dir, progress) for clip in clips]
    media = {f"cam{number}": playable[number % len(playable)] for number in range(cameras)}
    if substreams:
        media |= _substreams(media, transcode_dir, progress)
    if unknown := sorted(set(faults or {}) - set(media)):
        raise ConfigurationError(
            f"fault: expected a camera from cam0 to cam{cameras - 1}, got {', '.join(unknown)}"
        )
    return Simulator(media, host=host, port=port, credentials=credentials, auth=auth, faults=faults)


def _substreams(
    media: Mapping[str, Path], transcode_dir: Path | None, progress: Progress | None
) -> dict[str, Path]:
    if transcode_dir is None:
        raise ConfigurationError("substreams: expected a folder to make them in, got none")
    small = {
        clip: as_substream(clip, transcode_dir, progress=progress)
        for clip in dict.fromkeys(media.values())
    }
    return {f"{name}/{SUBSTREAM}": small[clip] for name, clip in media.items()}


def find_clips(media_dir: Path) -> list[Path]:
    """The folder's videos by name, without subfolders.

    Raises:
        ConfigurationError: there is no such folder, or no video in it.
    """
    if not media_dir.is_dir():
        raise ConfigurationError(f"expected a folder of clips, there is none at {media_dir}")
    clips = sorted(path for path in media_dir.iterdir() if path.suffix.lower() in CLIP_SUFFIXES)
    if not clips:
        suffixes = ", ".join(sorted(CLIP_SUFFIXES))
        raise ConfigurationError(f"expected clips ({suffixes}), got none in {media_dir}")
    return clips


def _playable(
    path: Path, codec: Codec | None, transcode_dir: Path | None, progress: Progress | None
) -> Path:
    if is_playable(path, codec):
        return path
    if transcode_dir is not None:
        return as_codec(path, codec or "h264", transcode_dir, progress=progress)
    found = load_clip(path).codec  # raises with the codec's name if it is a foreign one
    raise UnsupportedCodec(f"expected {codec}, got {found} in {path}; give a transcode folder")
