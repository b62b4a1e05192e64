"""The pair engine in vector code, both precisions, and in plain code: against all pairs in float64 numpy."""

from functools import cache

import numpy as np
import pytest
from engine_twins import brute_force, separations, tree_forces
from hypothesis import given, settings
from hypothesis import strategies as st

import potentials as pot
import vortexmd as vmd
from vortexmd import pair_kinds
from vortexmd.kernels.vector import DOUBLE, SINGLE
from vortexmd.pair_tables import R_MIN, TableAccuracyWarning, switch
from vortexmd.vector_tables import vector_table

CUTOFF = 4.0
LONDON = pot.London(f0=1.0, cutoff=CUTOFF)
# Still strong where it is switched off: a pair that is missed or met twice shows.
SOFT = pot.FromFunction(lambda r: np.exp(-((r / 2) ** 2)), cutoff=CUTOFF)
# Partners up to 4.9 λ are listed by the default skin of 0.9 λ.
REACH = 4.9
# Rounding of one operation.
UNIT = {"double": 2.0**-53, "mixed": 2.0**-24, "plain": 2.0**-53}
VECTOR = pair_kinds.has_vector_code()
CODES = ("double", "mixed", pytest.param("plain", marks=pytest.mark.slow))
pytestmark = pytest.mark.filterwarnings("ignore::vortexmd.DensityWarning")
needs_vector_code = pytest.mark.skipif(not VECTOR, reason="this processor lacks AVX-512")


@pytest.fixture(params=CODES)
def code(request, monkeypatch):
    """The precision; or "plain": double on a processor without the instructions."""
    if request.param == "plain":
        monkeypatch.setattr(pair_kinds, "has_vector_code", lambda: False)
    return request.param


def simulation(start, law, code, **options):
    precision = "double" if code == "plain" else code
    return vmd.Simulation(
        start, law, dt=1e-6, precision=precision, **{"max_displacement": 1.0, **options}
    )


def scattered(n, lengths, boundary="periodic", *, seed=1, winding=1):
    r = np.random.default_rng(seed).random((n, 2)) * lengths
    return vmd.Vortices(r, winding, vmd.Box(lengths, boundary))


def clumped():
    """Three hundred within one cell, others elsewhere."""
    rng = np.random.default_rng(3)
    r = np.concatenate((rng.random((300, 2)) + 7.0, rng.random((20, 2)) * [30.0, 25.0]))
    return vmd.Vortices(r, 1, vmd.Box((30.0, 25.0)))


def far_apart(scale, boundary="free"):
    """Two clumps, and vortices so far away that cells are far larger than the reach."""
    rng = np.random.default_rng(5)
    here, there = rng.random((40, 2)) * 3, rng.random((30, 2)) * 5 + 0.35 * scale
    lone = rng.random((6, 2)) * 0.99 * scale
    side = 1.0 if boundary == "free" else scale
    r = np.concatenate((here, there, lone))
    return vmd.Vortices(r, 1, vmd.Box((side, side), boundary))


def aligned():
    """A square lattice of whole and half numbers: vortices on the edges of rows and cells."""
    x, y = np.meshgrid(np.arange(0.0, 24.0), np.arange(0.0, 20.0))
    return vmd.Vortices(np.column_stack((x.ravel(), y.ravel())), 1, vmd.Box((24.0, 20.0)))


