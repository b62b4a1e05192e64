"""Philox against the published vectors, and the noise against independent normal numbers."""

import numpy as np
import pytest
from engine_twins import agrees
from scipy.stats import kstest

from vortexmd.random_numbers import philox4x32, thermal_noise

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


def test_box_muller_on_the_words():
    """Counter (id, step low, step high, stream 0), key (seed low, high); 53 bits to a uniform."""
    seed, step, one = 0x0123456789ABCDEF, (7 << 32) + 5, 4_000_000_000
    counter = [np.uint32(word) for word in (one, 5, 7, 0)]
    w = [int(x) for x in philox4x32(*counter, np.uint32(0x89ABCDEF), np.uint32(0x01234567))]
    u = (((w[0] << 21) ^ (w[1] >> 11)) + 1) / 2**53
    v = ((w[2] << 21) ^ (w[3] >> 11)) / 2**53
    radius = np.sqrt(-2 * np.log(u))
    expected = radius * np.array([np.cos(2 * np.pi * v), np.sin(2 * np.pi * v)])
    assert noise(seed, step, [one])[0] == pytest.approx(expected, abs=1e-12)


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
