"""The same clip before the worker, `patrol eval`, `patrol quiet` and the replay of kept looks: one
look step, so one answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

from domain.clock import Moment, VirtualClock
from domain.health import FaultKind
from edge.attention import Attention
from edge.eyes import Eyes
from edge.looker import Looker
from edge.post import CameraPost
from edge.roster import Roster
from edge.state.kept_looks import Kept, kept_looks
from lab.trials.evaluate import STARTS_AT, replay_clip
from lab.trials.quiet import watch_quiet
from lab.trials.quiet_pictures import pictures_of
from lab.trials.rule_replay import RuleSet, compare_looks
from lab.trials.trace import Trace
from lab.trials.truth import Truth
from lab.trials.variant import ViewVariant
from models.catalogue.catalog import Catalog
from models.detector import Detector
from settings.config import Configuration
from streams.frame import Image
from tests.block_detector import NAME, blocks_picture, import_block_detector
from tests.media import make_clip
from tests.streams.footage import packets_of
from tests.vision.paintings import grainy
from vision.incidents import IncidentMessage
from vision.look_step import LookStep, Step
from vision.rule_register import parse_rules
from vision.second_look.verdict import SecondLook

SECONDS, FPS = 40, 8
LIT_S, DARK_S = 6, 34
RULES = {
    "fire": {"certain_confidence": 1},
    "hot": {"kind": "fire", "second_look": False},
    "road_occupation": {"for_s": 10},
}
APPROVAL = {"legal_basis": "某法第一条", "approved_by": "某局", "approved_on": "2025-12-01"}
TOLERANCE_S = 2.0
"""One look: the worker's looks are not at the very moments of a replay's."""


def paint(number: int) -> Image:
    """A car from the beginning; from `LIT_S` on a still yellow light, which a second look denies;
    from `DARK_S` on nothing."""
    at_s = number / FPS
    if at_s >= DARK_S:
        return np.zeros((192, 320, 3), np.uint8)
    blocks = {(5, 3): "car"} | ({(2, 2): "fire"} if at_s >= LIT_S else {})
    return grainy(blocks_picture(blocks), number)


Verdict = tuple[float, float, tuple[float, ...]]


@dataclass(frozen=True)
class Answer:
    """What came of the clip by one of the ways; times are seconds of the clip."""

    opened: dict[str, float]
    """By rule, when."""
    faults: set[FaultKind]
    verdicts: set[Verdict]
    """What second looks found of flame and smoke, and flame at twice the size."""


def opened_by(messages: Sequence[IncidentMessage]) -> dict[str, float]:
    return {
        message.incident.rule_id: (message.incident.opened_at - STARTS_AT).total_seconds()
        for message in messages
        if message.incident.revision == 1
    }


def verdict(seen: SecondLook) -> Verdict:
    scores = () if seen.closer is None else seen.closer.flame.scores
    return rounded(seen.flame_evidence, seen.smoke_evidence, scores)


def rounded(flame: float | None, smoke: float | None, scores: Sequence[float]) -> Verdict:
    return round(flame or 0, 1), round(smoke or 0, 1), tuple(round(one, 1) for one in scores)


class Worker:
    """The real looker and its attention, by hand and on the time of the clip."""

    def __init__(self, folder: Path) -> None:
        detector = {"model": NAME, "confidence": 0.3}
        camera = {"id": "gate", "name": "gate", "site_id": "s", "url": "rtsp://h/1"}
        self.configuration = Configuration.of(
            {
                "data_dir": folder,
                "detector": detector,
                "picture": {"black_after_s": 3},
                "approvals": {"road_occupation": APPROVAL},
                "cameras": [{**camera, "look_every_s": 2.0, "rules": RULES}],
            }
        )
        share = self.configuration.share()
        import_block_detector(self.configuration.models_dir)
        self.clock = VirtualClock(STARTS_AT)
        self.post = CameraPost(share.cameras[0], share, clock=self.clock, on_gap=lambda _gap: None)
        eyes = Eyes(Catalog(share.models_dir), share.detector)
        self.attention = Attention(self.configuration.second_look, eyes)
        self.messages: list[IncidentMessage] = []
        self.faults: set[FaultKind] = set()
        self.looker = Looker(
            Roster([self.post], attended=1),
            eyes,
            judging=Lock(),
            batch=1,
            attention=self.attention,
            clock=self.clock,
            on_news=lambda _post, _frame, news: self.messages.extend(news),
            on_picture=lambda _camera_id, _picture, _at: None,
        )

    def watch(self, clip: Path) -> None:
        for packet in packets_of(clip, STARTS_AT):
            self.clock.move_to(packet.captured_at)
            self.post.reader.main.ring.append(packet)
            self.looker._round(Moment.of(packet.captured_at))
            self.attention.take_one(timeout_s=0)
            if self.post.picture_fault is not None:
                self.faults.add(self.post.picture_fault)
        self.post.kept.flush(self.clock.now())

    @property
    def kept(self) -> Kept:
        until = STARTS_AT + timedelta(seconds=SECONDS)
        return kept_looks(self.configuration.workers_dir, "gate", STARTS_AT, until)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("clip") / "a.mp4"
    return make_clip(file, seconds=SECONDS, fps=FPS, gop=FPS, size_wh=(320, 192), paint=paint)


@pytest.fixture(scope="module")
def worker(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Worker:
    worker = Worker(tmp_path_factory.mktemp("worker"))
    worker.watch(clip)
    return worker


@pytest.fixture(scope="module")
def detector(worker: Worker) -> Detector:
    return Detector.open(Catalog(worker.configuration.models_dir), worker.configuration.detector)


def by_worker(worker: Worker) -> Answer:
    verdicts = {verdict(one.seen) for one in worker.kept.second_looks}
    return Answer(opened_by(worker.messages), worker.faults, verdicts)


def by_eval(worker: Worker, clip: Path, detector: Detector) -> Answer:
    truth, trace = truth_of(clip), Trace()
    scored = replay_clip(
        truth.clips[0], truth, clip.parent, detector,
        look_every_s=2.0, timezone=worker.configuration.town.zone,
        looking=worker.configuration.looking, trace=trace,
    )  # fmt: skip
    verdicts = {
        rounded(one.flame, one.smoke, one.closer.flame.scores if one.closer else ())
        for one in trace.second_looks
    }
    opened = {one.rule_id: one.opened_at_s for one in scored.incidents}
    return Answer(opened, {mark.fault for mark in trace.faults}, verdicts)


def truth_of(clip: Path) -> Truth:
    return Truth.model_validate({"clips": [{"file": clip.name, "rules": RULES, "incidents": []}]})


def steps_of(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """Filled with the steps that are done from now on."""
    done: list[Step] = []
    look = LookStep.look

    def listened(*args: Any, **options: Any) -> Step:
        done.append(look(*args, **options))
        return done[-1]

    monkeypatch.setattr(LookStep, "look", listened)
    return done


def assert_agree(one: Answer, other: Answer) -> None:
    assert one.opened == pytest.approx(other.opened, abs=TOLERANCE_S)
    assert one.faults == other.faults
    assert one.verdicts == other.verdicts


def test_the_worker_sees_what_the_clip_shows(worker: Worker) -> None:
    answer = by_worker(worker)
    assert answer.opened.keys() == {"hot", "road_occupation"}, (
        "a second look denies the light to `fire`"
    )
    assert answer.opened["hot"] >= LIT_S
    assert answer.faults == {FaultKind.BLACK}
    assert any(closer for _, _, closer in answer.verdicts), "the detector looked closer"


def test_eval_agrees(worker: Worker, clip: Path, detector: Detector) -> None:
    assert_agree(by_eval(worker, clip, detector), by_worker(worker))


def test_quiet_agrees(
    worker: Worker, clip: Path, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, steps = truth_of(clip), steps_of(monkeypatch)
    run = watch_quiet(
        truth.clips[0], truth, pictures_of(clip, detector), ViewVariant(), detector,
        hours=SECONDS / 3600, look_every_s=2.0, timezone=worker.configuration.town.zone,
        looking=worker.configuration.looking,
    )  # fmt: skip
    faults = {step.diagnosis.fault for step in steps if step.diagnosis.fault}
    verdicts = {verdict(step.second) for step in steps if step.second}
    assert_agree(Answer(opened_by(run.opened), faults, verdicts), by_worker(worker))


def test_the_replay_of_kept_looks_agrees(worker: Worker) -> None:
    rules = RuleSet(rules=parse_rules(RULES), zones=())
    found = compare_looks(
        worker.kept, rules, rules, camera_id="gate", timezone=worker.configuration.town.zone,
        looking=worker.configuration.looking,
    )  # fmt: skip
    start = (found.start_at - STARTS_AT).total_seconds()
    opened = {one.rule_id: one.opened_at_s + start for one in found.both}
    assert (found.only_before, found.only_after, found.unanswered) == ((), (), 0)
    faults = {one.diagnosis.fault for one in worker.kept.looks if one.diagnosis.fault}
    assert_agree(Answer(opened, faults, by_worker(worker).verdicts), by_worker(worker))


def test_lines_kept_before_there_were_closer_looks_are_read(worker: Worker, tmp_path: Path) -> None:
    (file,) = worker.configuration.workers_dir.glob("*/looks/gate.jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    told = [line["second"].pop("closer", None) for line in lines if "second" in line]
    older = tmp_path / "w" / "looks" / "gate.jsonl"
    older.parent.mkdir(parents=True)
    older.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    until = STARTS_AT + timedelta(seconds=SECONDS)
    kept = kept_looks(tmp_path, "gate", STARTS_AT, until)
    assert any(told)
    assert len(kept.looks) == len(worker.kept.looks)
    assert list(kept.second_looks) == [
        replace(one, seen=replace(one.seen, closer=None)) for one in worker.kept.second_looks
    ]


def test_second_looks_that_were_not_kept_are_counted(worker: Worker) -> None:
    deaf = Kept(worker.kept.looks, second_looks=())
    rules = RuleSet(rules=parse_rules(RULES), zones=())
    found = compare_looks(
        deaf, rules, rules, camera_id="gate", timezone=worker.configuration.town.zone
    )
    assert found.unanswered