CASES = {
    "one": lambda: vmd.Vortices([[0.1, 0.2]], 1, vmd.Box((9.0, 9.0))),
    "two across a corner": lambda: vmd.Vortices([[0.1, 0.2], [19.9, 20.8]], 1, vmd.Box((20, 21))),
    "three": lambda: scattered(3, (9.0, 8.5)),
    "fifty": lambda: scattered(50, (12.0, 13.0)),
    "thin gas": lambda: scattered(300, (170.0, 176.0)),
    "liquid": lambda: scattered(440, (20.0, 22.0)),
    "very dense": lambda: scattered(700, (8.0, 8.2)),
    "long": lambda: scattered(500, (3000.0, 8.0)),
    "tall": lambda: scattered(500, (8.0, 500.0)),
    "thread": lambda: scattered(200, (90.0, 0.1), ("periodic", "open")),
    "strip": lambda: scattered(400, (30.0, 15.0), ("periodic", "reflecting")),
    "strip along y": lambda: scattered(400, (15.0, 30.0), ("open", "periodic")),
    "strip without sides": lambda: scattered(400, (15.0, 30.0), ("free", "periodic")),
    "reflecting": lambda: scattered(300, (16.0, 21.0), "reflecting"),
    "open": lambda: scattered(300, (21.0, 16.0), "open"),
    "free": lambda: scattered(300, (17.0, 16.0), "free"),
    "smaller than the reach": lambda: scattered(60, (2.0, 1.5), "open"),
    "clump": clumped,
    "lattice on edges": aligned,
    "clumps far apart": lambda: far_apart(1e7),
    "clumps in a huge box": lambda: far_apart(1e6, "periodic"),
    "on one line": lambda: vmd.Vortices(
        np.column_stack((np.linspace(0, 40, 90), np.full(90, 3.0))), 1, vmd.Box((1.0, 1.0), "free")
    ),
}


def laws_of(start, pair_force):
    present = np.unique(start.winding)
    pairs = [(a, b) for a in present for b in present if pair_force.covers(a, b)]
    return list({id(law): law for law in (pair_force.pair(a, b) for a, b in pairs)}.values())


@cache
def strongest(law):
    """Of the force on r ≥ 0.05 λ, which the tables' errors refer to."""
    r = np.geomspace(R_MIN, min(law.cutoff, 50.0), 2000)
    return np.abs(law.force(r) * switch(law.cutoff, r)).max()


def truth(start, law):
    """All pairs: forces, sums of their magnitudes, energy, and numbers of partners."""
    d2 = (separations(start) ** 2).sum(axis=2)
    cutoff = max(one.cutoff for one in laws_of(start, law))
    return *brute_force(start, law), (d2 < min(cutoff, 1e9) ** 2).sum(axis=1)


@cache
def case(name, law):
    """A case with its truth; the same for all codes."""
    start = CASES[name]()
    return start, truth(start, law)


def check(start, law, code, sim=None, known=None):
    """Forces and energy of a simulation against all pairs; returns it."""
    sim = sim or simulation(start, law, code)
    exact, weight, energy, partners = known or truth(start, law)
    errors = np.abs(sim.forces() - exact).max(axis=1)
    assert np.all(errors <= bound(sim, start, law, code, weight, partners))
    # The tables' slope is right to their error, over the reach.
    near = table_errors(sim, start, law) * (partners.sum() + weight.sum())
    assert abs(sim.energies()["pair"] - energy) <= 1e-6 * abs(energy) + 5 * near + 1e-9
    # Newton's third law: each pair adds to one what it takes from the other, up to rounding.
    assert np.all(np.abs(sim.forces().sum(axis=0)) <= rounding(code, weight, partners).sum())
    return sim


@cache
def vector_error(law, precision):
    """Largest error of a pair by the vector code, in Ω₀."""
    lanes = SINGLE if precision == "mixed" else DOUBLE
    r = np.linspace(0.1, 1.0, 2000) * law.cutoff
    largest = np.abs(law.force(r) * switch(law.cutoff, r)).max()
    return vector_table(law, lanes, pair_kinds.GOOD[precision]).error * largest


def table_errors(sim, start, law):
    """Largest error of a pair's force, measured when the tables were made, in Ω₀."""
    laws = laws_of(start, law)
    worst = sim._tables.relative_error * max(strongest(one) for one in laws)
    if sim._pairs.kinds.code.startswith("vector"):
        worst = max(worst, *(vector_error(one, sim.precision) for one in laws))
    return worst


def rounding(code, weight, partners):
    """Of polynomials and differences, 16 operations a pair, and of sums, which walk at random."""
    return UNIT[code] * weight * (16 + 4 * np.sqrt(partners))


