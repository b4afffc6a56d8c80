"""Cameras out of clips: an RTSP server for tests, the demo and `patrol simulate`."""

from lab.footage.simulator.clip import Clip, load_clip
from lab.footage.simulator.fault import FAULT_KINDS, Fault, parse_camera_fault
from lab.footage.simulator.folder import serve_folder
from lab.footage.simulator.own_keyframes import Noise, make_own_keyframes
from lab.footage.simulator.rtp import Codec
from lab.footage.simulator.server import Simulator
from lab.footage.simulator.tally import CameraStats, SimulatorStats
from lab.footage.simulator.transcode import as_codec, as_substream, is_playable

__all__ = [
    "FAULT_KINDS",
    "CameraStats",
    "Clip",
    "Codec",
    "Fault",
    "Noise",
    "Simulator",
    "SimulatorStats",
    "as_codec",
    "as_substream",
    "is_playable",
    "load_clip",
    "make_own_keyframes",
    "parse_camera_fault",
    "serve_folder",
]
