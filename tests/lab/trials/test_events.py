"""Figures of events: what is counted, what may be said of few, and what a threshold costs."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from domain.incident import ModelRef
from lab.trials.evaluate import STARTS_AT, replay_clip
from lab.trials.events import ClipEvents, ShiftedScore, events_of
from lab.trials.events_page import CARDS_JSON, CARDS_MARKDOWN, PAGE, write_events
from lab.trials.recording import Recording, judge_again, shifted
from lab.trials.scoring import ClipScore, replayed_incidents, score_clip
from lab.trials.shares import ENOUGH, FalseRate, Share
from lab.trials.spread import SEEDS, spread
from lab.trials.sweep import swept
from lab.trials.trust_card import TITLES, trust_cards
from lab.trials.truth import ExpectedIncident, Light, Truth
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from streams.frame import Image
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.lab.trials.test_scoring import expect, opened
from tests.media import make_clip
from tests.vision.paintings import grainy
from vision.rule_register import RULE_KINDS, parse_rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRE = parse_rules({"fire": {"second_look": False}})
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (15, 30, 0.3315, 0.6685),
        (81, 263, 0.2553, 0.3662),
    ],
    ids=str,
)
def test_shares_have_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    """The last is the example of Newcombe (Stat. Med. 17, 1998, table I)."""
    share = Share.of(hits, n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)
    assert share.established == (n >= ENOUGH)


def test_no_false_alarm_in_t_hours_is_at_most_three_in_t() -> None:
    rate = FalseRate.of(0, 24 * 30)
    assert rate.per_camera_day == 0
    assert rate.at_most_per_camera_day == pytest.approx(3.0 / 30, rel=0.01)
    assert FalseRate.of(0, 0).at_most_per_camera_day is None


def test_sources_are_drawn_by_several_seeds() -> None:
    values = [0.0, 1.0, 1.0, 1.0]
    told = spread(values, lambda drawn: float(np.mean(drawn)))
    assert told.sources == 4
    assert told.interval is not None
    assert 0 <= told.interval[0] < 0.75 < told.interval[1] <= 1
    assert len(told.by_seed) == len(SEEDS) >= 3
    assert told == spread(values, lambda drawn: float(np.mean(drawn))), "the same at each call"
    assert spread(values, lambda _drawn: None).interval is None


def clip(file: str, wanted: list[ExpectedIncident], at_s: list[float]) -> ClipScore:
    return score_clip(file, wanted, [opened(s) for s in at_s], HOUR_S, rules=FIRE)


def test_events_are_counted_for_each_kind_of_rule() -> None:
    clips = [
        ClipEvents(source="a", clip=clip("a1.mp4", [expect(0, 9)], [2])),
        ClipEvents(source="a", clip=clip("a2.mp4", [expect(0, 9)], [])),
        ClipEvents(source="b", clip=clip("b.mp4", [], [5, 6])),
        ClipEvents(source="c", clip=clip("c.mp4", [], [])),
    ]
    told = events_of(clips)["fire"]
    figures = told.as_set
    assert (told.sources, told.clips) == (3, 4)
    assert (figures.recall.hits, figures.recall.n) == (1, 2)
    assert (figures.precision.hits, figures.precision.n) == (1, 3)
    assert (figures.false_clips.hits, figures.false_clips.n) == (1, 2)
    assert (figures.false_alarms.count, figures.false_alarms.hours) == (2, 4)
    assert (figures.seconds_to_detect.n, figures.seconds_to_detect.median) == (1, 2)
    assert not figures.recall.established
    assert told.spread.recall.interval == (0.5, 0.5), "both fires are of one source"


def test_a_wanted_recall_costs_the_least_that_reaches_it() -> None:
    """Looser thresholds find the second fire too, faster and faster; the loosest is false."""

    def at(shift: float, fires: list[float], false: list[float]) -> list[ClipScore]:
        burning = [clip(f"{n}.mp4", [expect(0, 9)], fires[n : n + 1]) for n in range(2)]
        return [*burning, clip("quiet.mp4", [], false)]

    told = {-1.0: at(-1, [5], []), 0.0: at(0, [5, 4], []), 1.0: at(1, [2, 3], []),
            2.0: at(2, [1, 1], [7])}  # fmt: skip
    clips = [
        ClipEvents(
            source=str(row),
            clip=told[0.0][row],
            shifted=tuple(
                ShiftedScore(shift=shift, clip=scored[row], unanswered=0)
                for shift, scored in told.items()
            ),
        )
        for row in range(3)
    ]
    curve = events_of(clips)["fire"].by_score
    assert [point.figures.recall.value for point in curve.points] == [0.5, 1, 1, 1]
    chosen = [wanted.point.threshold for wanted in curve.at_recall if wanted.point]
    assert chosen == [1.0] * 3
    alone = [one.model_copy(update={"shifted": one.shifted[:1]}) for one in clips]
    points = [wanted.point for wanted in events_of(alone)["fire"].by_score.at_recall]
    assert points == [None] * 3, "half of the fires are found, whatever it costs"


def test_scores_are_shifted_by_their_odds() -> None:
    scores = np.array([0.0, 0.5, 0.8, 1.0], np.float32)
    assert shifted(scores, 0).tolist() == pytest.approx(scores.tolist(), abs=2e-4)
    assert shifted(scores, np.log(4))[1:3].tolist() == pytest.approx([0.8, 16 / 17])


FIRE_CLIP: dict[str, Any] = {
    "file": "fire.mp4",
    "rules": {"fire": {"second_look": False}},
    "light": "night",
    "incidents": [{"kind": "fire", "from_s": 4, "to_s": 14}],
}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Recording, ClipScore]:
    """A light that comes on in the fifth second."""
    folder = tmp_path_factory.mktemp("clips")

    def paint(number: int) -> Image:
        return grainy(blocks_picture({(5, 3): "fire"} if number >= 20 else {}), number)

    make_clip(folder / "fire.mp4", seconds=14, fps=5, gop=10, size_wh=(320, 192), paint=paint)
    import_block_detector(folder)
    settings = DetectorSettings(model=NAME, confidence=0.1)
    detector, recording = Detector.open(Catalog(folder), settings), Recording()
    truth = Truth.model_validate({"clips": [FIRE_CLIP]})
    scored = replay_clip(
        truth.clips[0], truth, folder, detector,
        look_every_s=2.0, timezone=SHANGHAI, recording=recording,
    )  # fmt: skip
    return truth, recording, scored


def test_a_recording_is_judged_as_it_was(
    replayed: tuple[Truth, Recording, ClipScore],
) -> None:
    truth, recording, scored = replayed
    (told,) = truth.clips
    assert scored.found == 1
    assert any(look.attended for look in recording.looks)
    rules = truth.rules_of(told)
    again = judge_again(recording, told, rules, shift=0, timezone=SHANGHAI)
    assert replayed_incidents(again.messages, STARTS_AT) == scored.incidents
    assert not judge_again(recording, told, rules, shift=-9, timezone=SHANGHAI).messages


def test_the_page_tells_what_was_not_tested(
    replayed: tuple[Truth, Recording, ClipScore], tmp_path: Path
) -> None:
    truth, recording, scored = replayed
    clips = [swept(truth.clips[0], truth, recording, scored, timezone=SHANGHAI)]
    assert clips[0].light is Light.NIGHT
    cards = trust_cards(clips, ModelRef(name=NAME, sha256="1"))
    page = write_events(tmp_path / "out", events_of(clips), cards)
    assert page.name == PAGE
    words = page.read_text(encoding="utf-8")
    assert "尚不能断言: 只有 1 起事件" in words
    assert "白天无事件的时段" in words
    assert "不给出可能性" in words
    assert "<h2>火情 Fire</h2>" in words
    assert "<svg" in (tmp_path / "out" / "fire.svg").read_text(encoding="utf-8")
    (case,) = clips[0].cases
    assert case.height is not None
    assert 0.15 <= case.height
    (card,) = json.loads((tmp_path / "out" / CARDS_JSON).read_text(encoding="utf-8"))["cards"]
    counted = {
        (cell["band"]["least"], cell["light"]): cell["recall"]["n"] for cell in card["cells"]
    }
    assert counted == {
        (least, light): int((least, light) == (0.15, "night"))
        for least in (None, 0.05, 0.15)
        for light in ("day", "night")
    }
    assert "| 画面高 15% 以上 From 15% on | 未测试 not tested | 1/1 = 1.00 (0.21–1.00) |" in (
        tmp_path / "out" / CARDS_MARKDOWN
    ).read_text(encoding="utf-8")


def test_every_kind_of_rule_has_a_title() -> None:
    assert {*TITLES} >= {*RULE_KINDS}