def bound(sim, start, law, code, weight, partners):
    """Errors that the forces may have: pairs' own, relative ones below R_MIN, and rounding."""
    each = table_errors(sim, start, law) * partners + sim._tables.relative_error * weight
    return each + rounding(code, weight, partners)


# ------------------------------------------------------------------ against all pairs


@pytest.mark.parametrize("name", CASES)
def test_forces_are_those_of_all_pairs(name, code):
    for law in (LONDON, SOFT):
        start, known = case(name, law)
        check(start, law, code, known=known)


@pytest.mark.parametrize("boundary", ["free", "periodic"])
def test_cells_larger_than_the_period_of_whole_numbers(boundary, code):
    """Every other vortex one period away, in the same cell: not a partner."""
    sim = check(far_apart(1e7, boundary), SOFT, code)
    rows = sim._pairs.rows
    assert rows.exact and rows.width > rows.period_along
    r = np.random.default_rng(1).random((41, 2)) * 3
    r[1:40:2, 1 - rows.major] += rows.period_along
    r[40] = 0.9e7
    side = 1e7 if boundary == "periodic" else 1.0
    check(vmd.Vortices(r, 1, vmd.Box((side, side), boundary)), SOFT, code)


WIDTHS = np.concatenate((np.arange(8.0, 16.0, 0.83), [9.79, 9.81, 14.69, 14.71]))


@cache
def narrow(width, density, k):
    """A start in a narrow box of some shape, and its truth."""
    lengths = ((width, width + 0.3), (width, 8.0), (8.0, width))[k % 3]
    start = scattered(int(density * np.prod(lengths)), lengths, seed=k)
    return start, truth(start, SOFT)


@pytest.mark.parametrize("density", [0.3, 1.5])
def test_boxes_hardly_two_reaches_wide(density, code):
    """From two cutoffs on: rows all looked through, then a ring; each pair once all the way."""
    seen = set()
    for k, width in enumerate(WIDTHS):
        start, known = narrow(width, density, k)
        rows = check(start, SOFT, code, known=known)._pairs.rows
        seen.add((rows.single, rows.ring))
    assert seen == {(1, 0), (0, 1)}


@pytest.mark.parametrize("boundary", ["periodic", ("open", "periodic"), "free"])
def test_species_with_laws_and_cutoffs_of_their_own(boundary, code):
    """Five windings: 3 acts on its like alone, and there is one of 4, whose like needs no law."""
    nothing = pot.FromFunction(np.zeros_like, cutoff=1.0)
    laws = pot.Interaction(
        {
            (1, 1): LONDON,
            (1, -1): pot.London(f0=2.0, cutoff=3.0),
            (1, 2): SOFT,
            (2, 2): pot.FromFunction(lambda r: 0.25 * np.exp(-(r**2)), cutoff=2.5),
            (2, -1): pot.London(f0=3.0, cutoff=2.0),
            (3, 3): SOFT,
            **{(n, 3): nothing for n in (1, -1, 2)},
            **{(n, 4): LONDON for n in (1, -1, 2, 3)},
        }
    )
    winding = np.random.default_rng(7).choice([1, -1, 2, 3], 500, p=[0.4, 0.3, 0.2, 0.1])
    winding[100] = 4
    check(scattered(500, (20.0, 17.0), boundary, winding=winding), laws, code)


def test_pairs_nearer_than_any_table(code):
    """From contact on: the fine tables, at the positions themselves."""
    apart = np.geomspace(2e-6, 3.9, 120)
    left = np.column_stack((np.full(120, 1.0), 10.0 * np.arange(120) + 1.0))
    angle = np.random.default_rng(8).random(120) * 2 * np.pi
    right = left + apart[:, None] * np.column_stack((np.cos(angle), np.sin(angle)))
    start = vmd.Vortices(np.concatenate((left, right)), 1, vmd.Box((11.0, 1200.0)))
    for law in (LONDON, SOFT):
        force = simulation(start, law, code).forces()
        d = separations(start)[np.arange(120), 120 + np.arange(120)]
        r = np.sqrt((d**2).sum(axis=1))
        exact = (law.force(r) * switch(CUTOFF, r) / r)[:, None] * d
        # Relative: of the fine tables below 0.3 λ, of the coordinates further out.
        near = r < 0.3
        relative = np.abs(force[:120] - exact).max(axis=1) / law.force(r)
        assert relative[near].max() < (1e-6 if code == "mixed" else 1e-7)
        assert np.abs(force[:120] - exact)[~near].max() < (1e-6 if code == "mixed" else 1e-7)
        assert np.array_equal(force[:120], -force[120:])


