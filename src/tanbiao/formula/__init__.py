"""The formula language: Python's expression grammar over a white list, with units, basis and three value states.

tree = parse("mass * q('3 kgCO2e/kg')")
check(tree, names)        # dimension, basis and table of the result, without any data
evaluate(tree, scope)     # one pass over bare columns
trace(tree, scope)        # the same, with the value of every part
"""

from .check import Names, check
from .evaluate import Scope, Step, evaluate, trace
from .parse import Node, names_in, parse, parse_predicate
from .types import Type

__all__ = [
    "Names",
    "Node",
    "Scope",
    "Step",
    "Type",
    "check",
    "evaluate",
    "names_in",
    "parse",
    "parse_predicate",
    "trace",
]
