"""A truth file: what each clip of a folder shows, for `patrol eval`.

    defaults:
      rules: {fire: {}}                       # for clips that name none
    clips:
      - file: street.mp4                      # beside the truth file, or in the media folder
        rules: {road_occupation: {for_s: 30}} # replaces the default rules
        zones: []                             # for rules that name zones
        repeat_to_s: 60                       # loop the clip to this length
        starts_at: "09:40"                    # what the clock on the site's wall shows at second 0
        boxes: street.boxes.json              # what stands in for a detector (patrol.boxes)
        incidents: [{kind: road_occupation, from_s: 25, to_s: 50, height: 0.3}]
        source: street                        # what was filmed in one go is one source (the file)
        light: day                            # or night; as its pictures are if nobody says it
        faults: [{fault: moved, from_s: 120, to_s: 200}]   # of the camera; scored apart

Unknown keys beside these are notes for people; inside rules and zones they are errors.
"""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.base import Text, Value
from domain.health import FaultKind
from domain.incident import IncidentKind
from vision.rule_register import RuleSettings, RulesSettings, ZoneSettings
from vision.schedule import TimeOfDay


class ExpectedSpan(Value):
    """Something begins between these seconds of the clip, both included."""

    from_s: float = Field(ge=0)
    to_s: float = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_s < self.from_s:
            raise ValueError(f"expected from_s ≤ to_s, got {self.from_s} > {self.to_s}")
        return self


class Light(StrEnum):
    DAY = "day"
    NIGHT = "night"

    @property
    def words(self) -> Text:
        return _LIGHTS[self]


_LIGHTS = {Light.DAY: Text.of("白天", "Day"), Light.NIGHT: Text.of("夜间", "Night")}


class ExpectedIncident(ExpectedSpan):
    """An incident of this kind opens in the span."""

    kind: IncidentKind
    height: float | None = Field(default=None, gt=0, le=1)
    """How high what it is about stands in the picture, as a share of it; None: as high as the
    largest box that the detector had for it."""


class ExpectedFault(ExpectedSpan):
    """Picture diagnosis says this of the camera in the span."""

    fault: FaultKind


class ClipTruth(Value):
    """One run of one clip. A clip may come more than once, with other rules."""

    file: str = Field(min_length=1)
    incidents: tuple[ExpectedIncident, ...]
    """What must be found; any other incident is false. Said even when there is nothing."""
    rules: RulesSettings | None = None
    """None means the defaults."""
    zones: tuple[ZoneSettings, ...] = ()
    repeat_to_s: float | None = Field(default=None, gt=0)
    """The clip is looped to this length on the virtual clock; none means played once."""
    starts_at: TimeOfDay | None = None
    """The town's wall clock at second 0, for hours and exemptions; none means noon."""
    boxes: str | None = None
    """A file of boxes beside the clip (`lab.trials.boxes`) that stands in for what a detector would
    see; the detector is not asked then. None means that it looks."""
    source: str | None = Field(default=None, min_length=1)
    """What it was cut from. Clips of one source tell little more than one of them, and are drawn
    together where figures are spread over sources; None means that the file is its own."""
    light: Light | None = None
    """None: as its pictures are."""
    faults: tuple[ExpectedFault, ...] | None = None
    """What picture diagnosis must find, any other fault is false. None: faults are told and not
    judged."""

    @property
    def source_name(self) -> str:
        return self.source or self.file


class TruthDefaults(Value):
    """What a clip gets unless it says otherwise."""

    rules: RulesSettings = Field(default_factory=dict)


class Truth(Value):
    """A whole truth file."""

    defaults: TruthDefaults = TruthDefaults()
    clips: tuple[ClipTruth, ...]

    def rules_of(self, clip: ClipTruth) -> dict[str, RuleSettings]:
        return self.defaults.rules if clip.rules is None else clip.rules
