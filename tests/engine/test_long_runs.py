"""Ten million steps: nothing that is reported or stored drifts; steps and ids beyond 32 bits.

Everyday, the same runs are short. What is compared with what: positions with the exact sum of the
displacements in rational arithmetic, energies with a simulation made anew from the last state, a lattice at
rest with itself, the diffusion of the centre of mass and the energy of a thermal run with their own scatter.
"""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from engine_twins import Recorder, agrees, same_bits

import potentials as pot
import vortexmd as vmd
from vortexmd.random_numbers import thermal_noise

LENGTHS = pytest.mark.parametrize(
    "steps", [20_000, pytest.param(10_000_000, marks=pytest.mark.slow)], ids=["short", "long"]
)
EPS = np.finfo(float).eps


def exactly(sim, axis):
    """Unfolded coordinates along an axis, as rationals, sorted by id."""
    state = sim.state
    length = Fraction(sim.box.lengths[axis])
    turns = state.image[:, axis].tolist()
    return [
        Fraction(x) + n * length
        for x, n in zip(state.positions[:, axis].tolist(), turns, strict=True)
    ]


# ------------------------------------------------------------------ positions and time


@LENGTHS
@pytest.mark.parametrize("boundary", ["periodic", "free"])
def test_a_driven_vortex_arrives_where_the_exact_sum_says(steps, boundary):
    """The error is that of the last rounding, whatever the number of steps.

    A plain sum of these 10⁷ displacements is off by 2·10⁻⁹ λ, and unfolded by 8·10⁻⁶ λ.
    """
    box, force, dt = vmd.Box((11.3, 7.7), boundary), (0.31, -0.17), 0.01
    sim = vmd.Simulation(
        vmd.Vortices([[5.1, 3.3]], 1, box), None, dt=dt, external=[vmd.UniformDrive(force)]
    )
    sim.run(steps)
    for axis in (0, 1):
        moved = exactly(sim, axis)[0] - Fraction([5.1, 3.3][axis])
        error = abs(moved - steps * Fraction(dt * force[axis]))
        # Half a unit in the last place of the largest position on the way.
        largest = max(box.lengths[axis], 0.0 if boundary == "periodic" else abs(float(moved)) + 6)
        assert error <= EPS * largest
        # And so the series of displacements.
        exact = steps * Fraction(dt * force[axis])
        assert abs(Fraction(sim.displacement[axis]) - exact) <= EPS * abs(exact)
    assert sim.time == steps * dt and sim.step == steps


@LENGTHS
def test_displacements_below_the_last_digit_of_a_position_add_up(steps):
    """1.3·10⁻¹⁷ λ a step at x = 5 λ, where positions are 9·10⁻¹⁶ λ apart."""
    sim = vmd.Simulation(
        vmd.Vortices([[5.0, 5.0]], 1, vmd.Box((10.0, 10.0))),
        None,
        dt=0.01,
        external=[vmd.UniformDrive((1.3e-15, -1.3e-15))],
    )
    sim.run(steps)
    moved = sim.state.positions[0] - 5.0
    exact = np.array([1.0, -1.0]) * steps * 0.01 * 1.3e-15
    assert np.abs(moved - exact).max() <= 0.5 * np.spacing(5.0)


@LENGTHS
def test_two_vortices_driven_round_the_box_keep_their_exact_middle(steps):
    """Interaction, lists made anew and folds on the way: the middle of equals feels the drive alone."""
    box = vmd.Box((9.1, 8.3))
    start = vmd.Vortices([[2.0, 3.0], [4.5, 3.7]], 1, box)
    dt, force = 0.01, (0.7, 0.4)
    sim = vmd.Simulation(
        start, pot.London(f0=1.0, cutoff=4.0), dt=dt, external=[vmd.UniformDrive(force)]
    )
    sim.run(steps)
    for axis in (0, 1):
        middle = sum(exactly(sim, axis)) / 2
        began = Fraction(start.positions[0, axis]) + Fraction(start.positions[1, axis])
        error = abs(float(middle - began / 2 - steps * Fraction(dt * force[axis])))
        # A step's total force (below 2 Ω₀) is rounded, at random as the pair turns no further: at
        # worst all one way.
        assert error <= EPS * box.lengths[axis] + steps * EPS * dt
    assert abs(sim.state.image).max() > 0.5 * steps * dt * 0.4 / 8.3


