"""Wait for a case of each camera and look at its evidence, inside the container of a center.

usage: python see_cases.py SECONDS CAMERA…      exit code 0 once each has one whose files are whole
"""

import hashlib
import json
import sys
import time
import urllib.request
from typing import Any

CONSOLE = "http://127.0.0.1:8780"
WANTED = {"snapshot", "clip"}
"""The kinds of evidence that a case must have."""


def get(path: str) -> bytes:
    with urllib.request.urlopen(f"{CONSOLE}{path}", timeout=10) as answer:
        content: bytes = answer.read()
    return content


def whole(no: str) -> int:
    """How many sealed files a case has whose content is what was sealed; 0 while some are owed."""
    rows: list[dict[str, Any]] = json.loads(get(f"/api/cases/{no}/evidence"))
    sealed = [row for row in rows if row["status"] == "sealed"]
    if not {row["kind"] for row in sealed} >= WANTED:
        return 0
    for row in sealed:
        if hashlib.sha256(get(f"/api/evidence/{row['id']}/file")).hexdigest() != row["sha256"]:
            raise SystemExit(f"case {no}: evidence {row['id']} is not what was sealed")
    return len(sealed)


def main(seconds: float, cameras: set[str]) -> int:
    give_up_at_s = time.monotonic() + seconds
    lacking = set(cameras)
    while lacking and time.monotonic() < give_up_at_s:
        for case in json.loads(get("/api/cases?limit=100"))["cases"]:
            if case["camera_id"] in lacking and (files := whole(case["no"])):
                lacking.discard(case["camera_id"])
                found = f"{case['no']} {case['kind']} {case['camera_id']}"
                sys.stdout.write(f"    {found}: {files} files with the sealed hashes\n")
                sys.stdout.flush()
        time.sleep(1)
    if lacking:
        sys.stdout.write(f"no case with whole evidence within {seconds:g} s: {sorted(lacking)}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]), set(sys.argv[2:])))
