"""Writes the timelines of a replay into a folder: a picture a clip, and a page that shows all."""

import re
from collections.abc import Sequence
from pathlib import Path

from lab.drawing import drawn
from lab.trials.scoring import ClipScore, Scores, score
from lab.trials.timeline import timeline
from lab.trials.trace import Trace

INDEX = "index.html"
_UNSAFE = re.compile(r"[^\w.-]+")
_HEAD = (
    "规则 rule", "应有 expected", "命中 found", "漏报 missed", "误报 false",
    "延迟中位数 median s", "延迟 p95 s",
)  # fmt: skip


def write_timelines(folder: Path, replayed: Sequence[tuple[ClipScore, Trace]]) -> Path:
    """Write the pictures and the page; answers the page."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, (clip, trace) in enumerate(replayed, start=1):
        names.append(f"{number:02d}-{_UNSAFE.sub('-', Path(clip.file).stem)}.svg")
        (folder / names[-1]).write_text(timeline(clip, trace), encoding="utf-8")
    page = folder / INDEX
    scores = score([clip for clip, _ in replayed])
    page.write_text(_page(scores, names), encoding="utf-8")
    return page


def _page(scores: Scores, names: Sequence[str]) -> str:
    pictures = [
        {"address": name, "file": clip.file} for clip, name in zip(scores.clips, names, strict=True)
    ]
    return drawn(
        "lab.trials",
        "timeline_page.html",
        summary=_summary(scores),
        head=_HEAD,
        rows=_rows(scores),
        pictures=pictures,
    )


def _summary(scores: Scores) -> str:
    summary = scores.summary
    return (
        f"召回率 recall {figure(summary.recall)} · 每路每日误报 false per camera-day "
        f"{figure(summary.false_per_camera_day)} · 延迟中位数 median latency "
        f"{figure(summary.median_latency_s)} s · {summary.hours:.2f} 路·小时 camera-hours"
    )


def _rows(scores: Scores) -> list[tuple[str, ...]]:
    return [
        (kind, str(row.expected), str(row.found), str(row.missed), str(row.false),
         figure(row.latency_median_s), figure(row.latency_p95_s))
        for kind, row in scores.summary.by_rule.items()
    ]  # fmt: skip


def figure(value: float | None) -> str:
    """A figure in two decimals; a dash for one that has nothing to rest on."""
    return "—" if value is None else f"{value:.2f}"
