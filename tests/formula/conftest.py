"""Formulas on their own: `run` evaluates one over plain values, `typed` checks one against plain types."""

from collections.abc import Callable, Mapping

import pytest

from tanbiao.core.value import Value
from tanbiao.formula import evaluate, parse
from tanbiao.formula.check import check
from tanbiao.formula.types import Type
from tests.formula.scope import PlainNames, PlainScope


@pytest.fixture
def run() -> Callable[..., Value]:
    """`run("a + b", a=1, b=[1, 2])`."""
    return lambda text, **values: evaluate(parse(text), PlainScope(values))


@pytest.fixture
def typed() -> Callable[..., Type]:
    """`typed("a + b", {"a": Type(…)})`: the static type of a formula."""

    def find(
        text: str,
        types: Mapping[str, Type],
        table: str | None = None,
        parents: Mapping[str, str] | None = None,
        converts: frozenset[str] = frozenset(),
    ) -> Type:
        return check(parse(text), PlainNames(types, table, parents), converts)

    return find
