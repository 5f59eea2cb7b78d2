"""Digests: the same content gives the same digest everywhere; floats have no place in them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanbiao.core.digest import canonical, digest, keyed_digest, merkle_root

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.recursive(
    texts | st.integers(-(10**9), 10**9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "data", [1.0, {"a": 0.5}, [1, [2, {"b": 1e-9}]], (1.5,), {"a": {"b": [float("nan")]}}]
)
def test_floats_are_refused(data: object) -> None:
    with pytest.raises(TypeError):
        canonical(data)
    with pytest.raises(TypeError):
        digest(data)


@given(plain)
def test_order_of_keys_changes_nothing(data: object) -> None:
    def turned(item):
        if isinstance(item, dict):
            return {k: turned(v) for k, v in reversed(item.items())}
        return [turned(i) for i in item] if isinstance(item, list) else item

    assert digest(turned(data)) == digest(data)


def test_the_bytes_are_those_of_rfc_8785() -> None:
    assert canonical({"b": "é", "a": [1, True, None]}) == '{"a":[1,true,null],"b":"é"}'.encode()


@given(st.lists(texts, max_size=6), st.randoms())
def test_a_root_does_not_depend_on_order_but_on_every_leaf(leaves: list[str], shuffle) -> None:
    mixed = list(leaves)
    shuffle.shuffle(mixed)
    assert merkle_root(mixed) == merkle_root(leaves)
    assert merkle_root([*leaves, "one more"]) != merkle_root(leaves)


def test_a_withheld_value_needs_the_salt() -> None:
    assert keyed_digest("salt", "mass", "12") != keyed_digest("other", "mass", "12")
    assert keyed_digest("salt", "ab", "c") != keyed_digest("salt", "a", "bc")


def test_exact_numbers_enter_as_text_only() -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever the writer raises, it must not pass
        digest({"a": Fraction(1, 3)})
