"""`patrol bench --cameras N`: how many cameras this machine watches, and how well."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from lab.bench.growth import growth
from lab.bench.media import PARKED, SMALL, BenchMedia, folder_of, make_bench_media
from lab.bench.report import BadCameraSeen, BenchReport, Spread, verdicts
from lab.bench.run import BenchOrder, Tell, run_bench
from lab.bench.scenes import is_busy, quiet_share, share_of
from lab.bench.weather import WEATHERS
from lab.footage.demo.source import fetch_clip, find_clip
from models.tuning.kept import FILE as TUNED_FILE
from patrol.commands.output import console, progress, write_json
from settings.yamlfile import YamlFile, refusal

_OWN = frozenset(
    "cameras sites grids console defaults approvals data_dir bus database workers".split()
)
"""Keys of a configuration that a bench says itself."""


def bench_cameras(
    orders: Sequence[BenchOrder],
    *,
    clip: Path | None,
    cache: Path,
    out: Path | None,
    picture: Path | None = None,
) -> None:
    """Run one bench after the other; print a table of all, keep them as JSON, and draw them."""
    with progress() as bar:
        task = bar.add_task("clips", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        media = _media(orders, clip, cache, tell)
        reports = [_run(order, media, cache, tell) for order in orders]
    words: list[Any] = [report.model_dump(mode="json") for report in reports]
    whole = words[0] if len(words) == 1 else words
    if out is not None:
        write_json(out, whole)
    _print(reports)
    if picture is None and out is not None and len(reports) > 1:
        picture = out.with_suffix(".svg")
    if picture is not None:
        picture.write_text(growth(reports), encoding="utf-8")
        console.print(f"图 picture: {picture}", soft_wrap=True)


def _media(orders: Sequence[BenchOrder], clip: Path | None, cache: Path, tell: Tell) -> BenchMedia:
    """The clips that the orders need; none where a foreign server plays."""
    if all(order.source for order in orders):
        return BenchMedia({})
    names: dict[str, None] = {}
    for order in orders:
        names |= dict.fromkeys(sorted(order.cast.clips))
        names |= dict.fromkeys(WEATHERS[name].clip for name in order.weather)
        names |= dict.fromkeys([SMALL] if order.weather else [])
    source = clip or find_clip(cache) or fetch_clip(cache)
    van_from = source
    if clip is not None and PARKED in names:
        van_from = find_clip(cache) or fetch_clip(cache)
    return make_bench_media(
        source,
        folder_of(clip, cache) if clip else cache / "bench",
        lambda name, done, of: tell(f"encoding {name}", done / of),
        names=names,
        van_from=van_from,
    )


def settings_of(config: Path | None) -> Mapping[str, Any]:
    """The parts of a user's configuration that a bench takes over: all but places and cameras.

    Raises:
        ConfigurationError: everything wrong with the file, a line each.
    """
    if config is None:
        return {}
    file = YamlFile.read(config).as_settings()
    if file.problems:
        raise refusal(file.problems)
    return {key: value for key, value in file.data.items() if key not in _OWN}


def _run(order: BenchOrder, media: BenchMedia, cache: Path, tell: Tell) -> BenchReport:
    """One run in a folder of its own, which is left when something goes wrong. What the worker
    measured of the ways to compute is handed on from run to run."""
    folder = Path(tempfile.mkdtemp(prefix="patrol-bench-"))
    tuned, kept = folder / "models" / TUNED_FILE, cache / TUNED_FILE
    _handed_on(kept, tuned)
    report = run_bench(
        order, media, folder, lambda what, share: tell(f"{order.cameras} cameras: {what}", share)
    )
    _handed_on(tuned, kept)
    if not report.ended:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def _handed_on(file: Path, to: Path) -> None:
    """A copy of a file, if there is one."""
    if file.is_file():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)


def _print(reports: Sequence[BenchReport]) -> None:
    table = Table("", *(f"{report.cameras} 路 cameras" for report in reports))
    rows = {
        "巡看/秒 looks a second": [f"{r.looks_per_s:g}" for r in reports],
        "其中提前 early ones": [str(r.early_looks) for r in reports],
        "其中画面未变 unchanged ones": [_share(r.looks_by_kind, "unchanged") for r in reports],
        "其中粗看 first looks": [_share(r.looks_by_kind, "first") for r in reports],
        "巡看间隔 look interval, s": [_spread(r.look_interval_s) for r in reports],
        "启动 all seen after, s": [_number(r.startup_s) for r in reports],
        "丢包 pictures thrown away": [str(r.packets_lost) for r in reports],
        "断档 gaps": [str(r.gaps) for r in reports],
        "重连 reconnects": [str(r.reconnects) for r in reports],
        "处理器核 cores": [_each(r.cpu_cores) for r in reports],
        "每路 worker per camera, 0.001 core": [
            f"{1000 * r.worker_cores_per_camera:.1f}" for r in reports
        ],
        "内存 memory, MB": [_each(r.rss_mb) for r in reports],
        "码流环 rings, MB": [_each(r.rings) for r in reports],
        "布设 planted, missed": [_plants(r) for r in reports],
        "案件 cases, unplanted": [f"{r.cases}, {r.extra}" for r in reports],
        "出现到立案 onset to case, s": [_latencies(r) for r in reports],
        "证据 evidence": [_each(r.evidence) for r in reports],
        "未按时 late looks": [_each(r.late) or "0" for r in reports],
    }
    for title, cells in rows.items():
        table.add_row(title, *cells)
    console.print(table)
    for report in reports:
        _print_weather(report)
        _print_scenes(report)
    console.print("; ".join(circumstances(reports[-1])), soft_wrap=True)


def circumstances(report: BenchReport) -> Iterator[str]:
    """On what it was measured, and of what."""
    yield str(report.machine)
    yield report.runs_on
    yield f"{report.seconds:g} s each"
    if report.camera_mbit_s is not None:
        yield f"{report.camera_mbit_s:g} Mbit/s a camera"
    if (sent := report.footage) is not None:
        yield f"{sent.clips} clips, {sent.keyframes} keyframes, each one camera's alone"
    if report.footage is not None and not report.scenes and not is_busy(report.looks_by_kind):
        yield "its street is not busy: most of what looks cost was spared"


def _plants(report: BenchReport) -> str:
    kinds = (f"{name} {kind.planted}, {kind.missed}" for name, kind in report.plants.items())
    return "\n".join(kinds) or "0"


def _latencies(report: BenchReport) -> str:
    spreads = (f"{name} {_spread(kind.latency_s)}" for name, kind in report.plants.items())
    return "\n".join(spreads) or "—"


def _print_weather(report: BenchReport) -> None:
    """The bad cameras one by one, and the verdicts."""
    if not (report.weather or report.ended):
        return
    table = Table(
        "旁路 beside", "状态 state", "故障 faults, times", "重连 reconnects", "巡看间隔 interval, s"
    )
    for name, seen in report.weather.items():
        table.add_row(name, _state(seen), _each(seen.faults), str(seen.reconnects), _looks(seen))
    if report.weather:
        console.print(table)
    for what, words in verdicts(report).items():
        console.print(f"{what}: {words}", soft_wrap=True)


def _print_scenes(report: BenchReport) -> None:
    """Busy streets and quiet nights beside each other."""
    if not report.scenes:
        return
    table = Table(
        "场景 scene", "路 cameras", "画面未变 unchanged", "间隔 interval, s",
        "每路 a camera, 0.001 core", "每次巡看 a look, ms",
    )  # fmt: skip
    for name, seen in report.scenes.items():
        table.add_row(
            name,
            str(seen.cameras),
            _share(seen.looks_by_kind, "unchanged"),
            _spread(seen.look_interval_s),
            f"{1000 * seen.worker_cores_per_camera:.1f}",
            _number(seen.look_ms),
        )
    console.print(table)
    if (words := quiet_share(report.scenes)) is not None:
        console.print(f"{words.zh} {words.en}", soft_wrap=True)


def _state(seen: BadCameraSeen) -> str:
    return " ".join(filter(None, (seen.status or "—", seen.fault)))


def _looks(seen: BadCameraSeen) -> str:
    return _spread(seen.look_interval_s) if seen.looks else "—"


def _share(looks_by_kind: Mapping[str, int], kind: str) -> str:
    share = share_of(looks_by_kind, kind)
    return "—" if share is None else f"{share:.0%}"


def _spread(values: Spread) -> str:
    return " / ".join(f"{name} {_number(value)}" for name, value in values.items())


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"


def _each(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())
