"""The one palette: inks, deep greens and ochre, stepped in lightness so that black and white print keeps them apart."""

from __future__ import annotations

INK = "#18262b"
MUTED = "#5f6c6b"
RULE = "#d8d5cb"
PAPER = "#fffefb"
SAND = "#f5f2ea"
GREEN = "#1d5c44"
DEEP = "#123f2f"
LEAF = "#5b9a7c"
MIST = "#e6efe9"
OCHRE = "#c98a1b"
STRAW = "#e3bd72"
CREAM = "#fbf3e0"
RUST = "#9a3a22"
BLUSH = "#fbece6"

COVERAGE = {"direct": INK, "named": "#1d5c44", "derived": "#6aa588", "proxy": "#e3bd72", "none": "#f3efe4"}
"""Dark to light: from what is known directly to what nobody knows."""
ON_COVERAGE = {"direct": "#ffffff", "named": "#ffffff", "derived": INK, "proxy": INK, "none": INK}

VERDICT = {"fail": RUST, "not_evaluable": OCHRE, "not_applicable": "#9aa3a1", "pass": GREEN}

NAMES = {
    "ink": INK,
    "muted": MUTED,
    "rule": RULE,
    "paper": PAPER,
    "sand": SAND,
    "green": GREEN,
    "deep": DEEP,
    "mist": MIST,
    "ochre": OCHRE,
    "straw": STRAW,
    "cream": CREAM,
    "rust": RUST,
    "blush": BLUSH,
    "warn": "#8a5a12",
    "hair": "#ebe8df",
    **VERDICT,
}
"""What the templates of the report call the colours."""
