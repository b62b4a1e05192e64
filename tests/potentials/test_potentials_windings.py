"""Who acts on whom: pair, covers, Interaction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import potentials as pot
from potentials.base import canonical_pair

windings = st.integers(-6, 6).filter(bool)
TABLE = pot.Tabulated(np.linspace(0, 10, 200), np.exp(-np.linspace(0, 10, 200)))


@given(n1=windings, n2=windings)
def test_order_and_common_sign_do_not_matter(n1, n2):
    name = canonical_pair(n1, n2)
    assert name == canonical_pair(n2, n1) == canonical_pair(-n1, -n2) == canonical_pair(-n2, -n1)
    assert name[0] > 0 and name[0] <= abs(name[1])
    assert name in {(n1, n2), (n2, n1), (-n1, -n2), (-n2, -n1)}


@given(n1=windings, n2=windings, r=st.floats(0.05, 20))
def test_laws_that_scale_with_the_product(n1, n2, r):
    for law in (
        pot.London(f0=1.3),
        pot.Log(q=0.4),
        pot.Pearl(pearl_length=3.0),
        pot.FromFunction(pot.London().force, scales_with_winding=True),
        pot.Tabulated(TABLE.r, TABLE.values, scales_with_winding=True),
    ):
        assert law.covers(n1, n2)
        pair = law.pair(n1, n2)
        assert pair.force(r) == pytest.approx(n1 * n2 * law.force(r), rel=1e-14)
        assert pair.energy(r) == pytest.approx(n1 * n2 * law.energy(r), rel=1e-12, abs=1e-14)
        assert pair.cutoff == law.cutoff


@given(n1=windings, n2=windings)
def test_what_glfit_covers(n1, n2):
    fit = pot.GLFit(1.7)
    covered = {(1, 1): "V-V", (1, 2): "V-GV", (1, -1): "V-AV"}
    kind = covered.get(canonical_pair(n1, n2))
    assert fit.covers(n1, n2) == (kind is not None)
    if kind:
        assert fit.pair(n1, n2) == pot.GLPair(kind, 1.7)
    else:
        with pytest.raises(pot.UncoveredPairError, match=r"\(-?\d, -?\d\).*potentials.Interaction"):
            fit.pair(n1, n2)


def test_glfit_below_the_antivortex_fits():
    fit = pot.GLFit(0.25)
    assert fit.covers(1, 2) and not fit.covers(1, -1)
    with pytest.raises(
        pot.UncoveredPairError, match=r"V-AV fits cover 0.3 … 2.5; pass extrapolate"
    ):
        fit.pair(1, -1)
    assert pot.GLFit(0.25, extrapolate=True).covers(1, -1)


@pytest.mark.parametrize("bad", [0, 1.0, "1", None])
def test_windings_are_nonzero_integers(bad):
    for law in (pot.London(), pot.GLFit(1.7), TABLE):
        for pair in ((bad, 1), (1, bad)):
            with pytest.raises(ValueError, match="nonzero integer") as caught:
                law.covers(*pair)
            assert not isinstance(caught.value, pot.UncoveredPairError)
    assert pot.London().covers(np.int64(2), np.int8(-1))


def test_laws_of_r_alone_cover_one_pair():
    for law in (TABLE, pot.FromFunction(np.exp), pot.GLPair("V-GV", 1.7), pot.London().pair(2, 1)):
        assert law.pair(1, 1) is law and law.pair(-1, -1) is law
        with pytest.raises(pot.UncoveredPairError, match=r"\(2, 1\)"):
            law.pair(2, 1)


def test_two_bessel_covers_its_own_pair():
    law = pot.TwoBessel(0.9, 2, -1, gamma1=(-3, -1), gamma2=(-3, -1))
    assert law.pair(1, -2) is law and law.covers(-1, 2)
    with pytest.raises(pot.UncoveredPairError, match=r"covers only \(2, -1\)"):
        law.pair(1, 1)


def test_sums_and_multiples_go_pair_by_pair():
    law = pot.London(0.5) - 2 * pot.GLFit(1.7)
    r = 2.2
    for pair, product in (((1, 1), 1), ((2, 1), 2), ((-1, 1), -1)):
        expected = product * pot.London(0.5).force(r) - 2 * pot.GLFit(1.7).pair(*pair).force(r)
        assert law.pair(*pair).force(r) == pytest.approx(expected)
    assert not law.covers(2, 2)
    with pytest.raises(pot.UncoveredPairError):
        law.pair(2, 2)
    wide = pot.Sum((pot.London(), pot.GLFit(1.7)), cutoff=30.0)
    assert wide.pair(1, -1).cutoff == 30.0


# ------------------------------------------------------------------ Interaction
def test_values_that_know_windings_act_as_their_own_law():
    law = pot.Interaction({(1, 1): pot.GLFit(1.7), (-1, 1): pot.London(), (2, 1): pot.GLFit(1.7)})
    assert law.pair(1, -1).force(2.0) == pot.London(-2.0).force(2.0)
    assert law.pair(-1, -2) == pot.GLPair("V-GV", 1.7)
    assert law.force(2.0) == pot.GLFit(1.7).force(2.0)
    assert law.cutoff == pot.GLFit(1.7).pair(1, 2).cutoff
    assert law.mu == 1.7 and law.bounded
    assert set(law.laws) == {(1, 1), (1, -1), (1, 2)}
    assert not law.covers(2, 2)
    with pytest.raises(pot.UncoveredPairError, match=r"covers \(1, -1\), \(1, 1\), \(1, 2\)"):
        law.pair(2, 2)


def test_laws_of_r_alone_act_as_they_stand():
    for value in (
        pot.London().pair(1, -1),  # must not change sign a second time
        pot.FromFunction(pot.London(-2.0).force),
        -1.0 * pot.FromFunction(pot.London().force),
        pot.Interaction({(1, -1): pot.London()}),
    ):
        law = pot.Interaction({(1, -1): value})
        assert law.pair(1, -1).force(2.0) == pytest.approx(pot.London(-2.0).force(2.0))
    doubled = pot.Interaction({(2, 2): 4 * pot.GLFit(1.7).pair(1, 1)})
    assert doubled.pair(2, 2).force(2.0) == 4 * pot.GLFit(1.7).force(2.0)
    mixed = pot.Interaction({(1, -1): pot.London() + TABLE})
    expected = TABLE.force(2.0) - pot.London().force(2.0)
    assert mixed.pair(1, -1).force(2.0) == pytest.approx(expected)
    repelling = pot.Interaction({(1, -1): -1.0 * pot.London()})
    assert repelling.pair(1, -1).force(2.0) > 0


def test_interaction_without_a_vortex_pair():
    law = pot.Interaction({(1, -1): pot.London()})
    for function in (law.force, law.energy, law.fourier):
        with pytest.raises(pot.UncoveredPairError, match=r"\(1, 1\)"):
            function(1.0)
    assert law.cutoff == pot.London().cutoff and law.mu is None
    law = pot.Interaction({(1, 1): pot.GLFit(1.7), (1, -1): pot.GLFit(1.6)}, cutoff=5)
    assert law.mu is None and law.cutoff == 5.0


@pytest.mark.parametrize(
    "laws, message",
    [
        ({(1, 2): pot.London(), (-2, -1): pot.London()}, r"pair \(1, 2\) is given twice"),
        ({(0, 1): pot.London()}, "winding n1 = 0"),
        ({(1, 1.5): pot.London()}, "winding n2 = 1.5"),
        ({1: pot.London()}, "key 1; give pairs"),
        ({(1, 1): "London"}, r"laws\[\(1, 1\)\] = 'London': give a potential"),
        ({(2, 2): pot.GLFit(1.7)}, r"windings \(2, 2\)"),
        ({}, "non-empty dict"),
        ([(1, 1)], "non-empty dict"),
    ],
)
def test_interaction_rejects(laws, message):
    with pytest.raises(ValueError, match=message):
        pot.Interaction(laws)


def test_public_names():
    assert pot.OWNER == "vortexmd"
    assert sorted(pot.__all__, key=str.lower) == sorted(set(pot.__all__), key=str.lower)
    assert all(hasattr(pot, name) for name in pot.__all__)
