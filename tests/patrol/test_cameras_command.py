"""`patrol cameras ask`: its words are those of the kinds. With a worker: tests/integration."""

from domain.commands import ASKABLE
from patrol.commands.cameras import Wanted


def test_every_kind_that_may_be_asked_can_be_written_here() -> None:
    assert {wanted.name.lower() for wanted in Wanted} == set(ASKABLE)
