"""Busy streets and quiet nights apart: what each took, and what a quiet camera costs of a busy
one."""

from collections.abc import Iterable, Mapping

from domain.base import Text
from lab.bench.cast import Cast
from lab.bench.measure import Measured
from lab.bench.media import NIGHT, STREET
from lab.bench.report import CamerasSeen, SceneSeen, cameras_seen

WORKER, NIGHT_WORKER = "worker", "night worker"
"""How the report calls the worker of all cameras, or of the busy ones, and that of the quiet."""
BUSY = 0.05
"""A street of whose looks more are unchanged is no busy one: its cost says nothing of streets."""


def seen_of(names: Iterable[str], found: Measured) -> CamerasSeen:
    """How some of the cameras fared."""
    heard = {name: found.heard[name] for name in names if name in found.heard}
    return cameras_seen(heard, found.reconnects, found.skipped)


def scenes_seen(cast: Cast, found: Measured) -> dict[str, SceneSeen]:
    """`street` and `night`, as far as there are cameras of them; nothing where none is quiet."""
    if not cast.quiet:
        return {}
    workers = (STREET, cast.busy, WORKER), (NIGHT, cast.quiet, NIGHT_WORKER)
    return {
        scene: _scene(names, found, found.cpu_cores.get(worker, found.cpu_cores[WORKER]))
        for scene, names, worker in workers
        if names
    }


def _scene(names: tuple[str, ...], found: Measured, cores: float) -> SceneSeen:
    seen = seen_of(names, found)
    look_ms = round(1000 * cores * found.lasted_s / seen.looks, 1) if seen.looks else None
    return SceneSeen(
        **seen.model_dump(),
        cameras=len(names),
        worker_cores=cores,
        worker_cores_per_camera=round(cores / len(names), 5),
        look_ms=look_ms,
    )


def share_of(looks_by_kind: Mapping[str, int], kind: str) -> float | None:
    """Of all looks; None where there were none."""
    total = sum(looks_by_kind.values())
    return looks_by_kind.get(kind, 0) / total if total else None


def is_busy(looks_by_kind: Mapping[str, int]) -> bool:
    """Whether cameras were as busy as a street is."""
    share = share_of(looks_by_kind, "unchanged")
    return share is not None and share <= BUSY


def quiet_share(scenes: Mapping[str, SceneSeen]) -> Text | None:
    """What a quiet camera costs of a busy one, in words; None where there are not both."""
    street, night = scenes.get(STREET), scenes.get(NIGHT)
    if street is None or night is None or not street.worker_cores:
        return None
    share = night.worker_cores_per_camera / street.worker_cores_per_camera
    costs = f"{night.worker_cores_per_camera:.4f} / {street.worker_cores_per_camera:.4f}"
    return Text.of(
        f"夜间静止画面一路的开销是繁忙街道的 {share:.0%}({costs} 核)",
        f"a quiet camera at night costs {share:.0%} of a busy street ({costs} core)",
    )
