"""A report 上报: a matter that no camera's rule found. A person, a platform or a caller tells of
it, and it becomes a case."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.base import Text, Utc, Value
from domain.case import CaseSource, Priority, Triage
from domain.duty import DutyClass
from domain.incident import IncidentKind
from domain.place import Id

DESCRIPTION_MAX = 2_000
TITLE_MAX = 100
ADDRESS_MAX = 200
EXTERNAL_NO_MAX = 64


def _plain(text: str) -> str:
    """Raises ValueError for a NUL, which PostgreSQL does not take."""
    if "\x00" in text:
        raise ValueError("expected plain text, got one with a NUL")
    return text


def _words(at_least: int, at_most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=at_least, max_length=at_most)


class Report(Value):
    """What is reported. Where it says nothing of class and urgency, its kind's settings do, or
    those of reports (`cases.case_settings.CaseSettings.reported`)."""

    source: CaseSource
    """Anything but video_ai: that one takes an incident."""
    title: Annotated[str, _words(0, TITLE_MAX), AfterValidator(_plain)] = ""
    description: Annotated[str, _words(1, DESCRIPTION_MAX), AfterValidator(_plain)]
    kind: IncidentKind | None = None
    """Where it is one of the kinds that cameras find too."""
    duty_class: DutyClass | None = None
    event_code: str | None = Field(default=None, pattern=r"^\d{4}$")
    event_name: Text | None = None
    priority: Priority | None = None
    triage: Triage | None = None
    seen_at: Utc | None = None
    """When it was seen; None: now."""

    camera_id: Id | None = None
    site_id: Id | None = None
    """The camera's own where a camera is named."""
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    crs: Literal["WGS-84"] = "WGS-84"
    """Other datums shift by hundreds of metres and must be converted before."""
    address: Annotated[str, _words(0, ADDRESS_MAX), AfterValidator(_plain)] = ""
    external_no: Annotated[str, _words(1, EXTERNAL_NO_MAX), AfterValidator(_plain)] | None = None
    """Its number on the platform that it comes from; of one source each is one case."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.source is CaseSource.VIDEO_AI:
            raise ValueError("source: expected one of people, video_ai cases are made of incidents")
        if self.kind is None and self.duty_class is None:
            raise ValueError("expected a duty_class, or a kind that has one, got neither")
        if (self.lon is None) is not (self.lat is None):
            raise ValueError(f"expected lon and lat together, got {self.lon} and {self.lat}")
        if (self.event_code is None) is not (self.event_name is None):
            raise ValueError("expected event_code and event_name together, got one of them")
        return self
