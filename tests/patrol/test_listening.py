"""The console's address, taken or refused in words."""

import os
import socket

import psutil
import pytest

from patrol.listening import AddressUnusable, check_free, listen


@pytest.fixture
def taken() -> int:
    (line,) = listen("127.0.0.1", 0)
    port: int = line.getsockname()[1]
    check_free("127.0.0.1", 0)
    line.close()
    return port


def test_a_port_in_use_names_the_program_and_the_key(taken: int) -> None:
    with socket.create_server(("127.0.0.1", taken)):
        with pytest.raises(AddressUnusable) as caught:
            listen("127.0.0.1", taken)
    said = str(caught.value)
    assert said.startswith(f"port {taken} is in use by another program")
    assert f"process {os.getpid()})" in said
    assert "console.port" in said


@pytest.mark.parametrize("error", [psutil.AccessDenied(), FileNotFoundError(), RuntimeError()])
def test_where_nobody_may_see_who_listens_the_port_is_said(
    taken: int, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on systems that tell connections to root alone, and in containers without /proc/net."""

    def refuse(kind: str) -> None:
        raise error

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with socket.create_server(("127.0.0.1", taken)):
        with pytest.raises(AddressUnusable, match=f"port {taken} is in use by another program: "):
            listen("127.0.0.1", taken)


def test_a_port_that_was_just_given_up_is_free(taken: int) -> None:
    for _ in range(3):
        check_free("127.0.0.1", taken)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", "expected an address of this machine, got 192.0.2.1"),
        ("no.invalid", "expected a name or an address of this machine"),
        ("a" * 300, "expected a name or an address of this machine"),
    ],
)
def test_an_address_that_is_not_of_this_machine(host: str, words: str) -> None:
    with pytest.raises(AddressUnusable, match=words):
        listen(host, 0)


def test_a_name_with_several_addresses(taken: int) -> None:
    lines = listen("localhost", taken)
    assert {line.getsockname()[1] for line in lines} == {taken}
    for line in lines:
        line.close()
