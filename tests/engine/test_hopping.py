"""Hops between pinning regions in the engine: who moves, who may not, what is kept, what is refused."""

import numpy as np
import pytest
from engine_twins import same_bits

import potentials as pot
import vortexmd as vmd
from vortexmd import flux_exchange as fx
from vortexmd.hopper import exclusion_distance

LINEAR = fx.ActivationLaw("linear", u0=2.0, b_max=4.0)
FREE = fx.ActivationLaw("linear", u0=0.0, b_max=50.0)


def halves(boundary="reflecting", lx=8.0, ly=6.0):
    """Two rectangles side by side."""
    box = vmd.Box((lx, ly), boundary)
    return vmd.Regions.rectangles([[0, 0, lx / 2, ly], [lx / 2, 0, lx, ly]], box=box)


def triangles(boundary="periodic"):
    """Slanted walls: a square cut along both diagonals."""
    corners = [[0, 0], [6, 0], [6, 6], [0, 6]]
    return vmd.Regions.polygons(
        [[corners[k], corners[(k + 1) % 4], [3, 3]] for k in range(4)],
        box=vmd.Box((6.0, 6.0), boundary),
    )


def hops(regions, laws=LINEAR, **options):
    settings = {"attempt_rate": 20.0, "hop_distance": 0.3, "allow_above": True}
    return vmd.ArrheniusHopping(regions, laws, **{**settings, **options})


def simulate(regions, n=60, *, rule=None, law=None, winding=1, **options):
    start = vmd.random_vortices(n, box=regions.box, winding=winding, seed=1)
    settings = {"dt": 0.01, "temperature": 0.5, "seed": 5, "threads": 1, "max_displacement": 5.0}
    reactions = options.pop("reactions", [hops(regions) if rule is None else rule])
    return vmd.Simulation(start, law, reactions=reactions, **{**settings, **options})


# ------------------------------------------------------------------ who is where


@pytest.mark.parametrize("regions", [halves(), halves("periodic"), triangles()], ids=str)
@pytest.mark.parametrize("law", [None, pot.London(f0=1.0, cutoff=2.5)], ids=["free", "London"])
def test_without_hops_nobody_ever_changes_the_region(regions, law):
    cold = fx.ActivationLaw("linear", u0=500.0, b_max=1e6)
    sim = simulate(regions, rule=hops(regions, cold), law=law)
    before = sim.region_labels
    for _ in range(40):
        sim.run(10)
        assert (sim.region_labels == before).all()
    assert sim.hopping.tallies == {}
    assert sim.displacement.any()


@pytest.mark.parametrize("scheme", ["leimkuhler-matthews", "euler-maruyama"])
@pytest.mark.parametrize("regions", [halves(), triangles()], ids=["halves", "triangles"])
def test_a_reflected_gas_stays_uniform_up_to_the_walls(regions, scheme):
    """A layer of a twentieth of each region's area along its walls holds a twentieth of its vortices.

    The counts are of independent walkers, far apart in time: binomial, compared at 4.5 σ.
    """
    cold = fx.ActivationLaw("linear", u0=500.0, b_max=1e6)
    n, step = 4000, 0.15
    sim = simulate(
        regions, n, rule=hops(regions, cold), temperature=step**2 / 2, dt=1.0, integrator=scheme
    )
    in_layer = total = 0
    for _ in range(5):
        sim.run(40)
        r = sim.state.positions
        # Displaced by a short step along the axes, does one change the region?
        here = sim.hopping.labels(r)
        depth = 0.1
        near = np.zeros(n, dtype=bool)
        for move in ([depth, 0], [-depth, 0], [0, depth], [0, -depth]):
            there = sim.hopping.labels(r + move)
            near |= (there != here) & (there >= 0)
        in_layer += int(near.sum())
        total += n
    probe = np.random.default_rng(0).uniform(0, 1, (400_000, 2)) * regions.box.lengths
    here = sim.hopping.labels(probe)
    near = np.zeros(len(probe), dtype=bool)
    for move in ([depth, 0], [-depth, 0], [0, depth], [0, -depth]):
        there = sim.hopping.labels(probe + move)
        near |= (there != here) & (there >= 0)
    share = near.mean()
    error = np.sqrt(share * (1 - share) * (1 / total + 1 / len(probe)))
    assert abs(in_layer / total - share) < 4.5 * error


