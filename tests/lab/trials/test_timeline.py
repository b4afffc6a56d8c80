"""Timeline pictures: every mark is where and what it should be."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from domain.health import FaultKind
from domain.incident import IncidentKind
from lab.trials.scoring import ReplayedFault, ReplayedIncident, score_clip
from lab.trials.timeline import BAD, GOOD, WAITED, timeline
from lab.trials.timeline_page import write_timelines
from lab.trials.trace import LookMark, SecondLookMark, Trace
from lab.trials.truth import ExpectedFault, ExpectedIncident

FIRE = IncidentKind.FIRE
SVG = "{http://www.w3.org/2000/svg}"


def incident(opened_at_s: float, closed_at_s: float | None = None) -> ReplayedIncident:
    return ReplayedIncident(
        kind=FIRE, opened_at_s=opened_at_s, closed_at_s=closed_at_s, score=0.5, rule_id="fire"
    )


CLIP = score_clip(
    "a<b.mp4",
    [ExpectedIncident(kind=FIRE, from_s=10, to_s=40)],
    [incident(20, 60), incident(80)],
    100,
    faults=[ReplayedFault(fault=FaultKind.MOVED, from_s=70, to_s=None)],
    expected_faults=[ExpectedFault(fault=FaultKind.MOVED, from_s=65, to_s=90)],
)
TRACE = Trace(
    looks=[
        LookMark(0),
        LookMark(10, suspicious=True),
        LookMark(20, open=True),
        LookMark(30, blinded=FaultKind.BLACK),
    ],
    second_looks=[
        SecondLookMark(10, "fire", 0.9, 0.1),
        SecondLookMark(12, "fire", 0.1, 0.1),
        SecondLookMark(14, "fire", 0.3, 0.1),
        SecondLookMark(16, "fire", None, None),
    ],
)


def titles(drawn: str) -> list[str]:
    return [title.text or "" for title in ET.fromstring(drawn).iter(f"{SVG}title")]


def test_it_is_one_well_formed_picture_that_says_what_happened() -> None:
    drawn = timeline(CLIP, TRACE)
    said = titles(drawn)
    assert "a&lt;b.mp4" in drawn
    assert "火情 10–40 s" in said[0]
    assert [title for title in said if "命中 found 20.0–60.0 s" in title]
    assert [title for title in said if "误报 false 80.0 s" in title]
    looks = ["0.0 s 无 nothing", "10.0 s 可疑 suspicious", "20.0 s 事件未结 incident open"]
    assert said[1:5] == [*looks, "30.0 s 未判 not judged: black"]
    verdicts = [re.search(r"fire: (\S+)", title) for title in said if "fire:" in title]
    assert [v and v[1] for v in verdicts] == ["属实", "否定", "未定", "无法判断"]
    assert [title for title in said if "画面移位" in title]


def test_spans_lie_where_their_seconds_are() -> None:
    bars = [
        bar
        for bar in ET.fromstring(timeline(CLIP, TRACE)).iter(f"{SVG}rect")
        if bar.get("fill") in (GOOD, BAD, WAITED)
    ]
    spans = {(bar.get("fill"), float(bar.get("x", 0)), float(bar.get("width", 0))) for bar in bars}
    left, whole = 210, 1080 - 210 - 24
    found = next(span for span in spans if span[0] == GOOD)
    assert abs(found[1] - (left + 0.2 * whole)) < 0.2
    assert abs(found[2] - 0.4 * whole) < 0.2
    false = next(span for span in spans if span[0] == BAD)
    assert abs(false[1] + false[2] - (left + whole)) < 0.2, "what is open runs to the end"


def test_lanes_without_anything_are_left_out() -> None:
    quiet = score_clip("a.mp4", [], [], 3)
    drawn = timeline(quiet, Trace(looks=[LookMark(1)]))
    assert "巡看" in drawn
    for name in ("应有", "细看", "事件", "画面诊断"):
        assert name not in drawn


def test_the_page_shows_each_run_of_each_clip(tmp_path: Path) -> None:
    page = write_timelines(tmp_path / "out", [(CLIP, TRACE), (CLIP, Trace())])
    text = page.read_text()
    names = re.findall(r'data="([^"]+)"', text)
    assert len(set(names)) == 2
    assert all((page.parent / name).is_file() for name in names)
    assert "recall 1.00" in text
    assert "<td>fire</td><td>2</td><td>2</td><td>0</td><td>2</td>" in text
