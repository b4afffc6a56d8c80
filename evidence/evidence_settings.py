"""What is kept of an incident, and how much room must stay free."""

from pathlib import Path

from pydantic import Field

from domain.base import Settings

MIN_FREE_BYTES = 512 * 2**20


class EvidenceSettings(Settings):
    root: Path | None = None
    """Where sealed files lie; null for `evidence` below the data directory."""
    pre_roll_s: float = Field(default=10.0, ge=0, le=120)
    """What a clip shows from before the incident was opened."""
    post_roll_s: float = Field(default=10.0, ge=0, le=120)
    """What a clip shows from after the incident was opened."""
    jpeg_quality: int = Field(default=90, ge=30, le=100)
    snapshot_max_bytes: int = Field(default=4 * 2**20, ge=50_000)
    """A snapshot that would be larger is encoded at a lower quality."""
    min_free_bytes: int = Field(default=MIN_FREE_BYTES, ge=0)
    """Nothing is written when less than this is free on the disk."""

    @property
    def clip_s(self) -> float:
        """How long a whole clip is."""
        return self.pre_roll_s + self.post_roll_s
