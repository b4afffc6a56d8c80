"""What a worker does for each kind of command."""

import threading
from collections.abc import Sequence

from domain.answers import (
    ConfigurationTold,
    LookSeen,
    PauseEnded,
    PauseHeld,
    Probed,
    Refusal,
    ViewAccepted,
)
from domain.clock import Clock
from domain.commands import (
    AcceptView,
    CommandAsked,
    LookNow,
    Pause,
    Probe,
    Resume,
    TakeConfiguration,
    TakePicture,
    TellConfiguration,
)
from domain.health import CoverageGap, FaultKind
from domain.messages import CoverageGapEnded
from edge.book.page import Page
from edge.commands.outcome import Done, Outcome, Refused, Unfinished
from edge.commands.picture import live_picture
from edge.holder import Holder
from edge.post import CameraPost
from edge.roster import Roster


class Deeds:
    """The deeds of one worker. For one thread."""

    def __init__(
        self,
        posts: Sequence[CameraPost],
        roster: Roster,
        holder: Holder,
        *,
        clock: Clock,
        configuration: ConfigurationTold,
    ) -> None:
        self._posts = {post.camera_id: post for post in posts}
        self._roster = roster
        self._holder = holder
        self._clock = clock
        self._configuration = configuration

    def begin(self, asked: CommandAsked) -> Outcome | Unfinished:
        """Do it, or begin to."""
        match asked.command:
            case TellConfiguration():
                return Done(self._configuration)
            case TakeConfiguration():
                return Refused(Refusal.NOT_SUPPORTED, "a worker reads its own file")
            case command:
                post = self._posts.get(command.camera_id)
                if post is None:
                    return Refused(Refusal.NOT_ITS_CAMERA, command.camera_id)
                if self._holder.lost(command.camera_id):
                    return Refused(Refusal.NOT_ITS_CAMERA, "another worker holds it now")
                return self._of_camera(post, asked)

    def _of_camera(self, post: CameraPost, asked: CommandAsked) -> Outcome | Unfinished:
        match asked.command:
            case LookNow():
                return self._look(post)
            case TakePicture():
                return live_picture(post, self._clock.moment())
            case Probe():
                return self._probe(post)
            case Pause(reason=reason):
                if (held := post.pause) is not None:
                    return Refused(Refusal.ALREADY_PAUSED, held.words.en)
                pause = PauseHeld(
                    camera_id=post.camera_id,
                    command_id=asked.id,
                    reason=reason,
                    paused_by=asked.asked_by,
                    paused_at=self._clock.now(),
                )
                return self._pause(post, pause)
            case Resume():
                return self._resume(post)
            case AcceptView():
                if not post.picture.keeps_view:
                    return Refused(Refusal.NO_VIEW_KEPT)
                return _Accepting(post, self._roster)
            case other:
                return Refused(Refusal.NOT_SUPPORTED, other.kind)

    def _look(self, post: CameraPost) -> Outcome | Unfinished:
        if post.pause is not None:
            return Refused(Refusal.PAUSED, post.pause.words.en)
        status = post.reader.status(self._clock.moment())
        if status.fault is not None:
            return Refused(Refusal.NO_PICTURE, status.detail or status.fault.words.en)
        return _Looking(post)

    def _probe(self, post: CameraPost) -> Outcome:
        now = self._clock.moment()
        newest = post.reader.main.ring.newest
        age_s = None if newest is None else round(max(now.s - newest.captured_s, 0.0), 2)
        return Done(Probed(health=post.health(now), picture_age_s=age_s))

    def _pause(self, post: CameraPost, pause: PauseHeld) -> Outcome:
        def write(page: Page) -> None:
            page.pause(pause)

        return Done(pause, write=write, then=lambda: post.hold_still(pause, self._clock.moment()))

    def _resume(self, post: CameraPost) -> Outcome:
        if (pause := post.pause) is None:
            return Refused(Refusal.NOT_PAUSED)
        now = self._clock.moment()
        gap = CoverageGap(
            camera_id=post.camera_id,
            from_at=min(pause.paused_at, now.at),  # the clock may have been set back meanwhile
            to_at=now.at,
            cause=FaultKind.PAUSED,
            detail=pause.words.zh,
        )

        def write(page: Page) -> None:
            page.resume(post.camera_id)
            page.tell(CoverageGapEnded(gap=gap))

        answer = PauseEnded(paused_at=pause.paused_at, resumed_at=now.at)
        return Done(answer, write=write, then=lambda: post.hold_still(None, now))


class _Looking(Unfinished):
    """Waits for the look that was asked for."""

    def __init__(self, post: CameraPost) -> None:
        self._post = post
        self._told = threading.Event()
        self._seen: LookSeen | None = None
        self._hear = self._take
        post.asked.ask(self._hear)

    def outcome(self) -> Outcome | None:
        if not self._told.is_set():
            return None
        assert self._seen is not None
        return Done(self._seen)

    def give_up(self) -> None:
        self._post.asked.give_up(self._hear)

    def _take(self, seen: LookSeen) -> None:
        self._seen = seen
        self._told.set()


class _Accepting(Unfinished):
    """Waits until nobody looks at the camera: its picture watch is the looker's."""

    def __init__(self, post: CameraPost, roster: Roster) -> None:
        self._post = post
        self._roster = roster

    def outcome(self) -> Outcome | None:
        if not self._roster.claim(self._post):
            return None
        try:
            return Done(ViewAccepted(was_known=self._post.accept_view()))
        finally:
            self._roster.release(self._post)