@pytest.mark.parametrize("temperature", [0.0, 0.3])
def test_drives_and_pins_press_nobody_through_a_wall(temperature):
    """A strong drive piles vortices up against the walls, slanted ones too; hops alone let them pass."""
    regions = triangles("reflecting")
    cold = fx.ActivationLaw("linear", u0=500.0, b_max=1e6)
    pins = vmd.GaussianPins.random(10, depth=2.0, radius=0.4, box=regions.box, seed=3)
    push = [pins, vmd.UniformDrive((3.0, 1.0))]
    sim = simulate(regions, rule=hops(regions, cold), external=push, temperature=temperature)
    before = sim.region_labels
    sim.run(600)
    assert (sim.region_labels == before).all()
    # Most of the left triangle's vortices lie at its two slanted walls, x = y and x + y = 6.
    r = sim.state.positions[before == 3]
    gap = np.minimum(np.abs(r[:, 0] - r[:, 1]), np.abs(6 - r.sum(axis=1))) / np.sqrt(2)
    assert np.median(gap) < 0.35
    sim.reactions = [hops(regions, FREE)]
    sim.run(100)
    assert sum(sim.hopping.tallies.values()) > 20


def test_counts_follow_every_hop_and_tallies_balance():
    regions = triangles()
    sim = simulate(regions, 80, law=pot.London(f0=0.5, cutoff=2.5), rule=hops(regions, FREE))
    start = sim.hopping.counts
    for _ in range(20):
        sim.run(5)
        labels = sim.region_labels
        assert (sim.hopping.counts == np.bincount(labels, minlength=4)).all()
        assert sim.hopping.counts.sum() == 80
    moved = np.zeros(4, dtype=int)
    for (i, j), number in sim.hopping.tallies.items():
        moved[i] -= number
        moved[j] += number
    assert sum(sim.hopping.tallies.values()) > 100
    assert (sim.hopping.counts - start == moved).all()
    logged = [event for event in sim.events if event.kind == "hop"]
    assert len(logged) == len(sim.events) == sum(sim.hopping.tallies.values())
    assert {event.regions for event in logged} == set(sim.hopping.tallies)


def test_events_say_when_where_and_between_which_regions():
    sim = simulate(halves("periodic"), 40, rule=hops(halves("periodic"), FREE))
    sim.run(50)
    times = [event.time for event in sim.events]
    assert times == sorted(times) and len(times) > 10
    for event in sim.events:
        i, j = event.regions
        assert i != j and {i, j} <= {0, 1}
        assert sim.hopping.labels(np.array([event.position]))[0] == j
        assert (event.step - 1) * 0.01 - 1e-9 <= event.time <= event.step * 0.01 + 1e-9
        assert event.windings == (1,) and event.product_id is None
    quiet = simulate(
        halves("periodic"), 40, rule=hops(halves("periodic"), FREE, record_events=False)
    )
    quiet.run(50)
    assert quiet.events == [] and quiet.hopping.tallies == sim.hopping.tallies
    assert (quiet.state.positions == sim.state.positions).all()


def test_a_hop_is_s_along_an_axis_and_counts_as_displacement():
    regions = halves()
    start = vmd.Vortices([[3.9, 3.0]], 1, regions.box)
    sim = vmd.Simulation(
        start, None, dt=0.01, temperature=0.0, seed=2, reactions=[hops(regions, FREE)]
    )
    while not sim.events:
        sim.run(1)
    assert sim.state.positions[0] == pytest.approx([4.2, 3.0], abs=1e-12)
    assert sim.displacement == pytest.approx([0.3, 0.0], abs=1e-12)
    assert sim.events[0].regions == (0, 1)


def test_a_giant_vortex_carries_its_quanta_and_an_antivortex_counts_as_one():
    regions = halves()
    start = vmd.Vortices([[3.9, 3.0], [1.0, 1.0], [7.0, 1.0]], [3, -1, 1], regions.box)
    sim = vmd.Simulation(start, None, dt=0.01, reactions=[hops(regions, FREE)])
    assert sim.hopping.counts.tolist() == [4, 1]
    while not sim.events:
        sim.run(1)
    assert sim.hopping.counts.tolist() == [1, 4]
    assert sim.hopping.fields == pytest.approx([1 / 24, 4 / 24])
    assert sim.winding_displacement == pytest.approx([0.3, 0.0])


