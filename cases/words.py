"""What the entries of a case say, Chinese first."""

from zoneinfo import ZoneInfo

from cases import clock_words
from cases.case_settings import CaseSettings
from cases.decided import Decided
from cases.near import Nearness
from cases.tables import CaseRow
from domain.base import Text
from domain.case import CaseState, Move, Verdict
from domain.evidence import Evidence, MissingEvidence
from domain.incident import Incident
from domain.limits import Approver

HASH_SHOWN = 12
"""Digits of a SHA-256 that an entry shows; the evidence itself keeps all."""

RECEIVED = Text.of("转入待受理, 等待人工研判", "Taken into the review queue")
PRE_DISPATCHED = Text.of("预派遣, 研判同时进行", "Dispatched ahead; the review runs beside it")
REOPENED = Text.of("现场再次出现, 已结案件重开", "Seen again; the closed case is reopened")
BACK_AGAIN = Text.of(
    "现场再次出现, 自行消失的案件转回待受理",
    "Seen again; the case that had left by itself waits for review anew",
)
SEEN_AGAIN = Text.of("再次出现", "Seen again")
BACKDATED = Text.of(
    "较早的消息迟到, 标题与类别按首次发现更正",
    "An earlier message came late; title and class now follow the first sighting",
)
CAMERA_UNKNOWN = Text.of("摄像机未登记, 位置未知", "The camera is not registered; place unknown")


def title(kind: Text, explanation: Text, *places: Text | None) -> Text:
    """ "川藏路网格·示例路口: 占道 — 车辆静止停留 31 s"."""
    known = [place for place in places if place is not None]
    zh = f"{'·'.join(place.zh for place in known)}: {kind.zh} — {explanation.zh}"
    en = f"{' · '.join(place.en for place in known)}: {kind.en} — {explanation.en}"
    return Text.of(zh, en)


def found(incident: Incident, owner: Text, routed: bool) -> Text:
    """The first entry: what was found, and whose queue it went to."""
    zh = f"视频巡检发现{incident.kind.words.zh} (事件 {incident.id}); "
    en = f"Video patrol found: {incident.kind.words.en} (incident {incident.id}); "
    if routed:
        return Text.of(f"{zh}归属 {owner.zh}", f"{en}goes to {owner.en}")
    return Text.of(
        f"{zh}未匹配到网格, 转{owner.zh}", f"{en}no grid matches, goes to the {owner.en.lower()}"
    )


def reported(source: Text, owner: Text, routed: bool) -> Text:
    """The first entry of a case that no camera found."""
    if routed:
        return Text.of(f"{source.zh}; 归属 {owner.zh}", f"{source.en}; goes to {owner.en}")
    return Text.of(
        f"{source.zh}; 未匹配到网格, 转{owner.zh}",
        f"{source.en}; no grid matches, goes to the {owner.en.lower()}",
    )


def gone(incident: Incident) -> Text:
    """The incident was closed: it left, or nobody can tell."""
    if incident.close_reason is None:
        return Text.of("事件已关闭", "The incident was closed")
    reason = incident.close_reason.words
    return Text.of(f"事件关闭: {reason.zh}", f"The incident was closed: {reason.en}")


def joined(incident: Incident, camera: Text) -> Text:
    """A camera that sees the same place tells of the same thing."""
    what = incident.explanation
    return Text.of(
        f"相邻摄像机 {camera.zh} 也看到 (事件 {incident.id}), 并入本案: {what.zh}",
        f"Camera {camera.en} sees it too (incident {incident.id}), joined to this case: {what.en}",
    )


def goes_on(incident: Incident) -> Text:
    """Another program, or one whose book was lost, tells of what this case is about."""
    return Text.of(
        f"接续同一事件: {incident.explanation.zh}",
        f"The same incident goes on: {incident.explanation.en}",
    )


def from_former_holder(what: Text) -> Text:
    """What a worker says that has handed its camera over."""
    return Text.of(f"原小脑: {what.zh}", f"Former worker: {what.en}")


