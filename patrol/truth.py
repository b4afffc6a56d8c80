"""A truth file: what each clip of a folder shows, for `patrol eval`.

    defaults:
      rules: {fire: {}}                       # for clips that name none
    clips:
      - file: street.mp4                      # beside the truth file, or in the media folder
        rules: {road_occupation: {for_s: 30}} # replaces the default rules
        zones: []                             # for rules that name zones
        repeat_to_s: 60                       # loop the clip to this length
        incidents: [{kind: road_occupation, from_s: 25, to_s: 50}]

Unknown keys beside these are notes for people; inside rules and zones they are errors.
"""

from typing import Self

from pydantic import Field, model_validator

from domain.base import Value
from domain.incident import IncidentKind
from vision.settings import RuleSettings, RulesSettings, ZoneSettings


class ExpectedIncident(Value):
    """An incident of this kind opens between these seconds of the clip, both included."""

    kind: IncidentKind
    from_s: float = Field(ge=0)
    to_s: float = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_s < self.from_s:
            raise ValueError(f"expected from_s ≤ to_s, got {self.from_s} > {self.to_s}")
        return self


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


class TruthDefaults(Value):
    """What a clip gets unless it says otherwise."""

    rules: RulesSettings = Field(default_factory=dict)


class Truth(Value):
    """A whole truth file."""

    defaults: TruthDefaults = TruthDefaults()
    clips: tuple[ClipTruth, ...]

    def rules_of(self, clip: ClipTruth) -> dict[str, RuleSettings]:
        return self.defaults.rules if clip.rules is None else clip.rules