@LENGTHS
def test_a_lattice_at_rest_does_not_creep(steps):
    """Neither the middle nor the shape: what is left is the rounding of sums of forces."""
    start = vmd.triangular_lattice(16, density=0.1)
    sim = vmd.Simulation(start, pot.London(f0=2.0, cutoff=5.8), dt=0.1, seed=1)
    sim.run(10_000)
    before, energy = sim.state.unwrapped, sim.energy()
    sim.run(steps)
    moved = sim.state.unwrapped - before
    # Twelve roundings of partial sums below 0.1 Ω₀, at worst all one way at every step.
    creep = 12 * 0.5 * np.spacing(0.1) * 0.1 * steps
    assert np.abs(moved.mean(axis=0)).max() <= np.spacing(14.0) + creep
    # Separations are rounded to 10⁻¹⁵ λ, and the lattice settles to that.
    assert np.abs(moved - moved.mean(axis=0)).max() <= 1e-14
    assert sim.energy() == pytest.approx(energy, rel=1e-14)


def test_time_is_steps_times_dt():
    start = vmd.Vortices([[1.0, 1.0]], 1, vmd.Box((10.0, 10.0)))
    sim = vmd.Simulation(start, None, dt=0.1)
    for steps in (3, 1, 40, 956):
        sim.run(steps)
        assert sim.time == sim.step * 0.1
    sim.dt = 0.3
    sim.run(1000)
    assert sim.time == 1000 * 0.1 + 1000 * 0.3


# ------------------------------------------------------------------ energies


