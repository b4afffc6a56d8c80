"""Sealed files, for whoever only reads them: nothing is ever written below the root from here."""

import hashlib
import re
from pathlib import Path

from domain.documents import real_path
from domain.errors import EvidenceNotFound, EvidenceTampered
from domain.evidence import Evidence

SEALED_PATH = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})(\.[a-z0-9]{1,8})")
"""How a sealed file is named, relative to the root."""


class SealedFiles:
    """The sealed files below one root. Thread-safe; the root may be mounted read-only."""

    def __init__(self, root: Path) -> None:
        self._root = real_path(root)

    @property
    def root(self) -> Path:
        return self._root

    def path(self, evidence: Evidence | str) -> Path:
        """The sealed file of a record, or at a path relative to the root as a record has it.
        EvidenceNotFound if there is none; no other file can be reached."""
        relative = evidence if isinstance(evidence, str) else evidence.path
        if not SEALED_PATH.fullmatch(relative):
            raise EvidenceNotFound(f"expected aa/<sha256>.<suffix>, got {relative!r}")
        path = self._root / relative
        if real_path(path) != path or not path.is_file():
            raise EvidenceNotFound(f"no sealed file {relative}")
        return path

    def verify(self, evidence: Evidence) -> None:
        """Read the whole file again. EvidenceTampered if it is not what was sealed,
        EvidenceNotFound if it is gone."""
        path = self.path(evidence)
        if (size_bytes := path.stat().st_size) != evidence.size_bytes:
            raise EvidenceTampered(
                f"evidence={evidence.id}: sealed with {evidence.size_bytes} bytes, "
                f"{evidence.path} has {size_bytes}"
            )
        if (sha256 := sha256_of(path)) != evidence.sha256:
            raise EvidenceTampered(
                f"evidence={evidence.id}: sealed with sha256 {evidence.sha256}, "
                f"{evidence.path} has {sha256}"
            )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
