"""What the simulator counts, per camera and in all."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CameraStats:
    """One camera's counts since the start; `clients` is how many play it now."""

    clients: int
    connects: int
    """Connections whose first request named the camera, whatever became of them."""
    plays: int
    rejected: int
    """Answers 401 to a request that carried credentials."""
    bytes_sent: int
    pictures_skipped: int
    """Pictures not sent to a client because it reads too slowly."""


@dataclass(frozen=True)
class SimulatorStats:
    cameras: Mapping[str, CameraStats]

    @property
    def clients(self) -> int:
        return sum(camera.clients for camera in self.cameras.values())

    @property
    def connects(self) -> int:
        return sum(camera.connects for camera in self.cameras.values())

    @property
    def bytes_sent(self) -> int:
        return sum(camera.bytes_sent for camera in self.cameras.values())


@dataclass
class Tally:
    """The counters behind `CameraStats`; written by the simulator's thread only."""

    connects: int = 0
    plays: int = 0
    rejected: int = 0
    bytes_sent: int = 0
    pictures_skipped: int = 0
