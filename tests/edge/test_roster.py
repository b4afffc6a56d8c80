"""Who is looked at next when several lookers share all cameras."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from domain.answers import PauseHeld
from domain.clock import Moment
from edge.asked import LooksAsked
from edge.lookbook import LookBook
from edge.post import CameraPost
from edge.roster import Roster
from edge.worth import Suspicion

NOON = datetime(2026, 1, 1, 4, 0, tzinfo=UTC)
PROMISE_S = 2.0


@dataclass
class Post:
    """A post without a camera: its look book is real."""

    camera_id: str
    suspicion: Suspicion = Suspicion.NONE
    stirs: bool = False
    risk: float = 1.0
    asked: LooksAsked = field(default_factory=LooksAsked)
    pause: PauseHeld | None = None
    picture_waits: bool = True
    book: LookBook = field(init=False)

    def __post_init__(self) -> None:
        self.book = LookBook(self.camera_id, PROMISE_S, later(0), risk=self.risk)

    def is_due(self, now: Moment) -> bool:
        return self.book.is_due(now, None)

    def is_attended(self, now: Moment) -> bool:
        return self.suspicion > Suspicion.NONE

    def is_stirred(self) -> bool:
        return self.stirs

    def is_due_again(self, now: Moment) -> bool:
        return True


def roster_of(*posts: Post, attended: int = 4, early_share: float = 0.0) -> Roster:
    return Roster(cast(list[CameraPost], list(posts)), attended=attended, early_share=early_share)


def ids(posts: list[Any]) -> list[str]:
    return [post.camera_id for post in posts]


def later(seconds: float) -> Moment:
    return Moment(seconds, NOON + timedelta(seconds=seconds))


def test_who_waited_longest_comes_first() -> None:
    early, late = Post("early"), Post("late")
    late.book.done(later(1), {})
    early.book.done(later(2), {})
    assert ids(roster_of(early, late).owed(later(10))) == ["late", "early"]
    assert ids(roster_of(early, late).owed(later(3.5))) == ["late"]


def test_a_post_is_in_one_lookers_hands_at_a_time() -> None:
    post: Any = Post("one")
    roster = roster_of(post)
    assert roster.claim(post)
    assert not roster.claim(post)
    assert roster.owed(later(10)) == []
    roster.release(post)
    assert ids(roster.owed(later(10))) == ["one"]


def test_only_so_many_are_attended_at_once() -> None:
    posts = [Post(f"{number}", suspicion=Suspicion.SOMETHING) for number in range(5)]
    assert ids(roster_of(*posts, attended=3).suspicious(later(0), [])) == ["0", "1", "2"]
    assert ids(roster_of(*posts, attended=0).suspicious(later(0), [])) == []


def test_while_looks_are_long_overdue_only_one_is_attended() -> None:
    posts = [Post(f"{number}", suspicion=Suspicion.SOMETHING) for number in range(3)]
    roster = roster_of(*posts)
    in_time, overdue = later(PROMISE_S * 1.2), later(PROMISE_S * 2)
    assert len(roster.suspicious(in_time, roster.owed(in_time))) == 3
    assert len(roster.suspicious(overdue, roster.owed(overdue))) == 1


def test_a_camera_that_sends_nothing_keeps_nobody_else_back() -> None:
    posts = [Post(f"{number}", suspicion=Suspicion.SOMETHING) for number in range(3)]
    dark = Post("dark", picture_waits=False)
    roster, long_after = roster_of(*posts, dark), later(PROMISE_S * 9)
    for post in posts:
        post.book.done(long_after, {})
    assert ids(roster.owed(long_after)) == ["dark"]
    assert len(roster.suspicious(long_after, roster.owed(long_after))) == 3


def test_a_suspected_fire_is_attended_before_all_else_then_who_bears_more_risk() -> None:
    crowd, fire = Post("crowd", suspicion=Suspicion.SOMETHING), Post("f", suspicion=Suspicion.FIRE)
    risky = Post("risky", suspicion=Suspicion.SOMETHING, risk=3.0)
    roster = roster_of(Post("calm"), crowd, risky, fire, attended=2)
    assert ids(roster.suspicious(later(0), [])) == ["f", "risky"]


def test_who_waits_to_be_attended_does_not_spend_its_time() -> None:
    first, second = (Post(name, suspicion=Suspicion.FIRE) for name in ("first", "second"))
    asked: list[str] = []
    for post in (first, second):
        post.is_attended = lambda _now, name=post.camera_id: not asked.append(name)  # type: ignore
    roster_of(first, second, attended=1).suspicious(later(0), [])
    assert asked == ["first"]


def test_early_looks_are_a_share_of_the_owed_ones() -> None:
    posts: list[Any] = [Post(f"{number}", stirs=number > 0) for number in range(4)]
    roster = roster_of(*posts, early_share=0.1)
    assert roster.stirred(later(0), []) == []
    roster.looked_in_time(25)
    assert ids(roster.stirred(later(0), [])) == ["1", "2"]
    roster.looked_early(posts[1], later(0))
    roster.looked_early(posts[2], later(0))
    assert roster.stirred(later(0), []) == []
    roster.looked_in_time(1_000_000)
    assert len(roster.stirred(later(0), [])) == 3  # never more than some at once


def test_early_looks_go_round() -> None:
    posts: list[Any] = [Post(f"{number}", stirs=True) for number in range(3)]
    roster = roster_of(*posts, early_share=1.0)
    seen: list[str] = []
    for second in range(6):
        roster.looked_in_time(1)
        (post, *_) = roster.stirred(later(second), [])
        roster.looked_early(post, later(second))
        seen.append(post.camera_id)
    assert seen == ["0", "1", "2", "0", "1", "2"]


def test_nothing_is_looked_at_early_while_a_look_is_long_overdue() -> None:
    stirred, waiting = Post("stirred", stirs=True), Post("waiting")
    roster = roster_of(stirred, waiting, early_share=1.0)
    roster.looked_in_time(4)
    stirred.book.done(later(PROMISE_S * 2), {})
    in_time, overdue = later(PROMISE_S * 1.2), later(PROMISE_S * 2)
    assert ids(roster.stirred(in_time, roster.owed(in_time))) == ["stirred"]
    assert roster.stirred(overdue, roster.owed(overdue)) == []


def test_who_bears_more_risk_is_stretched_less() -> None:
    """Two looks a second, eight cameras of a promise of 2 s: three times too much."""
    posts: list[Any] = [Post("risky", risk=2.0), *(Post(f"{number}") for number in range(11))]
    roster = roster_of(*posts)
    looked: list[str] = []
    for half_second in range(1, 600):
        now = later(half_second / 2)
        if owed := roster.owed(now):
            looked.append(owed[0].camera_id)
            owed[0].book.done(now, {})
    others = [looked.count(f"{number}") for number in range(11)]
    assert max(others) - min(others) <= 1
    assert 1.8 < looked.count("risky") / others[0] < 2.2


def test_risk_does_not_make_a_look_overdue() -> None:
    something = Suspicion.SOMETHING
    risky, suspect, other = (
        Post("r", risk=9.0), Post("s", suspicion=something), Post("o", suspicion=something),
    )  # fmt: skip
    roster, in_time = roster_of(risky, suspect, other), later(PROMISE_S * 1.2)
    assert len(roster.suspicious(in_time, roster.owed(in_time))) == 2


def test_one_looker_does_what_is_done_every_second() -> None:
    roster = roster_of()
    ticks = [roster.takes_tick(later(seconds)) for seconds in (0, 0, 0.5, 1, 1.2, 2.5)]
    assert ticks == [True, False, False, True, False, True]


def test_a_clock_that_is_set_back_ticks_on() -> None:
    roster = roster_of()
    moments = [later(0), *(Moment(s, later(s - 28_800).at) for s in (0.5, 1, 1.5, 2))]
    assert [roster.takes_tick(one) for one in moments] == [True, False, True, False, True]
