#!/opt/patrol/bin/python
"""Whether a container does its work, for Docker: exit code 0 or 1, and one line why.

usage: patrol-health center      its own health page says that it works, whatever workers do
       patrol-health worker      its last news of looks on the bus is young enough

The configuration is the file in $PATROL_CONFIG, or the defaults.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from console.status import NOT_OF_THE_CENTER
from domain.errors import BusUnavailable
from events_bridge.envelope import worker_source
from events_bridge.last_word import last_looks_age_s
from patrol.bus import running_bus
from patrol.config import Configuration
from patrol.loading import load

TIMEOUT_S = 5.0
SILENT_AFTER_S = 30.0
"""A worker says every few seconds what it has looked at."""
LOOKED_BACK_S = 600.0
"""How far back a worker's last word is looked for."""


def center(configuration: Configuration) -> str | None:
    """What is wrong with the center, if anything."""
    url = f"http://127.0.0.1:{configuration.console.port}/api/health"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            json.load(answer)
    except urllib.error.HTTPError as error:
        return _own_fault(url, error)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        return f"{url}: {error}"
    return None


def _own_fault(url: str, error: urllib.error.HTTPError) -> str | None:
    """What a page that is not well says of the center itself. While workers are silent people must
    reach the console all the more, and the proxy waits for a healthy center."""
    try:
        health = json.load(error)
        parts = [*health["parts"], *(health["program"] or {"parts": ()})["parts"]]
        wrong = [part["name"] for part in parts if not part["ok"]]
    except (ValueError, KeyError, TypeError):
        return f"{url}: {error}"
    if wrong and NOT_OF_THE_CENTER.issuperset(wrong):
        return None
    return f"{url}: {error}: {', '.join(wrong)}"


def worker(configuration: Configuration) -> str | None:
    """What is wrong with the worker, if anything."""
    who = worker_source(configuration.worker.id)
    try:
        age_s = last_looks_age_s(
            running_bus(configuration),
            configuration.worker.id,
            configuration.bus,
            within_s=LOOKED_BACK_S,
        )
    except BusUnavailable as error:
        return str(error)
    if age_s is None:
        return f"{who}: no looks within {LOOKED_BACK_S:g} s"
    return f"{who}: last looks {age_s:.0f} s ago" if age_s > SILENT_AFTER_S else None


def main() -> int:
    parts = {"center": center, "worker": worker}
    if len(sys.argv) != 2 or sys.argv[1] not in parts:
        sys.stderr.write(str(__doc__))
        return 2
    file = os.environ.get("PATROL_CONFIG")
    wrong = parts[sys.argv[1]](load(Path(file) if file else None))
    sys.stdout.write(f"{wrong or 'ok'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