def test_annihilation_and_hops_keep_the_count():
    regions = halves("periodic")
    start = vmd.random_vortices(80, box=regions.box, winding={1: 0.5, -1: 0.5}, seed=3)
    sim = vmd.Simulation(
        start,
        None,
        dt=0.02,
        temperature=0.5,
        seed=1,
        reactions=[vmd.Annihilation(distance=0.1), hops(regions, FREE)],
    )
    for _ in range(20):
        sim.run(5)
        assert (sim.hopping.counts == np.bincount(sim.region_labels, minlength=2)).all()
    kinds = {event.kind for event in sim.events}
    assert kinds == {"annihilation", "hop"} and len(sim.state) < 80


# ------------------------------------------------------------------ open boxes


def test_the_outside_is_reached_by_hops_alone():
    regions = halves(("open", "reflecting"))
    cold = fx.ActivationLaw("linear", u0=500.0, b_max=1e6)
    sim = simulate(regions, 50, rule=hops(regions, cold, outside=0.0))
    sim.run(300)
    assert len(sim.state) == 50 and sim.events == []
    sim = simulate(regions, 50, rule=hops(regions, FREE, outside=1.0))
    sim.run(300)
    kinds = [event.kind for event in sim.events]
    gone, come = kinds.count("exit"), kinds.count("entry")
    assert gone > 10 and come > 10
    assert len(sim.state) == 50 - gone + come == sim.hopping.counts.sum()
    out = sum(n for (_, j), n in sim.hopping.tallies.items() if j == -1)
    into = sum(n for (i, _), n in sim.hopping.tallies.items() if i == -1)
    assert (out, into) == (gone, come)
    # The reflecting ends are not crossed, and nobody enters there.
    for event in sim.events:
        if event.kind == "entry":
            x = event.position[0]
            assert min(x, 8.0 - x) <= 0.3
    assert len(set(sim.state.ids.tolist())) == len(sim.state)


def test_an_empty_sample_fills_itself():
    regions = halves("open")
    start = vmd.Vortices(np.empty((0, 2)), np.empty(0, dtype=int), regions.box)
    sim = vmd.Simulation(
        start,
        None,
        dt=0.1,
        temperature=0.5,
        reactions=[hops(regions, FREE, outside=2.0, attempt_rate=4.0)],
    )
    sim.run(1000)
    assert len(sim.state) == pytest.approx(2.0 * 48, abs=4.5 * np.sqrt(96))


# ------------------------------------------------------------------ the same bits


@pytest.mark.parametrize("boundary", ["periodic", ("open", "periodic")], ids=str)
@pytest.mark.parametrize("scheme", ["leimkuhler-matthews", "euler-maruyama"])
def test_interruption_and_resume_change_no_bit(tmp_path, boundary, scheme):
    regions = halves(boundary)
    rule = hops(regions, FREE, outside=3.0 if "open" in boundary else None)

    def fresh():
        return simulate(
            regions, 120, law=pot.London(f0=0.3, cutoff=2.5), rule=rule, integrator=scheme, dt=0.004
        )

    whole = fresh()
    whole.run(60)
    parts = fresh()
    for steps in (1, 7, 20):
        parts.run(steps)
        parts.save(tmp_path / "half.chk")
        parts = vmd.Simulation.resume(tmp_path / "half.chk")
        assert parts.hopping.regions == regions
    parts.run(32)
    assert same_bits(whole, parts)
    assert whole.events == parts.events and len(whole.events) > 30
    assert whole.hopping.tallies == parts.hopping.tallies
    assert (whole.hopping.exposure == parts.hopping.exposure).all()
    assert (whole.hopping.counts == parts.hopping.counts).all()


def test_looking_and_writing_change_no_bit(tmp_path):
    regions = halves("periodic")
    one, two = (simulate(regions, 80, rule=hops(regions, FREE)) for _ in range(2))
    one.run(40)
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", every=3)
    for _ in range(4):
        two.run(10, writers=[writer])
        two.hopping.layer_occupancy()
        two.energy()
    assert same_bits(one, two)
    assert vmd.load(tmp_path / "run.h5").events == one.events[: len(two.events)]


