"""`patrol bench --cameras N`: how many cameras this machine watches, and how well."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from domain.errors import ConfigurationError
from patrol.bench.media import BenchMedia, make_bench_media
from patrol.bench.report import BenchReport, Spread
from patrol.bench.run import BenchOrder, Tell, run_bench
from patrol.commands.output import console, progress, write_json
from patrol.demo.source import fetch_clip, find_clip


def bench_cameras(
    orders: Sequence[BenchOrder], *, clip: Path | None, cache: Path, out: Path | None
) -> None:
    """Run one bench after the other; print a table of all, and keep them as JSON."""
    with progress() as bar:
        task = bar.add_task("clips", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        source = clip or find_clip(cache) or fetch_clip(cache)
        media = make_bench_media(
            source, cache / "bench", lambda name, done, of: tell(f"encoding {name}", done / of)
        )
        reports = [_run(order, media, tell) for order in orders]
    words: list[Any] = [report.model_dump(mode="json") for report in reports]
    whole = words[0] if len(words) == 1 else words
    if out is not None:
        write_json(out, whole)
    _print(reports)


def settings_of(config: Path | None) -> Mapping[str, Any]:
    """The parts of a user's configuration that a bench takes over: all but places and cameras."""
    if config is None:
        return {}
    data = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    if not isinstance(data, dict):
        raise ConfigurationError(f"{config}: expected a mapping, got {type(data).__name__}")
    own = ("cameras", "sites", "grids", "console", "defaults", "data_dir", "bus", "database")
    return {key: value for key, value in data.items() if key not in own}


def _run(order: BenchOrder, media: BenchMedia, tell: Tell) -> BenchReport:
    """One run in a folder of its own, which is left when something goes wrong."""
    folder = Path(tempfile.mkdtemp(prefix="patrol-bench-"))
    report = run_bench(
        order, media, folder, lambda what, share: tell(f"{order.cameras} cameras: {what}", share)
    )
    shutil.rmtree(folder, ignore_errors=True)
    return report


def _print(reports: Sequence[BenchReport]) -> None:
    table = Table("", *(f"{report.cameras} 路 cameras" for report in reports))
    rows = {
        "巡看/秒 looks a second": [f"{r.looks_per_s:g}" for r in reports],
        "巡看间隔 look interval, s": [_spread(r.look_interval_s) for r in reports],
        "启动 all seen after, s": [_number(r.startup_s) for r in reports],
        "丢包 pictures thrown away": [str(r.packets_lost) for r in reports],
        "断档 gaps": [str(r.gaps) for r in reports],
        "重连 reconnects": [str(r.reconnects) for r in reports],
        "处理器核 cores": [_each(r.cpu_cores) for r in reports],
        "内存 memory, MB": [_each(r.rss_mb) for r in reports],
        "布设火情 fires planted, missed": [f"{r.planted}, {r.missed}" for r in reports],
        "案件 cases, unplanted": [f"{r.cases}, {r.extra}" for r in reports],
        "起火到立案 onset to case, s": [_spread(r.latency_s) for r in reports],
        "证据 evidence": [_each(r.evidence) for r in reports],
        "未按时 late looks": [_each(r.late) or "0" for r in reports],
    }
    for title, cells in rows.items():
        table.add_row(title, *cells)
    console.print(table)
    console.print(f"{reports[-1].machine}; {reports[-1].runs_on}; {reports[-1].seconds:g} s each")


def _spread(values: Spread) -> str:
    return " / ".join(f"{name} {_number(value)}" for name, value in values.items())


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"


def _each(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())
