#!/opt/patrol/bin/python
"""Whether a container does its work, for Docker: exit code 0 or 1, and one line why.

usage: patrol-health center      its own health page says that it works, whatever workers do
       patrol-health worker      its last news of looks on the bus is young enough

The configuration is the file in $PATROL_CONFIG, or the defaults.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import redis

from patrol.config import Configuration
from patrol.loading import load

TIMEOUT_S = 5.0
SILENT_AFTER_S = 30.0
"""A worker says every few seconds what it has looked at."""
LATEST_NEWS = 50
WORKERS = "workers"
"""The part of the health page that tells of others: workers have a check of their own."""


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
    if wrong == [WORKERS]:
        return None
    return f"{url}: {error}: {', '.join(wrong)}"


def worker(configuration: Configuration) -> str | None:
    """What is wrong with the worker, if anything."""
    source, stream = f"patrol/{configuration.worker.id}", configuration.bus.looks_stream
    bus = redis.Redis.from_url(
        configuration.bus.url, socket_timeout=TIMEOUT_S, decode_responses=True
    )
    try:
        newest: Any = bus.xrevrange(stream, count=LATEST_NEWS)
    except redis.RedisError as error:
        return f"bus {configuration.bus.masked_url}: {error}"
    for entry_id, fields in newest:
        if any(json.loads(value).get("source") == source for value in fields.values()):
            age_s = time.time() - int(entry_id.split("-")[0]) / 1000
            late = age_s > SILENT_AFTER_S
            return f"{source}: last looks {age_s:.0f} s ago" if late else None
    return f"{source}: no looks yet"


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
