"""Evaluate: resolve, decide, build lines, run, compare, explain. Pure: no clock, network or database."""

from .background import POSITION_COLUMNS, POSITIONS, Background, Provider
from .cases import run_cases
from .facts import Facts, FactTable, resolve_facts
from .judge import evaluate_rulebook
from .ledger import Entry, Ledger, ledger_from
from .results import Finding, Published, Result, Stage
from .run import Evaluation

__all__ = [
    "POSITIONS",
    "POSITION_COLUMNS",
    "Background",
    "Entry",
    "Evaluation",
    "FactTable",
    "Facts",
    "Finding",
    "Ledger",
    "Provider",
    "Published",
    "Result",
    "Stage",
    "evaluate_rulebook",
    "ledger_from",
    "resolve_facts",
    "run_cases",
]