def found_after_all(item: Evidence) -> Text:
    """A file that was said to be missing."""
    sealed = evidence(item)
    return Text.of(f"补到{sealed.zh}", f"Found after all. {sealed.en}")


def at_neighbour(camera: Text, what: Text) -> Text:
    return Text.of(f"{camera.zh}: {what.zh}", f"{camera.en}: {what.en}")


def raised(before: Text, now: Text) -> Text:
    return Text.of(f"由{before.zh}升为{now.zh}", f"Raised from {before.en} to {now.en}")


def evidence(item: Evidence | MissingEvidence) -> Text:
    if isinstance(item, Evidence):
        digits = item.sha256[:HASH_SHOWN]
        return Text.of(
            f"证据已封存: {item.kind.words.zh}, SHA-256 {digits}…",
            f"Evidence sealed: {item.kind.words.en}, SHA-256 {digits}…",
        )
    return Text.of(
        f"证据缺失: {item.kind.words.zh} ({item.reason.words.zh})",
        f"Evidence missing: {item.kind.words.en} ({item.reason.words.en})",
    )


def moved(move: Move, decided: Decided, note: str, zone: ZoneInfo) -> Text:
    """A move in words: "作废: 误报 (灯光); 车灯扫过"."""
    detail = _detail(move, decided, zone)
    zh, en = move.words.zh, move.words.en
    if detail is not None:
        zh, en = f"{zh}: {detail.zh}", f"{en}: {detail.en}"
    if stripped := note.strip():
        zh, en = f"{zh}; {stripped}", f"{en}; {stripped}"
    return Text.of(zh, en)


def _detail(move: Move, decided: Decided, zone: ZoneInfo) -> Text | None:
    if move in (Move.DISPATCH, Move.PRE_DISPATCH) and decided.assignee:
        return Text.of(decided.assignee, decided.assignee)
    if move is not Move.REJECT or decided.verdict is None:
        return None
    words = decided.verdict.words
    if decided.verdict is Verdict.FALSE and decided.verdict_reason:
        reason = decided.verdict_reason.words
        return Text.of(f"{words.zh} ({reason.zh})", f"{words.en} ({reason.en})")
    if decided.verdict is Verdict.DUPLICATE:
        original = decided.duplicate_of
        return Text.of(f"与 {original} {words.zh}", f"{words.en} of {original}")
    if decided.permit_no and decided.permit_until:
        until = f"{decided.permit_until.astimezone(zone):%Y-%m-%d %H:%M}"
        return Text.of(
            f"{words.zh} ({decided.permit_no}, 有效至 {until})",
            f"{words.en} ({decided.permit_no}, until {until})",
        )
    return words


def far(how: Nearness, original: CaseRow, settings: CaseSettings) -> Text:
    """Why a case is not taken for the original of a duplicate."""
    if original.state is CaseState.VOIDED:
        zh, en = f"{original.no} 已作废", f"{original.no} is void"
    else:
        apart = "?" if how.apart_m is None else f"{how.apart_m:.0f}"
        minutes, limit = f"{abs(how.later_s) / 60:.0f}", f"{settings.near_s / 3600:g}"
        reach = f"{settings.near_m:g}"
        zh = f"{original.no} 相距 {apart} 米, 相隔 {minutes} 分钟"
        en = f"{original.no} is {apart} m and {minutes} min away"
        zh, en = (
            f"{zh}, 不在 {reach} 米、{limit} 小时之内",
            f"{en}, not within {reach} m and {limit} h",
        )
    return Text.of(
        f"{zh}; 确为同一事件时请说明理由",
        f"{en}; if it is the same thing all the same, say why in a note",
    )


def with_approval(note: Text, level: Approver, name: str | None) -> Text:
    by = clock_words.approved(level, name)
    return Text.of(f"{note.zh}; {by.zh}", f"{note.en}; {by.en}")


def undone(move: Move) -> Text:
    return Text.of(f"撤销“{move.words.zh}”", f'Took back "{move.words.en}"')
