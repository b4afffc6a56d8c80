"""Faults on demand: what a simulated camera does wrong, and when."""

import re
from dataclasses import dataclass, fields
from typing import Literal, Self, cast, get_args

from domain.errors import ConfigurationError

FaultName = Literal[
    "drop",
    "stall",
    "refuse",
    "not_found",
    "garbage",
    "unauthorized",
    "codec",
    "restart_timestamps",
    "switch",
    "endless",
    "lf",
    "session_control",
    "one_time_nonce",
    "basic_only",
    "udp_only",
    "redirect",
    "reports_only",
    "undeclared",
    "constant_stamp",
]
FAULT_KINDS: dict[FaultName, str] = {
    "drop": "closes the connections of the camera",
    "stall": "sends nothing, the connection stays",
    "refuse": "answers 503 and closes",
    "not_found": "answers 404",
    "garbage": "sends noise instead of video",
    "unauthorized": "answers 401 whatever the password",
    "codec": "announces a codec that nobody knows (SVAC)",
    "restart_timestamps": "RTP timestamps start over",
    "switch": "another clip (to=CAMERA), so that the picture's size may change",
    "endless": "sends the keyframe of a clip that has but one only to who begins to look",
    "lf": "ends the lines of its answers with LF alone",
    "session_control": "plays only at the session's own url, which is another than the stream's",
    "one_time_nonce": "takes each nonce for one request, and does not say that it is stale",
    "basic_only": "asks for the password itself (Basic), whatever it asked for before",
    "udp_only": "answers 461 to who wants the video over the connection",
    "redirect": "answers 302 (to=URL; without it to itself)",
    "reports_only": "sends RTCP reports and no picture",
    "undeclared": "sends the video as a payload type that it did not announce",
    "constant_stamp": "sends all pictures with one RTP timestamp",
}
DOOR_KINDS = frozenset(
    {
        *("refuse", "not_found", "unauthorized", "codec", "lf", "session_control"),
        *("one_time_nonce", "basic_only", "udp_only", "redirect"),
    }
)
"""Faults met when asking for the stream; running streams are closed so that they are met."""
_MOMENTS = frozenset({"drop", "restart_timestamps"})
_UNITS_S = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")


@dataclass(frozen=True)
class Fault:
    """One fault. Its clock starts when the first client plays the camera after the fault was
    set, at once if somebody already plays; without `after_s` and `every_s` it holds from the
    start.

    Raises:
        ConfigurationError: an unknown kind, or times that make no sense for it.
    """

    kind: FaultName
    after_s: float | None = None
    """The first time; `every_s` if that is given, else 0."""
    every_s: float | None = None
    for_s: float | None = None
    """How long it holds each time; without it, for good."""
    to: str | None = None
    """Of `switch`: the camera whose clip is taken; by default the next of another size. Of
    `redirect`: the url."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultName):
            raise ConfigurationError(
                f"expected a fault of {', '.join(FAULT_KINDS)}, got {self.kind!r}"
            )
        for name in ("after_s", "every_s", "for_s"):
            value = getattr(self, name)
            if value is not None and (value < 0 or (name != "after_s" and value == 0)):
                raise ConfigurationError(f"fault {self.kind}: expected {name} > 0, got {value:g}")
        if complaint := self._complaint():
            raise ConfigurationError(f"fault {self.kind}: {complaint}")

    def _complaint(self) -> str | None:
        if self.kind in _MOMENTS and self.for_s is not None:
            return "happens in a moment, expected no for=…"
        if self.kind not in _MOMENTS and self.every_s is not None:
            if self.for_s is None or self.for_s >= self.every_s:
                return "expected for=… shorter than every=…"
        if self.to is not None and self.kind not in ("switch", "redirect"):
            return "expected to=… only with switch and redirect"
        return None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From words such as ``refuse``, ``drop:every=20s``, ``stall:after=5s,for=1m``.

        Raises:
            ConfigurationError: says what was expected and lists the kinds.
        """
        kind, _, rest = text.strip().partition(":")
        values: dict[str, float | str] = {}
        for part in filter(None, rest.split(",")):
            name, _, value = (word.strip() for word in part.partition("="))
            if name == "to" and value:
                values[name] = value
            elif f"{name}_s" in {field.name for field in fields(cls)}:
                values[f"{name}_s"] = _seconds(text, value)
            else:
                raise ConfigurationError(
                    f"fault {text!r}: expected after=, every=, for= or to=, got {part!r}"
                )
        return cls(cast(FaultName, kind), **values)  # type: ignore[arg-type]

    def strikes(self, elapsed_s: float) -> int:
        """How often it has begun within `elapsed_s` of its clock."""
        if elapsed_s < self._first_s:
            return 0
        if self.every_s is None:
            return 1
        return 1 + int((elapsed_s - self._first_s) / self.every_s)

    def holds(self, elapsed_s: float) -> bool:
        """Whether it has begun and not yet ended; a moment never holds."""
        strikes = self.strikes(elapsed_s)
        if strikes == 0 or self.kind in _MOMENTS:
            return False
        begun_s = self._first_s + (strikes - 1) * (self.every_s or 0)
        return self.for_s is None or elapsed_s < begun_s + self.for_s

    @property
    def _first_s(self) -> float:
        return (self.every_s or 0) if self.after_s is None else self.after_s


def parse_camera_fault(text: str) -> tuple[str, Fault]:
    """From ``cam3=drop:every=20s``: the camera's name and its fault."""
    camera, equals, fault = text.partition("=")
    if not (camera and equals and fault):
        raise ConfigurationError(f"expected CAMERA=FAULT such as cam3=drop:every=20s, got {text!r}")
    return camera, Fault.parse(fault)


def _seconds(text: str, value: str) -> float:
    match = _DURATION.fullmatch(value)
    if match is None:
        raise ConfigurationError(
            f"fault {text!r}: expected a time such as 500ms, 20s, 2m or 1h, got {value!r}"
        )
    return float(match[1]) * _UNITS_S[match[2]]