def test_many_threads_give_the_same_bits():
    box = vmd.Box((80.0, 70.0))
    cells = [[i, j, i + 10, j + 10] for i in range(0, 80, 10) for j in range(0, 70, 10)]
    regions = vmd.Regions.rectangles(cells, box=box)
    start = vmd.random_vortices(5000, box=box, seed=1)
    one, four = (
        vmd.Simulation(
            start,
            pot.London(f0=0.2, cutoff=1.5),
            dt=0.005,
            temperature=0.1,
            seed=3,
            threads=threads,
            reactions=[hops(regions, FREE, min_distance=0.02)],
            max_displacement=2.0,
        )
        for threads in (1, 4)
    )
    for sim in (one, four):
        sim.run(15)
    assert same_bits(one, four) and one.events == four.events and one.events


# ------------------------------------------------------------------ options


def test_min_distance_keeps_hops_apart():
    regions = halves()
    start = vmd.Vortices([[3.9, 3.0], [4.25, 3.0]], 1, regions.box)

    def hopped(**options):
        sim = vmd.Simulation(start, None, dt=0.05, reactions=[hops(regions, FREE, **options)])
        sim.run(30)
        return bool(sim.events)

    assert hopped() and hopped(min_distance=0.04)
    assert not hopped(min_distance=0.06)


@pytest.mark.parametrize(
    "boundary", ["periodic", ("reflecting", "periodic"), ("open", "reflecting")]
)
@pytest.mark.parametrize("sides", [(30.0, 24.0), (9.0, 31.0)])
def test_neighbours_of_a_landing_point_are_found_by_cells_as_by_looking_at_all(boundary, sides):
    regions = halves(boundary, *sides)
    rule = hops(
        regions,
        FREE,
        min_distance=0.6,
        attempt_rate=200.0,
        outside=1.0 if "open" in boundary else None,
    )
    one, other = (
        simulate(regions, 700, rule=rule, law=pot.London(f0=0.1, cutoff=2.0)) for _ in range(2)
    )
    cells = other._pairs.slot_cells
    used = []
    # The other one never trusts its cells.
    other._pairs.slot_cells = lambda: cells()._replace(valid=False)
    for _ in range(60):
        one.run(1)
        other.run(1)
        used.append(one._pairs.slot_cells().valid)
    # In the open box somebody comes or goes in every step, after the cells were used.
    assert any(used) or "open" in boundary
    assert one.events == other.events and len(one.events) > 10
    # The distance has kept hops back.
    rule = hops(regions, FREE, min_distance=0.0, attempt_rate=200.0, outside=rule.outside)
    freely = simulate(regions, 700, rule=rule)
    freely.run(60)
    assert len(freely.events) > 1.3 * len(one.events)


def test_diverging_forces_bring_a_distance_of_their_own():
    regions = halves()
    assert simulate(regions, 3, law=pot.GLFit(2.0, cutoff=3.0)).hopping.min_distance == 0.0
    sim = simulate(regions, 3, law=pot.London(f0=1.0, cutoff=2.5), dt=0.01, max_displacement=0.5)
    near = sim.hopping.min_distance
    # f0/r at short range: half the limit in a step.
    assert near == pytest.approx(1.0 * 0.01 / 0.25, rel=0.05)
    sim.dt = 0.005
    assert sim.hopping.min_distance == pytest.approx(near / 2, rel=0.05)
    assert exclusion_distance(lambda r: 1 / r, 1e-9) == 1.0


def test_weighed_hops_follow_boltzmann():
    """One vortex in a tilted box of two halves with T = 0 in the other direction of motion.

    It moves by hops and by thermal motion in a potential step; the time it spends on each side must be
    that of the Boltzmann factor, here with hops weighed by the energy. Independent check: quadrature.
    """
    regions = halves(lx=4.0, ly=2.0)
    trap = vmd.HarmonicTrap(k=0.5, center=(1.0, 1.0))
    n = 200
    rng = np.random.default_rng(4)
    start = vmd.Vortices(rng.uniform(0, 1, (n, 2)) * regions.box.lengths, 1, regions.box)
    sim = vmd.Simulation(
        start,
        None,
        dt=0.05,
        temperature=0.5,
        seed=8,
        external=[trap],
        reactions=[hops(regions, FREE, attempt_rate=4.0, weigh_energy=True)],
    )
    sim.run(500)
    x = np.linspace(0, 4, 40_001)
    weight = np.exp(-0.5 * (x - 1.0) ** 2 / (2 * 0.5))
    right = weight[x > 2].sum() / weight.sum()
    measured = []
    for _ in range(12):
        sim.run(150)
        measured.append(sim.hopping.counts[1] / n)
    error = np.sqrt(right * (1 - right) / n / len(measured))
    # Samples 150 steps apart are not quite independent: twice the error of independent ones.
    assert abs(np.mean(measured) - right) < 2 * 4.5 * error


