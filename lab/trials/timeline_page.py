"""Writes the timelines of a replay into a folder: a picture a clip, and a page that shows all."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from lab.trials.scoring import ClipScore, Scores, score
from lab.trials.timeline import timeline
from lab.trials.trace import Trace

INDEX = "index.html"
_UNSAFE = re.compile(r"[^\w.-]+")
_STYLE = (
    "body{font:14px/1.5 sans-serif;margin:24px;max-width:1110px}"
    "table{border-collapse:collapse;margin:12px 0}"
    "td,th{padding:3px 12px;border-bottom:1px solid #d0d7de;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
    "object{display:block;margin:10px 0;border:1px solid #d0d7de;max-width:100%}"
)
_LEGEND = (
    "蓝 应有 blue: expected · 绿 命中 green: found · 红 误报 red: false · 巡看竖线: 灰 无, "
    "黄 可疑, 红 事件未结 strokes: grey nothing, yellow suspicious, red incident open · "
    "细看圆点: 实心 属实, 空心 否定 dots: filled confirmed, open denied. "
    "鼠标停留可见详情 hover for details."
)


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
    # As objects, not images: what hovers over a mark is told of it.
    pictures = [
        f'<object type="image/svg+xml" data="{escape(name)}">{escape(clip.file)}</object>'
        for clip, name in zip(scores.clips, names, strict=True)
    ]
    return "\n".join(
        [
            '<!doctype html><html lang="zh-CN"><meta charset="utf-8">',
            "<title>回放评测 Replay</title>",
            f"<style>{_STYLE}</style>",
            "<h1>回放评测 Replay</h1>",
            f"<p>{_summary(scores)}</p>",
            *_table(scores),
            f"<p>{_LEGEND}</p>",
            *pictures,
            "</html>\n",
        ]
    )


def _summary(scores: Scores) -> str:
    summary = scores.summary
    return (
        f"召回率 recall {figure(summary.recall)} · 每路每日误报 false per camera-day "
        f"{figure(summary.false_per_camera_day)} · 延迟中位数 median latency "
        f"{figure(summary.median_latency_s)} s · {summary.hours:.2f} 路·小时 camera-hours"
    )


def _table(scores: Scores) -> list[str]:
    head = (
        "规则 rule", "应有 expected", "命中 found", "漏报 missed", "误报 false",
        "延迟中位数 median s", "延迟 p95 s",
    )  # fmt: skip
    rows = [
        (kind, str(row.expected), str(row.found), str(row.missed), str(row.false),
         figure(row.latency_median_s), figure(row.latency_p95_s))
        for kind, row in scores.summary.by_rule.items()
    ]  # fmt: skip
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return ["<table><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>", *lines,
            "</table>"]  # fmt: skip


def figure(value: float | None) -> str:
    """A figure in two decimals; a dash for one that has nothing to rest on."""
    return "—" if value is None else f"{value:.2f}"
