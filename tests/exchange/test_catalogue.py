"""Every problem that the room reports stands in the catalogue, and nothing else does."""

from __future__ import annotations

import re

import yaml

from .conftest import ROOT


def test_codes_and_catalogue_agree() -> None:
    texts = [
        p.read_text(encoding="utf-8")
        for p in (*(ROOT / "src/tanbiao/exchange").rglob("*.py"), ROOT / "src/tanbiao/service/exchange.py")
    ]
    used = {c for t in texts for c in re.findall(r'"(exchange-[a-z-]+[a-z])"', t)}
    used |= {f"exchange-uncharacterised-{s}" for s in ("minor", "group", "suspect", "unit")}
    used -= {"exchange-allocation"}  # a prefix
    known = yaml.safe_load((ROOT / "src/tanbiao/catalogue/exchange.yaml").read_text(encoding="utf-8"))
    assert used == set(known)
    for code, texts_ in known.items():
        for part in ("title", "what"):
            assert texts_[part]["zh"] and texts_[part]["en"], code
        places = [set(re.findall(r"\{(\w+)\}", texts_[p][lang])) for p in texts_ for lang in ("zh", "en")]
        assert all(places[k] == places[k + 1] for k in range(0, len(places), 2)), code