def test_flow_opens_the_walls_of_a_region_above_its_b_max():
    regions = halves()
    tight = fx.ActivationLaw("linear", u0=400.0, b_max=1.0)
    start = vmd.Vortices(
        np.random.default_rng(0).uniform(0, 1, (60, 2)) * [4.0, 6.0], 1, regions.box
    )
    flowing, clamped = (
        vmd.Simulation(
            start,
            None,
            dt=0.02,
            temperature=0.5,
            seed=1,
            reactions=[
                hops(
                    regions, [tight, FREE], above_b_max=mode, attempt_rate=1e-9, record_events=False
                )
            ],
        )
        for mode in ("flow", "clamp")
    )
    for sim in (flowing, clamped):
        sim.run(3000)
        assert (sim.hopping.counts == np.bincount(sim.region_labels, minlength=2)).all()
    assert clamped.hopping.counts.tolist() == [60, 0] and clamped.hopping.flows == {}
    # It stops when the left half is down to B_m = 1: 24 vortices.
    # A few may pass in the step in which it does.
    left = flowing.hopping.counts[0]
    assert 20 <= left <= 24
    assert flowing.hopping.flows[0, 1] - flowing.hopping.flows.get((1, 0), 0) == 60 - left
    with pytest.raises(ValueError, match="flow"):
        flowing.reactions[0].network()


def test_raise_stops_where_the_law_ends():
    regions = halves()
    tight = fx.ActivationLaw("linear", u0=1.0, b_max=20 / 24)
    start = vmd.Vortices([[3.9, 3.0]] * 1 + [[7.0, 3.0]] * 20, 1, regions.box)
    sim = vmd.Simulation(
        start, None, dt=0.2, seed=1, reactions=[hops(regions, [FREE, tight], above_b_max="raise")]
    )
    with pytest.raises(ValueError, match=r"region 1 holds 21 .* B_m = 0.8333"):
        sim.run(200)


def test_laws_by_energy_follow_the_temperature():
    regions = halves()
    law = fx.ActivationLaw("linear", u0_energy=1.0, b_max=1e9)
    sim = simulate(regions, 200, rule=hops(regions, law, attempt_rate=1.0), temperature=0.25)
    sim.run(100)
    exposure = sim.hopping.exposure.sum()
    assert exposure == pytest.approx(200 * np.exp(-4.0) * sim.time, rel=1e-6)
    sim.temperature = 0.5
    sim.run(100)
    assert sim.hopping.exposure.sum() - exposure == pytest.approx(
        200 * np.exp(-2.0) * sim.time / 2, rel=1e-6
    )
    sim.temperature = 0.0
    before = sim.hopping.tallies
    sim.run(50)
    assert sim.hopping.tallies == before


def test_a_law_from_a_function_hops_like_the_formula():
    regions = halves()
    own = fx.ActivationLaw.from_function(lambda b: 2.0 * (1 - b / 4.0), b_max=4.0)
    sims = [simulate(regions, 80, rule=hops(regions, law)) for law in (LINEAR, own)]
    for sim in sims:
        sim.run(300)
    assert sims[0].events and sims[0].events == sims[1].events


