"""The words about what a worker's machine can keep of its promises; part of `console.words`."""

from domain.base import Text

_W = Text.of

LOAD_WORDS: dict[str, Text] = {
    "load.keeps_all": _W(
        "这台机器能兑现全部 {n} 路的承诺, 近来兑现 {kept} 路",
        "This box can keep all {n} promises; {kept} were kept lately",
    ),
    "load.keeps_some": _W(
        "这台机器能兑现 {n} 路中 {can} 路的承诺, 近来兑现 {kept} 路",
        "This box can keep {can} of {n} promises; {kept} were kept lately",
    ),
    "load.takes": _W("要全部兑现, 需要{more}", "To keep them all it takes {more}"),
    "load.takes_or": _W(
        "要全部兑现, 需要{more}, 或者把{longer}",
        "To keep them all it takes {more}, or {longer}",
    ),
    "load.cores": _W("再有 {n} 个同样的核", "{n} more cores like these"),
    "load.lookers": _W(
        "更多巡看线程 (worker.lookers, 现有 {lookers} 个都在忙, 而机器有 {idle} 核空闲)",
        "more lookers (worker.lookers: the {lookers} there are have no time, while {idle} cores "
        "idle)",
    ),
    "load.longer": _W("间隔放长到 {times} 倍", "intervals {times} times as long"),
    "load.every": _W(
        " (每 {every} 秒改为每 {longer} 秒)", " (every {longer} s instead of every {every} s)"
    ),
    "load.measured": _W(
        "近 {s} 秒实测: 巡看 {looks} 次 (画面未变 {same} 次), 每次 {ms} 毫秒·核; "
        "{cores} 核中巡看用 {looking}, 读流 {reading}, 小脑其他 {other}, 空闲 {idle}; "
        "{lookers} 个巡看线程 {busy} 时间在忙; 全部承诺需 {wanted} 核, 可用于承诺 {have} 核",
        "Measured over the last {s} s: {looks} looks ({same} unchanged), each {ms} ms of a core; "
        "of {cores} cores looks took {looking}, reading {reading}, the rest of the worker {other}, "
        "{idle} were idle; {lookers} lookers were busy {busy} of the time; all promises want "
        "{wanted} cores, there are {have} for them",
    ),
}