@LENGTHS
def test_a_thermal_run_is_stationary_and_reports_the_energy_of_its_positions(steps):
    """Energies of the first and the last tenth agree within 4 σ; the middle only diffuses."""
    n, temperature, dt = 16, 0.02, 0.02
    start = vmd.triangular_lattice(n, density=1.0)
    law = pot.London(f0=1.0, cutoff=1.7)
    sim = vmd.Simulation(start, law, dt=dt, temperature=temperature, seed=3, max_displacement=1.0)
    settled = 2000
    sim.run(settled)
    before = sim.state.unwrapped.mean(axis=0)
    record = Recorder(lambda s: s.energy(), every=steps // 2000)
    sim.run(steps, writers=[record])
    tenth = np.array(record.values[-2000:]).reshape(10, -1)
    first, last = (tenth[k].reshape(10, -1).mean(axis=1) for k in (0, -1))
    sigma = sqrt((first.var(ddof=1) + last.var(ddof=1)) / 10)
    # Of ten blocks each: Student's t with 18 degrees of freedom exceeds 4 once in 1200.
    agrees(first.mean(), last.mean(), sigma, 4.0)
    # Leimkuhler-Matthews' noise, summed, is that of every step but for half at either end.
    moved = sim.state.unwrapped.mean(axis=0) - before
    agrees(moved, 0.0, sqrt(2 * temperature * dt * steps / n))
    agrees(sim.displacement, 0.0, sqrt(2 * temperature * dt * (steps + settled) / n))
    anew = vmd.Simulation(sim.state, law, dt=dt)
    assert sim.energy() == pytest.approx(anew.energy(), rel=1e-12)
    assert sim.energies()["external"] == 0.0


@LENGTHS
def test_energies_of_a_driven_pinned_run_are_those_of_its_positions(steps):
    """Pins and pairs, carried round the box many times."""
    box = vmd.Box((8.0, 8.0))
    start = vmd.random_vortices(12, box=box, min_distance=1.0, seed=2)
    fields = [
        vmd.GaussianPins.random(6, depth=0.2, radius=0.3, box=box, seed=2),
        vmd.UniformDrive((0.8, 0.1)),
    ]
    law = pot.London(f0=0.5, cutoff=3.0)
    settings = {"dt": 0.01, "temperature": 0.01, "external": fields}
    sim = vmd.Simulation(start, law, seed=2, **settings)
    steps = min(steps, 3_000_000)
    sim.run(steps)
    anew = vmd.Simulation(sim.state, law, **settings)
    for kind, energy in sim.energies().items():
        assert energy == pytest.approx(anew.energies()[kind], rel=1e-12)
    assert np.allclose(sim.forces(), anew.forces(), rtol=0, atol=1e-12)
    turns = sim.state.image[:, 0].mean()
    assert turns == pytest.approx(0.8 * 0.01 * steps / 8.0, rel=0.25)


# ------------------------------------------------------------------ beyond 32 bits

LATE = [2**32 - 5, 2**40, 2**62 - 12]


def noise(step, ids, seed=5):
    out = np.empty((len(ids), 2))
    thermal_noise(seed, step, np.asarray(ids), out)
    return out


def test_no_noise_comes_twice():
    """Of neighbouring steps, steps and ids 2³² and more apart: all different, none overflows."""
    ids = [0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**33, 2**53 - 1]
    steps = [0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**40, 2**40 + 1, 2**62 - 1, 2**62, 2**63]
    drawn = np.concatenate([noise(step, ids) for step in steps])
    assert len(np.unique(drawn)) == drawn.size == 2 * len(ids) * len(steps)
    # One vortex's does not depend on who else is there.
    assert np.array_equal(noise(2**40, ids)[3:4], noise(2**40, ids[3:4]))


@pytest.mark.parametrize("first", LATE)
def test_a_run_late_in_life(first, tmp_path):
    """Each step is what the noise of its own number makes it; cut and written, the bits are the same."""
    box = vmd.Box((10.0, 10.0), "free")
    ids = [3, 2**32 - 1, 2**32 + 3]
    start = vmd.Vortices([[5.0, 5.0], [1.0, 2.0], [7.0, 7.0]], 1, box, ids=ids, step=first)

    def fresh():
        return vmd.Simulation(start, None, dt=0.01, temperature=0.5, seed=5)

    whole, cut = fresh(), fresh()
    whole.run(12)
    expected = start.positions.copy()
    for step in range(first, first + 12):
        both = noise(step, ids) + noise(step + 1, ids)
        expected += sqrt(2 * 0.5 * 0.01) * 0.5 * both
    assert np.allclose(whole.state.positions, expected, rtol=0, atol=1e-14)
    assert whole.time == 12 * 0.01 and whole.step == first + 12
    writer = vmd.TrajectoryWriter(tmp_path / "run.h5", every=1)
    cut.run(7, writers=[writer])
    cut.save(tmp_path / "run.chk")
    resumed = vmd.Simulation.resume(tmp_path / "run.chk")
    resumed.run(5, writers=[vmd.TrajectoryWriter(tmp_path / "run.h5", every=1, resume=True)])
    assert same_bits(whole, resumed)
    frames = vmd.load(tmp_path / "run.h5")
    assert [frame.step for frame in frames] == list(range(first, first + 13))
    assert np.array_equal(frames[-1].positions, whole.state.positions)
    assert np.array_equal(frames[-1].ids, ids)


def test_ids_go_on_beyond_32_bits():
    box = vmd.Box((10.0, 10.0))
    start = vmd.Vortices([[5.0, 5.0], [5.2, 5.0], [1.0, 1.0]], 1, box, ids=[0, 2**32 - 1, 7])
    sim = vmd.Simulation(start, None, dt=0.01, temperature=0.1, reactions=[vmd.Merging(0.5)])
    sim.run(5)
    assert sim.state.ids.tolist() == [7, 2**32]
    assert sim.events[0].product_id == 2**32
