"""Strangers are kept out: other hosts, other sites' pages, and anything from elsewhere."""

import re

import httpx
import pytest

from tests.console.conftest import Center
from tests.console.server import LiveServer


@pytest.mark.parametrize("path", ["/desk", "/api/cases", "/api/stream"])
def test_an_unknown_host_name_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400


OTHER = {"Origin": "http://evil.example"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
        (OTHER, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", **OTHER}, 403),
    ],
)
def test_only_own_pages_and_programs_may_decide(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = client.post(
        "/api/cases/none/moves", json={"move": "confirm", "version": 1}, headers=headers
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail_zh"]


@pytest.mark.parametrize("path", ["/api/cases/a%00b", "/api/cases?grid=%00", "/desk?camera=a%00"])
def test_no_address_holds_a_nul(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 400


def test_its_own_origin_may_decide(server: LiveServer, client: httpx.Client) -> None:
    answer = client.post(
        "/api/cases/none/undo", json={"version": 1}, headers={"Origin": server.url}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/desk", "/wall", "/cameras", "/api/cases", "/api/docs", "/nope"])
def test_every_answer_forbids_what_is_not_its_own(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/desk", "/wall", "/cameras"])
def test_pages_run_no_inline_script_and_load_nothing_from_elsewhere(
    center: Center, client: httpx.Client, path: str
) -> None:
    center.open_case()
    page = client.get(path).text
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", page)
    assert not re.findall(r"\son\w+=", page)
    assert not re.findall(r"\sstyle=", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in script or "application/json" in script for script in scripts)