@cache
def tabulated():
    r = np.linspace(0.02, 6.0, 600)
    with pytest.warns(pot.TruncatedTableWarning):
        return pot.Tabulated(r, np.exp(-r))


def gl(mu, n1, n2, source="table"):
    return pot.Interaction({(1, 1): pot.GLFit(mu, source=source).pair(n1, n2)})


LAWS = {
    "London": lambda: pot.London(f0=2.0),
    "Pearl": lambda: pot.Pearl(pearl_length=2.0, cutoff=8.0),
    "logarithm, cut": lambda: pot.Log(cutoff=5.0),
    "logarithm": lambda: pot.Log(q=1.3),
    "two Bessel functions": lambda: pot.TwoBessel(1.7),
    "V-V": lambda: gl(1.7, 1, 1),
    "V-AV": lambda: gl(1.7, 1, -1),
    "V-GV, as printed": lambda: gl(1.7, 1, 2, "formula"),
    "freely moving": lambda: pot.GLDynamic(1.7),
    "table": tabulated,
    "soft": lambda: SOFT,
}
SMOOTH = [name for name in LAWS if name not in ("logarithm", "freely moving", "table")]


@cache
def with_law(name):
    """A law, a start, and its truth; the same for all codes."""
    law = LAWS[name]()
    start = scattered(200, (36.0, 35.0), "free" if np.isinf(law.cutoff) else "periodic")
    return law, start, truth(start, law)


@pytest.mark.parametrize("name", LAWS)
def test_every_law(name, code):
    law, start, known = with_law(name)
    sim = check(start, law, code, known=known)
    told = sim._pairs.kinds.code
    if code == "plain" or not VECTOR or np.isinf(law.cutoff):
        assert told == "plain float64"
    elif name != "freely moving":
        assert told == ("vector float32" if code == "mixed" else "vector float64")


def test_laws_with_a_kink_take_the_plain_code(code):
    """No polynomial of a few bins follows one; the fine tables do, and say how well."""
    law = pot.FromFunction(lambda r: np.where(r < 1.3, 2 - r, 0.7 * np.exp(1.3 - r)), cutoff=CUTOFF)
    start = scattered(300, (20.0, 22.0))
    with pytest.warns(TableAccuracyWarning):
        sim = simulation(start, law, code)
    assert sim._pairs.kinds.code == "plain float64"
    check(start, law, "plain", sim)


@pytest.mark.parametrize(("code", "allowed"), [("mixed", 1e-5), ("double", 1e-6)])
def test_error_over_root_mean_square_force(code, allowed):
    """What is promised, in a liquid of density 1 with K₁ cut at 6 λ; against a k-d tree."""
    law = pot.London(f0=1.0, cutoff=6.0)
    lattice = vmd.triangular_lattice(4900, density=1.0)
    noise = np.random.default_rng(2).normal(scale=0.15, size=(4900, 2))
    start = vmd.Vortices(lattice.positions + noise, 1, lattice.box)
    exact, _ = tree_forces(start, law)
    error = np.abs(simulation(start, law, code).forces() - exact).max()
    assert error <= allowed * np.sqrt((exact**2).sum(axis=1).mean())


