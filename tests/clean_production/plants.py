"""The constructed plants, evaluated once for all tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import tanbiao.service as service
from tanbiao.service import Run

ROOT = Path(__file__).resolve().parents[2]
PLANTS = ("steel-works", "cement-plant", "chlor-alkali-plant", "pcb-plant")


@cache
def run_of(name: str) -> Run:
    return service.load(ROOT / "examples" / name).run()
