"""Run the soak tier and write what it measured to docs/records/soak.json: commit, machine, counts.

python tools/record.py soak [--fuzz-seconds 300]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str) -> tuple[int, str, float]:
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout[-2000:], done.stderr[-2000:], sep="\n")
    return done.returncode, done.stdout, time.monotonic() - start


def counts(output: str) -> dict[str, int]:
    """What pytest's last line counts."""
    return {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped)", output)}


def soak(fuzz_seconds: int) -> int:
    """The slow tests, every law on many other cases, then fuzzing; the record counts each and says how long it took."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, output, seconds = run(sys.executable, "-m", "pytest", "-m", "slow")
    law_code, laws, laws_took = run(
        sys.executable, "-m", "pytest", "-m", "hypothesis and not slow", "--hypothesis-profile=soak"
    )
    fuzz_code, fuzzed, fuzz_took = run(sys.executable, "-m", "tests.fuzz", "--seconds", str(fuzz_seconds))
    cases = {name: int(n) for name, n in re.findall(r"^(\w+): (\d+) cases", fuzzed, re.MULTILINE)}
    record = {
        "what": "soak",
        "commit": commit.stdout.strip(),
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "slow_tests": counts(output) | {"seconds": round(seconds, 1), "exit": code},
        "laws": counts(laws) | {"seconds": round(laws_took, 1), "exit": law_code},
        "fuzz": {"cases": cases, "seconds": round(fuzz_took, 1), "exit": fuzz_code},
    }
    path = ROOT / "docs" / "records" / "soak.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return code or law_code or fuzz_code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tier", choices=["soak"])
    parser.add_argument("--fuzz-seconds", type=int, default=300)
    arguments = parser.parse_args()
    sys.exit(soak(arguments.fuzz_seconds))