@pytest.mark.slow
@pytest.mark.parametrize("density", [0.01, 0.1, 1.0, 5.0, 30.0])
@pytest.mark.parametrize("boundary", ["periodic", ("periodic", "open"), "free"])
def test_five_thousand_at_any_density(density, boundary, code):
    side = np.sqrt(5000 / density)
    for lengths in ((side, side), (max(8.0, side / 9), 5000 / density / max(8.0, side / 9))):
        start = scattered(5000, lengths, boundary)
        exact, energy = tree_forces(start, SOFT)
        sim = simulation(start, SOFT, code)
        partners = 4 + 5000 * np.pi * CUTOFF**2 / np.prod(lengths)
        each = table_errors(sim, start, SOFT) * partners
        each += UNIT[code] * partners * (16 + 4 * np.sqrt(partners))
        assert np.abs(sim.forces() - exact).max() <= 2 * each
        assert sim.energies()["pair"] == pytest.approx(energy, rel=2e-6)


@st.composite
def boxes(draw):
    words = ("periodic", "open", "reflecting", "free")
    boundary = tuple(draw(st.sampled_from(words)) for _ in "xy")
    lengths = tuple(draw(st.floats(8.0 if word == "periodic" else 0.2, 60.0)) for word in boundary)
    n = draw(st.integers(1, 400))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    # Evenly spread, or heaped up at the origin; not nearer than tables begin.
    r = rng.random((n, 2)) ** draw(st.sampled_from([1.0, 3.0, 8.0])) + 0.01 * rng.random((n, 2))
    winding = rng.choice([1, -1, 2], n)
    return vmd.Vortices(r * lengths / 1.02, winding, vmd.Box(lengths, boundary))


MIXTURE = pot.Interaction(
    {
        (1, 1): SOFT,
        (1, -1): LONDON,
        (1, 2): pot.FromFunction(lambda r: np.exp(-r), cutoff=3.0),
        (2, 2): SOFT,
        (2, -1): SOFT,
    }
)


def check_skinned(start, skin):
    for code in ("double", "mixed"):
        check(start, MIXTURE, code, simulation(start, MIXTURE, code, skin=skin))


@given(boxes(), st.floats(0.01, 3.0))
@settings(max_examples=5)
def test_any_box(start, skin):
    check_skinned(start, skin)


@pytest.mark.slow
@given(boxes(), st.floats(0.01, 3.0))
@settings(max_examples=300)
def test_many_boxes(start, skin):
    check_skinned(start, skin)


# ------------------------------------------------------------------ one code against the other


@needs_vector_code
@pytest.mark.parametrize("name", SMOOTH)
def test_vector_and_plain_code_agree(name, monkeypatch):
    """Forces to the errors of both tables; energies, of the same pairs from the same table, to rounding."""
    law = with_law(name)[0]
    start = scattered(700, (40.0, 36.0))
    vector = simulation(start, law, "double")
    monkeypatch.setattr(pair_kinds, "has_vector_code", lambda: False)
    plain = simulation(start, law, "double")
    assert vector._pairs.kinds.code == "vector float64"
    assert plain._pairs.kinds.code == "plain float64"
    (first,) = laws_of(start, law)
    each = vector_error(first, "double") + plain._tables.relative_error * strongest(first)
    partners = 1.5 * 700 * np.pi * first.cutoff**2 / start.box.area
    # Close pairs come from one table either way: huge forces do not blur the comparison.
    scale = np.abs(plain.forces()).max()
    difference = np.abs(vector.forces() - plain.forces()).max()
    assert difference <= partners * each + 100 * UNIT["double"] * scale
    one, other = vector.energies()["pair"], plain.energies()["pair"]
    assert one == pytest.approx(other, rel=1e-12)


