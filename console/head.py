"""What the head of every page counts, in one place: cases by heap, cameras by how they fare."""

from collections.abc import Mapping
from typing import Any

from cases.queries import CaseCounts
from console.eyes import count_eyes
from console.services import Services


def head_of(services: Services, counts: CaseCounts | None = None) -> Mapping[str, Any]:
    """For `render`; who has counted the cases already hands the counts in."""
    return {"counts": counts or services.book.counts(), "eyes": count_eyes(services)}
