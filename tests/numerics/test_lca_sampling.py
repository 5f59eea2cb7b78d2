"""Draws: every distribution has its moments, streams are independent, and nothing depends on how the work is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tanbiao.numerics.lca import fixed, lognormal, moments, pedigree, plain, streams
from tanbiao.numerics.lca.solve import compiled
from tanbiao.numerics.lca.uncertainty import LARGEST_SIGMA, Uncertainty, affine, problems, shaped

nan = float("nan")
CASES = {
    "fixed": (streams.FIXED, -3.0, nan, nan, nan, nan),
    "lognormal": (streams.LOGNORMAL, 2.0, 0.4, nan, nan, nan),
    "negative lognormal": (streams.LOGNORMAL, -2.0, 0.4, nan, nan, nan),
    "lognormal of sigma 0": (streams.LOGNORMAL, 2.0, 0.0, nan, nan, nan),
    "normal": (streams.NORMAL, 1.0, 2.0, nan, nan, nan),
    "normal around 0": (streams.NORMAL, 0.0, 0.5, nan, nan, nan),
    "uniform": (streams.UNIFORM, nan, nan, nan, -1.0, 3.0),
    "uniform of one point": (streams.UNIFORM, nan, nan, nan, 3.0, 3.0),
    "triangular": (streams.TRIANGULAR, 2.0, nan, nan, 1.0, 5.0),
    "triangular with its mode at an end": (streams.TRIANGULAR, 1.0, nan, nan, 1.0, 5.0),
    "triangular of one point": (streams.TRIANGULAR, 1.0, nan, nan, 1.0, 1.0),
    "PERT": (streams.BETA, 2.0, nan, 4.0, 10.0, 16.0),
    "gamma": (streams.GAMMA, 0.0, 2.0, 3.0, nan, nan),
    "weibull": (streams.WEIBULL, 1.0, 2.0, 1.5, nan, nan),
    "student": (streams.STUDENT, 1.0, 0.5, 8.0, nan, nan),
    "bernoulli": (streams.BERNOULLI, 0.3, nan, nan, 0.0, 4.0),
    "discrete": (streams.DISCRETE, nan, nan, nan, 2.0, 7.0),
    "extreme": (streams.EXTREME, 1.0, 0.5, 0.1, nan, nan),
}


def table(*rows: tuple[float, ...]) -> Uncertainty:
    columns = [np.array(c, dtype=np.float64) for c in zip(*rows, strict=True)]
    return Uncertainty(columns[0].astype(np.uint8), *columns[1:])


def draws(u: Uncertainty, packs: int, seed: int = 1, loops: object = plain) -> np.ndarray:
    offset, spread, shape = affine(u)
    key, other = streams.keys(seed, 0, len(u))
    out = np.empty((len(u), packs * streams.LANES))
    for p in range(packs):
        pack = np.zeros((len(u), streams.LANES), dtype=np.float32)
        loops.sample(u.kind, shape, key, other, streams.lanes(p), pack)  # type: ignore[attr-defined]
        for kind in np.unique(u.kind[u.kind >= streams.BETA]):
            k = np.flatnonzero(u.kind == kind)
            pack[k] = shaped(
                int(kind), u.location[k], u.shape[k], (u.maximum - u.minimum)[k], pack[k].astype(float)
            )
        out[:, p * streams.LANES : (p + 1) * streams.LANES] = offset[:, None] + spread[:, None] * pack
    return out


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [None, 11])
def test_draws_have_the_moments_of_their_distribution_seeded_or_not(name: str, seed: int | None) -> None:
    seed = int(np.random.SeedSequence().entropy % 2**63) if seed is None else seed  # type: ignore[operator]
    u = table(*[CASES[name]] * 40)
    x = draws(u, 64, seed).ravel()  # 81,920 draws of 40 streams
    mean, variance = (m[0] for m in moments(u))
    error = np.sqrt(variance / x.size)
    assert abs(x.mean() - mean) <= 5.5 * error + 1e-6 * abs(mean)
    assert x.var() == pytest.approx(variance, rel=0.15, abs=1e-12)


def test_lognormal_and_triangular_draws_pass_a_test_of_their_whole_distribution() -> None:
    x = draws(table(*[CASES["lognormal"]] * 40), 64).ravel()
    assert stats.kstest(np.log(x / 2.0) / 0.4, "norm").pvalue > 0.001
    y = draws(table(*[CASES["triangular"]] * 40), 64).ravel()
    assert stats.kstest(y, stats.triang(0.25, 1.0, 4.0).cdf).pvalue > 0.001


def test_streams_are_independent_of_each_other_and_from_sample_to_sample() -> None:
    z = draws(table(*[CASES["normal around 0"]] * 60), 64) / 0.5
    across = np.corrcoef(z) - np.eye(60)
    assert np.abs(across).max() < 5.5 / np.sqrt(z.shape[1])
    for lag in (1, 2, 16, 32):
        assert abs((z[:, lag:] * z[:, :-lag]).mean()) < 5.0 / np.sqrt(z.size)
    a, b = draws(table(CASES["normal"]), 64, seed=1), draws(table(CASES["normal"]), 64, seed=2)
    assert abs(np.corrcoef(a[0], b[0])[0, 1]) < 5.0 / np.sqrt(a.size)


def test_no_two_samples_share_their_word() -> None:
    words = np.concatenate([streams.lanes(p) for p in (*range(4000), 2**28 - 1)])
    assert np.unique(words).size == words.size


@pytest.mark.skipif(not compiled(), reason="numba is not installed")
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**63 - 1))
def test_the_compiled_sampler_draws_the_same_bits_as_the_plain_one(seed: int) -> None:
    from tanbiao.numerics.lca import kernels

    u = table(*CASES.values(), *[CASES["lognormal"]] * 50)
    assert np.array_equal(draws(u, 4, seed), draws(u, 4, seed, kernels))


def test_what_is_no_distribution_is_found() -> None:
    u = table(
        (streams.LOGNORMAL, 1.0, -0.1, nan, nan, nan),
        (streams.UNIFORM, nan, nan, nan, 2.0, 1.0),
        (streams.TRIANGULAR, 9.0, nan, nan, 1.0, 2.0),
        (streams.NORMAL, 0.0, nan, nan, nan, nan),
        (streams.LOGNORMAL, 1.0, LARGEST_SIGMA + 1, nan, nan, nan),
        *CASES.values(),
    )
    assert problems(u).tolist() == [0, 1, 2, 3, 4]


def test_lognormals_without_spread_or_amount_are_fixed() -> None:
    assert lognormal([1.0, 0.0, -2.0], [0.0, 0.3, 0.3]).kind.tolist() == [0, 0, 1]
    assert moments(fixed([1.0, -2.0]))[1].tolist() == [0.0, 0.0]


def test_pedigree_scores_become_a_deviation() -> None:
    factors = [[1.0, 1.05, 1.1, 1.2, 1.5], [1.0, 1.02, 1.05, 1.1, 1.2]]
    sigma = pedigree(np.array([[1, 1], [5, 3]]), factors, np.array([1.05, 1.05]))
    assert sigma[0] == pytest.approx(np.log(1.05) / 2)
    assert sigma[1] == pytest.approx(np.sqrt(np.log(1.05) ** 2 + np.log(1.5) ** 2 + np.log(1.05) ** 2) / 2)
    with pytest.raises(ValueError):
        pedigree(np.array([[0, 1]]), factors, np.array([1.05]))
