"""The words about the deadlines of a case and their calendar; part of `console.words`."""

from domain.base import Text

_W = Text.of

CLOCK_WORDS: dict[str, Text] = {
    "clocks": _W("时限", "Deadlines"),
    "clock.due": _W("截止", "due"),
    "clock.left": _W("剩余 {span}", "{span} left"),
    "clock.tentative": _W(
        "(暂定: 次年放假安排尚未公布)", "(tentative: next year's holidays are not announced)"
    ),
    "clock.no_limit": _W("不设时限, 只计用时", "No limit, only measured"),
    "clock.provisional": _W("{limit} (暂定标准)", "{limit} (provisional standard)"),
    "clock.extended": _W("已延期 {n} 次", "extended {n} times"),
    "clock.told": _W("应知悉:", "Should know:"),
    "calendar.unannounced": _W(
        "{year} 年放假安排尚未录入, 涉及该年的工作时限均为暂定; 公布后请更新工作日文件",
        "The working days of {year} are not known: deadlines that reach into it are tentative. "
        "Put them into the calendar file when they are announced",
    ),
}