def test_a_law_from_a_function_is_given_again_on_resume(tmp_path):
    regions = halves()
    own = fx.ActivationLaw.from_function(lambda b: 2.0 * (1 - b / 4.0), b_max=4.0)
    whole, half = (simulate(regions, 80, rule=hops(regions, own)) for _ in range(2))
    whole.run(60)
    half.run(25)
    half.save(tmp_path / "half.chk")
    with pytest.raises(ValueError, match="reactions="):
        vmd.Simulation.resume(tmp_path / "half.chk")
    half = vmd.Simulation.resume(tmp_path / "half.chk", reactions=[hops(regions, own)])
    half.run(35)
    assert same_bits(whole, half) and whole.events == half.events


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"attempt_rate": 0.0}, "attempt_rate"),
        ({"attempt_rate": np.nan}, "attempt_rate"),
        ({"hop_distance": -1.0}, "hop_distance"),
        ({"hop_distance": 4.5}, "hop_distance.*effective"),
        ({"hop_distance": 6.0, "effective": True}, "sides of the box"),
        ({"above_b_max": "stop"}, "above_b_max.*clamp"),
        ({"min_distance": -0.1}, "min_distance"),
        ({"outside": -1.0}, "outside"),
        ({"outside": fx.Outside(1.0, lengths={0: 1.0})}, "outside.lengths"),
        ({"weigh_energy": 1}, "weigh_energy"),
        ({"laws": [LINEAR]}, "laws.*1 for 2"),
        ({"laws": [LINEAR, 3.0]}, r"laws\[1\]"),
    ],
)
def test_bad_rules_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        hops(halves(), **options)


def test_what_does_not_fit_the_box_is_refused():
    regions = halves()
    with pytest.raises(ValueError, match="Regions"):
        vmd.ArrheniusHopping(None, LINEAR, attempt_rate=1.0, hop_distance=0.1)
    other = vmd.random_vortices(10, box=vmd.Box((9.0, 6.0)), seed=1)
    with pytest.raises(ValueError, match="box"):
        vmd.Simulation(other, None, dt=0.1, reactions=[hops(regions)])
    with pytest.raises(ValueError, match=r"outside.*missing"):
        simulate(halves("open"), rule=hops(halves("open")))
    with pytest.raises(ValueError, match=r"no axis of the box is open"):
        simulate(halves(), rule=hops(halves(), outside=1.0))
    with pytest.raises(ValueError, match="one is the most"):
        simulate(regions, reactions=[hops(regions), hops(regions)])
    free = vmd.random_vortices(10, box=vmd.Box((8.0, 6.0), "free"), seed=1)
    with pytest.raises(ValueError, match="free"):
        vmd.Simulation(free, None, dt=0.1, reactions=[hops(regions)])


def test_a_start_above_b_max_is_refused_unless_asked_for():
    regions = halves()
    tight = fx.ActivationLaw("linear", u0=1.0, b_max=0.5)
    sim = simulate(regions, rule=hops(regions, tight, allow_above=False))
    with pytest.raises(ValueError, match=r"region 0 holds .* B_m = 0.5.*allow_above"):
        sim.run(1)
    simulate(regions, rule=hops(regions, tight)).run(1)


@pytest.mark.parametrize("above", ["clamp", "extend"])
def test_compiled_factors_are_those_of_the_laws(above):
    """The engine's e^{−U/kT} against the laws' own, at every count, for every kind of law."""
    regions = halves()
    for law in (
        fx.ActivationLaw("linear", u0=3.0, b_max=0.5),
        fx.ActivationLaw("logarithmic", u0=3.0, b_max=0.5),
        fx.ActivationLaw("inverse_power", u0=3.0, b_max=0.5, exponent=0.5),
        fx.ActivationLaw("inverse_power", u0=3.0, b_max=0.5, exponent=2.0),
        fx.ActivationLaw.from_function(lambda b: 3.0 * (0.5 - b), b_max=0.5),
        fx.ActivationLaw("logarithmic", u0=0.0, b_max=0.5),
    ):
        rule = hops(regions, law, above_b_max=above, attempt_rate=1e-12)
        for count in (1, 5, 11, 12, 13, 24):
            positions = np.random.default_rng(count).uniform(0, 1, (count, 2)) * [4.0, 6.0]
            start = vmd.Vortices(positions, 1, regions.box)
            sim = vmd.Simulation(start, None, dt=0.01, reactions=[rule])
            sim.run(10)
            expected = law.flux(count / 24, above) / (count / 24)
            assert sim.hopping.exposure[0] / (count * sim.time) == pytest.approx(expected, rel=1e-9)


