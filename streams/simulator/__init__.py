"""Cameras out of clips: an RTSP server for tests, the demo and `patrol simulate`."""

from streams.simulator.clip import Clip, load_clip
from streams.simulator.fault import FAULT_KINDS, Fault, parse_camera_fault
from streams.simulator.folder import serve_folder
from streams.simulator.rtp import Codec
from streams.simulator.server import Simulator
from streams.simulator.tally import CameraStats, SimulatorStats
from streams.simulator.transcode import as_codec, as_substream, is_playable

__all__ = [
    "FAULT_KINDS",
    "CameraStats",
    "Clip",
    "Codec",
    "Fault",
    "Simulator",
    "SimulatorStats",
    "as_codec",
    "as_substream",
    "is_playable",
    "load_clip",
    "parse_camera_fault",
    "serve_folder",
]
