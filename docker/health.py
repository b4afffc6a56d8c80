#!/opt/patrol/bin/python
"""Whether a container does its work, for Docker: exit code 0 or 1, and one line why.

usage: patrol-health center      its own health page says that it works, whatever workers do
       patrol-health worker      its last news of looks on the bus is young enough
       patrol-health up          both

The configuration is the file in $PATROL_CONFIG, or the defaults, and the data directory
$PATROL_DATA, as for every `patrol` command: a program that was told so by its command line alone
is asked in the wrong place. Which of the file's workers is meant is in $PATROL_WORKER, where it
names several.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from console.status import NOT_OF_THE_CENTER
from domain.errors import BusUnavailable
from domain.masking import mask_secrets
from domain.silence import LOOKS_SILENT_AFTER_S
from events_bridge.envelope import worker_source
from events_bridge.last_word import last_looks_age_s
from patrol.bus import running_bus
from settings.config import WORKER_VARIABLE, Configuration
from settings.loading import load

TIMEOUT_S = 8.0
"""The page may wait for a bus that hangs before it says so."""
LOOKED_BACK_S = 600.0
"""So far back the check looks for a worker's last word, to tell how old it is."""
BUS_TIMEOUT_S = 3.0
NOT_TOLD = "asked as by the defaults: no file in $PATROL_CONFIG"


def center(configuration: Configuration) -> str | None:
    """What is wrong with the center, if anything."""
    url = f"http://127.0.0.1:{configuration.console.port}/api/health"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            json.load(answer)
    except urllib.error.HTTPError as error:
        return _own_fault(url, error)
    except (OSError, ValueError) as error:
        return f"{url}: {error}"
    return None


def _own_fault(url: str, error: urllib.error.HTTPError) -> str | None:
    """What a page that is not well says of the center itself. Where people are asked for they must
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
    """What is wrong with the worker that this machine is, if anything."""
    told = os.environ.get(WORKER_VARIABLE) or None
    return _worker_of(configuration, configuration.share(told).id)


def _worker_of(configuration: Configuration, worker_id: str) -> str | None:
    limits = {"connect_timeout_s": BUS_TIMEOUT_S, "answer_timeout_s": BUS_TIMEOUT_S}
    bus = configuration.bus.model_copy(update=limits)
    try:
        url = running_bus(configuration)
        age_s = last_looks_age_s(url, worker_id, bus, within_s=LOOKED_BACK_S)
    except BusUnavailable as error:
        return str(error)
    if age_s is None:
        return f"{worker_source(worker_id)}: no looks within {LOOKED_BACK_S:g} s"
    late = age_s > LOOKS_SILENT_AFTER_S
    return f"{worker_source(worker_id)}: last looks {age_s:.0f} s ago" if late else None


def up(configuration: Configuration) -> str | None:
    """What is wrong with a center and all workers in one container, if anything."""
    workers = (_worker_of(configuration, each) for each in configuration.worker_ids)
    return center(configuration) or next((wrong for wrong in workers if wrong), None)


CHECKS = {"center": center, "worker": worker, "up": up}


def check(part: str, file: Path | None, data_dir: Path | None = None) -> str | None:
    """What is wrong with a part, in one line, whatever it is: a traceback tells Docker nothing."""
    try:
        wrong = CHECKS[part](load(file, data_dir=data_dir))
    except Exception as error:
        words = " ".join(mask_secrets(str(error)).split())
        wrong = words or type(error).__name__
    return f"{wrong} ({NOT_TOLD})" if wrong and file is None else wrong


def _path_in(variable: str) -> Path | None:
    told = os.environ.get(variable)
    return Path(told) if told else None


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.stderr.write(str(__doc__))
        return 2
    wrong = check(sys.argv[1], _path_in("PATROL_CONFIG"), _path_in("PATROL_DATA"))
    sys.stdout.write(f"{wrong or 'ok'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
