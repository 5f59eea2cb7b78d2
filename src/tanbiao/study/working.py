"""Tables a study keeps for the work on it, which are no facts: what is carried forward unconfirmed, parameters,
scenarios and variants."""

from __future__ import annotations

WORKING_TABLES = frozenset(
    {"stale", "parameter", "parameters", "scenario", "scenarios", "variant", "variants"}
)
"""Names of their files or sheets; rulebooks do not see them."""
