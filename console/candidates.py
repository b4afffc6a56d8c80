"""Cases offered as the original of a duplicate, with how far away they are in place and time."""

from dataclasses import dataclass

from cases.near import Nearness
from console.times import Times
from console.words import say
from domain.case import Case


@dataclass(frozen=True)
class Candidate:
    """One case on offer: where it is seen from here, and how much earlier or later it opened."""

    case: Case
    where: str
    when: str


def where_words(how: Nearness, times: Times) -> str:
    """The camera where it is the same one, the distance else; both where views overlap."""
    if how.same_camera:
        return say("near.same_camera", times.language)
    metres = "" if how.apart_m is None else say("near.metres", times.language, n=round(how.apart_m))
    shared = say("near.overlaps", times.language) if how.overlaps else ""
    return ", ".join(words for words in (shared, metres) if words)


def when_words(how: Nearness, times: Times) -> str:
    if abs(how.later_s) < 1:
        return say("near.at_once", times.language)
    key = "near.later" if how.later_s > 0 else "near.earlier"
    return say(key, times.language, span=times.span(abs(how.later_s)))