@needs_vector_code
@pytest.mark.parametrize("precision", ["double", "mixed"])
def test_tables_are_as_good_as_they_say(precision):
    """At 20 000 radii drawn at random: the polynomial by its bin, as the code finds it from the bits."""
    lanes = DOUBLE if precision == "double" else SINGLE
    number = np.float64 if precision == "double" else np.float32
    rng = np.random.default_rng(6)
    for name in SMOOTH:
        (law,) = laws_of(scattered(1, (9.0, 9.0)), with_law(name)[0])
        table = vector_table(law, lanes, pair_kinds.GOOD[precision])
        powers = table.row[lanes.count :].reshape(lanes.degree + 1, lanes.bins).astype(float)
        per_unit, cut, near, origin = (float(x) for x in table.row[:4])
        r = table.nearest + (law.cutoff - table.nearest) * rng.random(20_000)
        s = (origin + (r * per_unit) ** 2).astype(number)
        s = s[(s > near) & (s < cut)]
        r = np.sqrt(s.astype(float) - origin) / per_unit
        # Octave, and the place within the coarse bin: finer bins are only other polynomials in it.
        mantissa, exponent = np.frexp(s.astype(float))
        place = 2 * mantissa - 1
        coarse = np.floor(place * 2**lanes.inner)
        t = place - (coarse + 0.5) / 2**lanes.inner
        octave = exponent - 1 + lanes.bias
        fine = (octave << lanes.outer) + np.floor(place * 2**lanes.outer).astype(int) - lanes.shift
        bins = np.maximum((octave << lanes.inner) + coarse.astype(int), fine) % lanes.bins
        value = sum(powers[n][bins] * t**n for n in range(lanes.degree + 1)) * r * per_unit
        exact = law.force(r) * switch(law.cutoff, r)
        error = np.abs(value - exact).max()
        # Measured at 41 places a bin: between them, laws that are splines wiggle on.
        assert error <= 2 * vector_error(law, precision) + 1e-15, name
        assert table.error <= pair_kinds.TOLERANCE[precision]


# ------------------------------------------------------------------ where the origin is


@pytest.mark.parametrize("side", [10.0, 1e5])
def test_forces_do_not_depend_on_where_the_origin_is(side, code):
    """All moved by any vector: coordinates are whole numbers of units, relative to nothing.

    In a box of 10⁵ λ float32 positions would resolve 0.008 λ.
    """
    rng = np.random.default_rng(9)
    patch = rng.random((120, 2)) * 9.9
    law, box = SOFT, vmd.Box((side, side))
    first = simulation(vmd.Vortices(patch, 1, box), law, code)
    forces = first.forces()
    scale = 120 * 1.0
    # Positions themselves are rounded by the shift, and whole numbers are.
    rows = first._pairs.rows
    unit = max(rows.period_along, rows.period_across) * 2.0 ** (-32 if code == "mixed" else -53)
    blur = (4 * unit + 2 * side * 2.0**-53) * scale + 8 * UNIT[code] * scale
    for shift in (*rng.random((4, 2)) * side, [side / 2, 0.0], [-1e-9, side - 1e-9]):
        moved = vmd.Vortices((patch + shift) % side, 1, box)
        assert np.abs(simulation(moved, law, code).forces() - forces).max() <= blur


def test_large_boxes_lose_no_digits(code):
    """The same patch against all pairs, near the far corner of a box of 10⁵ λ and of 10⁷ λ."""
    for side in (1e5, 1e7):
        r = side - 11.0 + np.random.default_rng(10).random((150, 2)) * 10
        check(vmd.Vortices(r, 1, vmd.Box((side, side))), SOFT, code)


def test_the_sum_of_all_forces_vanishes(code):
    """In a liquid; each partner is given what the other one gets."""
    start = scattered(3000, (60.0, 50.0))
    forces = simulation(start, SOFT, code).forces()
    # 3000 · 60 rounding errors of a force, at random.
    assert (
        np.abs(forces.sum(axis=0)).max()
        <= UNIT[code] * np.sqrt(3000 * 60) * 4 * np.abs(forces).max()
    )


def test_minimisation_in_mixed_precision_goes_as_far_as_in_double():
    """Single precision would end it at some 1e-5 Ω₀; afterwards the run has its own forces again."""
    ends = []
    for precision in ("double", "mixed"):
        start = vmd.random_vortices(200, density=1.0, min_distance=0.3, seed=1)
        sim = vmd.Simulation(start, LONDON, dt=1e-3, precision=precision)
        code = sim.force_code
        assert sim.minimize(force_tolerance=1e-7)
        assert sim.force_code == code
        ends.append(sim.energy())
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)
