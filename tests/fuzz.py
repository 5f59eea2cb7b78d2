"""Fuzzing: whatever is fed to the readers, only catalogue errors come out. `python -m tests.fuzz --seconds 60`."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tanbiao.core.errors import TanbiaoError
from tanbiao.core.text import parse_yaml
from tanbiao.formula import parse
from tanbiao.service import Places, check_study, load
from tanbiao.standards import read_pack

ROOT = Path(__file__).resolve().parents[1]
PLACES = Places()
PIECES = [
    "1",
    "0.5",
    "a",
    "b.c",
    "sum(",
    ")",
    "(",
    "+",
    "-",
    "*",
    "/",
    "**",
    "<",
    "<=",
    " and ",
    " or ",
    "not ",
    " if ",
    " else ",
    "q('5 kg')",
    "'x'",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    " in ",
    "lambda x: x",
    "__class__",
    ".",
    "物料.质量",
    "where(",
    "under({a: b}, c)",
    "lookup(t.v, k=1)",
    "\n",
    "\x00",
    "é",
    "1e400",
    "0x10",
    "1j",
    "…",
]


def formulas(random_: random.Random) -> None:
    text = "".join(random_.choice(PIECES) for _ in range(random_.randint(1, 60)))
    parse(text)


def mutate(data: bytes, random_: random.Random) -> bytes:
    """A few bytes changed, cut out, doubled or inserted."""
    found = bytearray(data)
    for _ in range(random_.randint(1, 6)):
        if not found:
            break
        at = random_.randrange(len(found))
        match random_.randrange(4):
            case 0:
                found[at] = random_.randrange(256)
            case 1:
                del found[at : at + random_.randint(1, 40)]
            case 2:
                found[at:at] = found[at : at + random_.randint(1, 40)]
            case _:
                found[at:at] = random_.choice(
                    [b",", b"\n", b'"', b"=", b"- ", b": ", b"\xff", b"nan", b"1e999", b"{"]
                )
    return bytes(found)


def yaml_texts(random_: random.Random) -> None:
    source = random_.choice(sorted((ROOT / "packs").rglob("*.yaml")))
    parse_yaml(mutate(source.read_bytes(), random_).decode("utf-8", "replace"), source.name)


def packs(random_: random.Random) -> None:
    source = random_.choice(sorted((ROOT / "tests" / "packs").rglob("pack.yaml"))).parent
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "pack"
        shutil.copytree(source, target)
        victim = random_.choice(sorted(p for p in target.rglob("*") if p.is_file()))
        victim.write_bytes(mutate(victim.read_bytes(), random_))
        read_pack(target)


def studies(random_: random.Random) -> None:
    source = ROOT / "examples" / "five-processes"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "study"
        shutil.copytree(source, target)
        victim = random_.choice(sorted(p for p in target.glob("*") if p.suffix in (".csv", ".yaml")))
        victim.write_bytes(mutate(victim.read_bytes(), random_))
        check_study(load(target, PLACES))


def readers(random_: random.Random) -> None:
    """One case for every reader of other formats; its own runner mutates real and made files."""
    from tests.exchange import fuzz

    fuzz.run(seconds=0.5, seed=random_.randrange(1 << 30))


TARGETS: dict[str, Callable[[random.Random], None]] = {
    "formulas": formulas,
    "yaml": yaml_texts,
    "packs": packs,
    "studies": studies,
    "readers": readers,
}


def run(seconds: float, seed: int) -> dict[str, int]:
    """Run every target in turn for `seconds`; a traceback other than a catalogue error ends it. Returns the counts."""
    random_ = random.Random(seed)
    counts = dict.fromkeys(TARGETS, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, target in TARGETS.items():
            for _ in range(20 if name in ("formulas", "yaml") else 1 if name == "readers" else 2):
                state = random_.getstate()
                try:
                    target(random_)
                except TanbiaoError as error:
                    for problem in error.problems:
                        assert problem.text("zh") and problem.text("en"), problem.code
                except Exception:
                    print(f"{name}: seed {seed}, case {counts[name]}, state {hash(state)}", file=sys.stderr)
                    raise
                counts[name] += 1
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    for name, count in run(arguments.seconds, arguments.seed).items():
        print(f"{name}: {count} cases, only catalogue errors")
