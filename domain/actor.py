"""Who does something to a case: a value, never a bare string. A person may be called "system" and
is a person all the same."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from domain.base import Text, Value

ACTOR_ID_MAX = 128
"""Characters of an actor's id."""

ActorId = Annotated[str, Field(max_length=ACTOR_ID_MAX, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""Who it is among those of its kind; neither blank nor with a NUL, which PostgreSQL takes not."""


class ActorKind(StrEnum):
    PERSON = "person"
    ROLE = "role"
    """Whoever is on duty, by no name: a desk where nobody has to log in."""
    SYSTEM = "system"
    """The program itself."""
    BRIDGE = "bridge"
    """Another platform, for the people there."""

    @property
    def words(self) -> Text:
        return _TITLES[self]


_TITLES = {
    ActorKind.PERSON: Text.of("人员", "Person"),
    ActorKind.ROLE: Text.of("岗位", "Role"),
    ActorKind.SYSTEM: Text.of("系统", "System"),
    ActorKind.BRIDGE: Text.of("外部平台", "Bridge"),
}


class Actor(Value):
    """Kind and id say who it is; the name is how they were shown when they acted."""

    kind: ActorKind
    id: ActorId
    name: Text

    @classmethod
    def person(cls, person_id: str, name: Text | None = None) -> Self:
        return cls(kind=ActorKind.PERSON, id=person_id, name=name or Text.of(person_id, person_id))

    @classmethod
    def role(cls, role_id: str, name: Text) -> Self:
        return cls(kind=ActorKind.ROLE, id=role_id, name=name)

    @classmethod
    def bridge(cls, bridge_id: str, name: Text) -> Self:
        return cls(kind=ActorKind.BRIDGE, id=bridge_id, name=name)

    @property
    def key(self) -> tuple[ActorKind, str]:
        """The same for the same actor, however they are called by now."""
        return self.kind, self.id

    @property
    def is_system(self) -> bool:
        return self.kind is ActorKind.SYSTEM

    def __str__(self) -> str:
        return self.name.zh


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="center", name=ActorKind.SYSTEM.words)
"""The center's program, where nobody asked it to."""
