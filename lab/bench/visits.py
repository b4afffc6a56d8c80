"""What people do at the console while it is measured: lists, searches, pages, decisions."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from domain.closing import Closing
from lab.bench.report import Spread, spread

TIMEOUT_S = 60.0
VISIT_FOR_S = 15.0
"""One kind of visit is repeated for no longer than this."""

LISTS = (
    "/api/cases?limit=50",
    "/api/cases?limit=50&group=review",
    "/api/cases?limit=50&group=work",
    "/api/cases?limit=50&group=done",
    "/api/cases?limit=50&group=voided&kind=fire",
    "/api/cases?limit=50&kind=crowding",
    "/api/cases?limit=50&camera=cam7",
    "/api/cases?limit=50&grid=l1-2",
    "/api/cases?limit=50&grid=l3-05&group=done",
    "/api/cases?limit=50&overdue=true",
    "/api/cases?limit=50&order=newest",
)
SEARCHES = (
    "/api/cases?limit=50&search=火情",
    "/api/cases?limit=50&search=示例路口07",
    "/api/cases?limit=50&search=示例社区01 聚集",
    "/api/cases?limit=50&search=摄像机100",
    "/api/cases?limit=50&search=0042",
    "/api/cases?limit=50&search=nothing-of-the-kind",
)
DESKS = ("/desk", "/desk?group=all", "/desk?group=done&kind=fire")
WALLS = ("/wall",)


class Visitor(Closing):
    """One person at the console of `port`."""

    def __init__(self, port: int) -> None:
        self._web = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S, trust_env=False
        )

    def close(self) -> None:
        self._web.close()

    def get(self, address: str) -> Any:
        """The JSON at an address."""
        answer = self._web.get(address)
        answer.raise_for_status()
        return answer.json()

    def visits_ms(self, addresses: Sequence[str], rounds: int) -> list[float]:
        """Milliseconds of each visit; every address in turn, `rounds` times or `VISIT_FOR_S`."""
        taken: list[float] = []
        until = time.monotonic() + VISIT_FOR_S
        for _ in range(rounds):
            for address in addresses:
                began = time.perf_counter()
                self._web.get(address).raise_for_status()
                taken.append(1000 * (time.perf_counter() - began))
            if time.monotonic() > until:
                break
        return taken

    def actions_ms(self, actions: int) -> list[float]:
        """Milliseconds of each decision: cases that wait for review are confirmed."""
        wanted = f"/api/cases?limit={actions}&group=review&state=pending_review"
        taken: list[float] = []
        until = time.monotonic() + VISIT_FOR_S
        for case in self.get(wanted)["cases"]:
            began = time.perf_counter()
            answer = self._web.post(
                f"/api/cases/{case['no']}/moves",
                json={"move": "confirm", "version": case["version"]},
            )
            answer.raise_for_status()
            taken.append(1000 * (time.perf_counter() - began))
            if time.monotonic() > until:
                break
        return taken


def both(values: Iterable[float]) -> Spread:
    return spread(values, (50, 95))


def high(values: Iterable[float]) -> Spread:
    return spread(values, (95,))