def test_hops_may_begin_at_a_resumption(tmp_path):
    regions = halves()
    start = vmd.random_vortices(40, box=regions.box, seed=1)
    sim = vmd.Simulation(start, None, dt=0.01, temperature=0.5, seed=1)
    sim.run(10)
    sim.save(tmp_path / "plain.chk")
    sim = vmd.Simulation.resume(tmp_path / "plain.chk", reactions=[hops(regions, FREE)])
    sim.run(50)
    assert sim.events
    assert (sim.hopping.counts == np.bincount(sim.region_labels, minlength=2)).all()
    sim.save(tmp_path / "hops.chk")
    with pytest.raises(ValueError, match="1 regions for a run that was saved with 2"):
        one = vmd.Regions.rectangles([[0, 0, 8, 6]], box=regions.box)
        vmd.Simulation.resume(tmp_path / "hops.chk", reactions=[hops(one, FREE)])
    # Without them it goes on as a plain run.
    assert vmd.Simulation.resume(tmp_path / "hops.chk", reactions=[]).hopping is None


def test_later_fields_may_exceed_b_max():
    """The check is of the start: a run goes on after the temperature was changed."""
    regions = halves()
    tight = fx.ActivationLaw("linear", u0=3.0, b_max=0.2)
    start = vmd.Vortices(
        np.random.default_rng(0).uniform(0, 1, (40, 2)) * [4.0, 6.0], 1, regions.box
    )
    rule = hops(regions, [FREE, tight], allow_above=False)
    sim = vmd.Simulation(start, None, dt=0.01, temperature=2.0, reactions=[rule])
    sim.run(200)
    assert sim.hopping.fields[1] > 0.2
    sim.temperature = 1.0
    sim.run(1)


def test_attempts_without_end_are_refused():
    sim = simulate(halves(), rule=hops(halves(), FREE, attempt_rate=1e13))
    with pytest.raises(ValueError, match=r"attempt_rate = 1e\+13 per τ: .* 1/τ"):
        sim.run(1)


def test_a_field_outside_above_b_max_is_told():
    regions = halves("open")
    sim = simulate(regions, 10, rule=hops(regions, LINEAR, outside=5.0))
    with pytest.warns(vmd.FluxExchangeWarning, match="B_a = 5 exceeds the smallest B_m, 4"):
        sim.run(1)


def test_weighed_hops_in_an_open_box():
    """Vortices come and go between hops whose energies are weighed: rows and energies stay in step."""
    regions = halves(("open", "reflecting"))
    rule = hops(regions, FREE, outside=2.0, weigh_energy=True, attempt_rate=100.0)
    sim = simulate(regions, 60, rule=rule, law=pot.London(f0=0.3, cutoff=2.5), dt=0.05)
    for _ in range(10):
        sim.run(2)
        assert (sim.hopping.counts == np.bincount(sim.region_labels, minlength=2)).all()
    kinds = {event.kind for event in sim.events}
    assert kinds == {"hop", "entry", "exit"}


def test_energy_of_a_move_is_the_difference_of_the_whole():
    """ΔE against the energies of two simulations that differ by the move."""
    regions = halves("periodic")
    law = pot.London(f0=1.0, cutoff=2.5)
    pins = vmd.GaussianPins([[1.0, 1.0], [4.3, 2.9]], depth=0.3, radius=0.5)
    start = vmd.random_vortices(30, box=regions.box, min_distance=0.3, seed=2)
    sim = vmd.Simulation(start, law, dt=0.01, external=[pins], reactions=[hops(regions)])
    sim.energy()
    slot = 7
    who = int(sim._here.ids[slot])
    target = np.array([4.4, 3.0])
    moved = start.positions.copy()
    moved[start.ids == who] = target
    other = vmd.Simulation(vmd.Vortices(moved, 1, regions.box), law, dt=0.01, external=[pins])
    change = sim._energy_change(slot, target)
    assert change == pytest.approx(other.energy() - sim.energy(), abs=1e-10)


def test_minimisation_is_refused_while_vortices_hop():
    sim = simulate(halves(), 8, law=pot.London(f0=0.1, cutoff=2.9))
    with pytest.raises(ValueError, match="ArrheniusHopping"):
        sim.minimize()
    sim.reactions = []
    assert sim.hopping is None and sim.region_labels is None
