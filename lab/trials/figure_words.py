"""Figures in words: with what they rest on, and never more certain than that."""

from domain.base import Text
from lab.trials.shares import FalseRate, Share
from lab.trials.spread import Spread

NOT_ESTABLISHED = Text.of("尚不能断言", "not established")


def share_words(share: Share) -> str:
    """Such as ``5/5 = 1.00 (0.57–1.00)``."""
    if share.value is None:
        return "—"
    interval = f"({share.low:.2f}–{share.high:.2f})"
    return f"{share.hits}/{share.n} = {share.value:.2f} {interval}"


def standing(share: Share) -> str:
    """Whether there are cases enough, in both languages."""
    if share.established:
        return ""
    return f"{NOT_ESTABLISHED.zh} {NOT_ESTABLISHED.en} (n = {share.n})"


def rate_words(rate: FalseRate) -> str:
    """Such as ``0 / 0.09 h, ≤ 789/天 day``."""
    if rate.at_most_per_camera_day is None:
        return "—"
    most = rate.at_most_per_camera_day
    told = f"{most:.0f}" if most >= 10 else f"{most:.2g}"
    return f"{rate.count} / {rate.hours:.2f} h, ≤ {told} /路·天 camera-day"


def spread_words(spread: Spread) -> str:
    """Such as ``0.80–1.00``."""
    return "—" if spread.interval is None else "{:.2f}–{:.2f}".format(*spread.interval)
