"""Who acts is a value: no name can make anybody the program."""

import pytest
from pydantic import ValidationError

from cases.states import Who
from domain.actor import SYSTEM, Actor, ActorKind
from domain.base import Text


@pytest.mark.parametrize("name", ["system", "auto", "center", "系统", SYSTEM.id])
def test_nobody_is_the_program_by_their_name(name: str) -> None:
    person = Actor.person(name, SYSTEM.name)
    assert (person.is_system, person == SYSTEM, person.key == SYSTEM.key) == (False,) * 3
    assert Who.of(person) is Who.PERSON
    assert Who.of(SYSTEM) is Who.SYSTEM


def test_who_it_is_does_not_change_with_how_they_are_called() -> None:
    before, after = Actor.person("li", Text.of("李", "Li")), Actor.person("li")
    assert before != after
    assert before.key == after.key
    assert Actor.role("li", before.name).key != before.key


@pytest.mark.parametrize("wrong", ["", " ", "\t\n", "a\0", "x" * 129])
def test_an_actor_has_an_id(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Actor.person(wrong, Text.of("某", "Somebody"))


def test_each_kind_has_a_hand_and_words() -> None:
    for kind in ActorKind:
        actor = Actor(kind=kind, id="x", name="某")
        assert Who.of(actor)
        assert kind.words.zh
        assert Actor.model_validate_json(actor.model_dump_json()) == actor
