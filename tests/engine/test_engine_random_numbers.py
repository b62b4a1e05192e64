"""Philox against the published vectors, Box–Muller in many digits, the noise as independent numbers."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from engine_twins import agrees
from scipy.stats import kstest

from vortexmd.kernels.noise import logarithm, normal_pairs, turn
from vortexmd.random_numbers import philox4x32, thermal_noise

EPS = np.finfo(float).eps
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097")
QUARTER = 2**51

# Random123, kat_vectors: philox4x32, 10 rounds (Salmon et al., SC11).
KNOWN = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text):
    return [np.uint32(int(word, 16)) for word in text.split()]


def noise(seed, step, ids):
    out = np.empty((len(ids), 2))
    thermal_noise(seed, step, np.asarray(ids, dtype=np.int64), out)
    return out


@pytest.mark.parametrize("counter, key, output", KNOWN)
def test_known_answers(counter, key, output):
    assert list(philox4x32(*words(counter), *words(key))) == words(output)


def exact_turn(b):
    """Cosine and sine of 2πb·2⁻⁵³ by their Taylor series, to 40 digits."""
    x = 2 * PI * b / 2**53
    term, sums = Decimal(1), [Decimal(0), Decimal(0)]
    for n in range(70):
        sums[n % 2] += term if n % 4 < 2 else -term
        term *= x / (n + 1)
    return sums


@pytest.mark.parametrize("stream", [0, 3, 255])
def test_box_muller_on_the_words(stream):
    """Counter (id low, step low, step high, stream and id high), key (seed low, high); 53 bits a uniform.

    Off by less than 4ε: logarithm 1 ulp, halved by the root, cosine and sine 2, root and product ½ each.
    """
    seed, step = 0x0123456789ABCDEF, (7 << 32) + 5
    ids = np.concatenate([np.arange(90), 10**6 * np.arange(5_000, 5_100), [2**32 - 1, 2**55 + 1]])
    out = np.empty((len(ids), 2))
    normal_pairs(np.uint64(seed), np.uint64(step), np.uint32(stream), ids, 0, len(ids), out)
    with localcontext(prec=50):
        for one, found in zip(ids.tolist(), out.tolist(), strict=True):
            counter = (one & 0xFFFFFFFF, 5, 7, stream | (one >> 32) << 8)
            w = [int(x) for x in philox4x32(*counter, 0x89ABCDEF, 0x01234567)]
            u = Decimal(((w[0] << 21) ^ (w[1] >> 11)) + 1) / 2**53
            radius = (-2 * u.ln()).sqrt()
            for x, direction in zip(found, exact_turn((w[2] << 21) ^ (w[3] >> 11)), strict=True):
                assert abs(Decimal(x) / (radius * direction) - 1) < 4 * EPS


def test_logarithm():
    """Within an ulp on (0, 1], next to 1 and at every power of two too."""
    rng = np.random.default_rng(2)
    a = {1, 2, 3, 2**53 - 1, 2**53 - 2, 2**53 - 3, *rng.integers(1, 2**53, 300).tolist()}
    for power in range(1, 53):
        a |= {2**power - 1, 2**power, 2**power + 1, 2**53 - 2**power}
        # Where the argument's reduction goes over to the next power: √½.
        a |= {int(2.0**power * np.sqrt(0.5)) + i for i in range(3)}
    with localcontext(prec=50):
        for one in a - {0}:
            exact = (Decimal(one) / 2**53).ln()
            error = abs(Decimal(float(logarithm(one / 2**53))) - exact)
            assert error <= Decimal(float(np.spacing(abs(float(exact))))), one
    assert logarithm(1.0) == 0.0


def test_turn():
    """Within two ulp, next to where cosine or sine vanish and where the reduction changes over too."""
    rng = np.random.default_rng(3)
    b = set(rng.integers(0, 2**53, 300).tolist())
    for eighth in range(8):
        b |= {(eighth * QUARTER // 2 + i) % 2**53 for i in (-1000, -2, -1, 0, 1, 2, 1000)}
    with localcontext(prec=50):
        for one in b - {quarter * QUARTER for quarter in range(4)}:
            for x, exact in zip(turn(np.int64(one)), exact_turn(one), strict=True):
                error = abs(Decimal(float(x)) - exact)
                assert error <= 2 * Decimal(float(np.spacing(abs(float(exact))))), one


def test_quarter_turns_are_exact():
    found = [turn(np.int64(quarter * QUARTER)) for quarter in range(4)]
    assert found == [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]


def test_bits_do_not_depend_on_where_rows_are_cut():
    """Nor on lanes, blocks and what is left over; other rows are left alone."""
    n = 1500
    rng = np.random.default_rng(4)
    ids = rng.permutation(10 * n)[:n]
    whole = noise(6, 12, ids)
    for pieces in (1, 3, 200):
        cut = np.full((n, 2), np.nan)
        edges = np.sort(rng.choice(np.arange(1, n), pieces, replace=False)).tolist()
        for first, last in zip([0, *edges[:-1]], edges, strict=True):
            normal_pairs(np.uint64(6), np.uint64(12), np.uint32(0), ids, first, last, cut)
        assert np.array_equal(cut[: edges[-1]], whole[: edges[-1]])
        assert np.isnan(cut[edges[-1] :]).all()


def test_moments():
    n = 400_000
    x = noise(11, 3, np.arange(n))
    agrees(x.mean(axis=0), 0, 1 / np.sqrt(n))
    agrees((x**2).mean(axis=0), 1, np.sqrt(2 / n))
    agrees((x**3).mean(axis=0), 0, np.sqrt(15 / n))
    agrees((x**4).mean(axis=0), 3, np.sqrt(96 / n))


def test_distribution():
    for component in noise(5, 10**6, np.arange(100_000)).T:
        assert kstest(component, "norm").pvalue > 1e-5


def test_independence():
    """Between components, neighbouring ids, steps and seeds: values and squares."""
    n = 200_000
    ids = np.arange(n)
    here = noise(3, 100, ids)
    others = {
        "next id": noise(3, 100, ids + 1),
        "next step": noise(3, 101, ids),
        "a step 2³² later": noise(3, 100 + 2**32, ids),
        "next seed": noise(4, 100, ids),
        "high half of the seed": noise(3 + 2**32, 100, ids),
    }
    agrees((here[:, 0] * here[:, 1]).mean(), 0, 1 / np.sqrt(n))
    for other in others.values():
        for a in range(2):
            for b in range(2):
                agrees((here[:, a] * other[:, b]).mean(), 0, 1 / np.sqrt(n))
                agrees(((here[:, a] ** 2 - 1) * (other[:, b] ** 2 - 1)).mean(), 0, 2 / np.sqrt(n))


def test_over_steps_of_one_vortex():
    x = np.array([noise(8, step, [77])[0] for step in range(20_000)])
    n = len(x)
    agrees(x.mean(axis=0), 0, 1 / np.sqrt(n))
    agrees((x**2).mean(axis=0), 1, np.sqrt(2 / n))
    for lag in (1, 2, 3, 10):
        agrees((x[lag:] * x[:-lag]).mean(axis=0), 0, 1 / np.sqrt(n - lag))


def test_a_number_depends_on_nothing_but_its_name():
    """Not on who else is drawn, nor in which order."""
    ids = np.array([5, 2**32 - 1, 0, 17])
    together = noise(9, 4, ids)
    assert np.array_equal(together[::-1], noise(9, 4, ids[::-1]))
    assert np.array_equal(together[1], noise(9, 4, ids[1:2])[0])
