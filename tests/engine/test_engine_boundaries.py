"""Open, reflecting and free sides; rings and shells of the log gas in a trap."""

import numpy as np
import pytest
from engine_twins import agrees, chi_square_tail

import potentials as pot
import vortexmd as vmd


def ideal_in(box, positions, **options):
    return vmd.Simulation(vmd.Vortices(positions, options.pop("winding", 1), box), None, **options)


class TestOpen:
    def test_exits_are_logged(self):
        box = vmd.Box((4.0, 3.0), ("open", "periodic"))
        r = [[0.55, 1.0], [3.25, 2.95], [2.0, 1.0]]
        drive = vmd.UniformDrive((0.5, 1.0))
        sim = ideal_in(box, r, winding=[-1, 1, 1], dt=0.1, external=drive)
        sim.run(30)
        # −1 goes left, 0.05 a step: beyond 0 after 12 steps; +1 right, beyond 4 after 16.
        assert [(e.kind, e.ids, e.windings, e.step) for e in sim.events] == [
            ("exit", (0,), (-1,), 12),
            ("exit", (1,), (1,), 16),
        ]
        assert sim.events[0].position == pytest.approx((-0.05, 2.8), abs=1e-9)
        assert sim.events[1].position == pytest.approx((4.05, 1.55), abs=1e-9)
        assert sim.events[0].time == pytest.approx(1.2)
        assert sim.state.ids.tolist() == [2]

    def test_a_run_may_end_with_none_and_goes_on(self):
        box = vmd.Box((4.0, 4.0), "open")
        start = vmd.random_vortices(50, box=box, min_distance=0.1, seed=1)
        drive = vmd.UniformDrive((0.0, 3.0))
        law = pot.London(f0=0.1, cutoff=2.0)
        sim = vmd.Simulation(start, law, dt=0.01, temperature=0.1, external=drive, seed=1)
        sim.run(400)
        assert len(sim.state) == 0 and len(sim.events) == 50
        assert sorted(e.ids[0] for e in sim.events) == list(range(50))
        assert sim.energy() == 0 and sim.forces().shape == (0, 2)
        assert sim.tail_correction() == 0
        path = sim.displacement
        sim.run(10)
        assert sim.step == 410 and np.array_equal(sim.displacement, path)

    def test_ideal_gas_empties_at_the_rate_of_the_slowest_mode(self):
        """N(t) ∝ exp(−D(π/L')²t), L' = L + 2·0.5826·√(2DΔt): exits are seen at steps only.

        (Chernoff's shift of a discretely watched barrier: Siegmund, Sequential Analysis (1985), X.4.)
        """
        n, length, temperature, dt = 20_000, 1.0, 0.5, 2e-4
        box = vmd.Box((length, 1.0), ("open", "periodic"))
        start = vmd.random_vortices(n, box=box, seed=3)
        sim = vmd.Simulation(
            start, None, dt=dt, temperature=temperature, seed=4, integrator="euler-maruyama"
        )
        sim.run(500)
        first = len(sim.state)
        sim.run(1000)
        effective = length + 2 * 0.5826 * np.sqrt(2 * temperature * dt)
        share = np.exp(-temperature * (np.pi / effective) ** 2 * 1000 * dt)
        # The next mode (3π/L)² has decayed to e^{−4.4·t/0.1}/9 at t = 0.1: 0.1 %.
        agrees(len(sim.state) / first, share, np.sqrt(share * (1 - share) / first) + 0.001 * share)

    def test_starting_outside_is_refused(self):
        with pytest.raises(ValueError, match=r"positions\[1\].*open"):
            vmd.Vortices([[1.0, 1.0], [5.0, 1.0]], 1, vmd.Box((4.0, 4.0), ("open", "periodic")))


class TestReflecting:
    @pytest.mark.parametrize("dt", [0.002, 0.05])
    def test_ideal_particles_spread_evenly(self, dt):
        """From one corner; also with steps of a third of the box (rms)."""
        n, box = 8_000, vmd.Box((1.0, 0.8), "reflecting")
        sim = ideal_in(
            box, np.full((n, 2), 0.05), dt=dt, temperature=1.0, seed=2, integrator="euler-maruyama"
        )
        sim.run(round(1.2 / dt))
        r = sim.state.positions
        assert box.contains(r).all() and len(r) == n and not sim.events
        counts = np.histogram2d(*r.T, bins=6, range=[[0, 1], [0, 0.8]])[0].ravel()
        assert chi_square_tail(counts, np.full(36, n / 36)) > 1e-5

    @pytest.mark.parametrize("scheme", ["euler-maruyama", "leimkuhler-matthews"])
    def test_nobody_gathers_at_the_ends(self, scheme):
        """A layer thinner than a step holds its share of the area, whatever the noise remembers.

        Samples several steps apart, whose layers (0.3 of a step wide) are drawn almost anew: half as much
        again as the error of independent ones. Without mirrored noise the share is 1.6 times its area.
        """
        n, length, step, depth = 8_000, 4.0, 0.15, 0.05
        sim = ideal_in(
            vmd.Box((length, length), "reflecting"),
            np.random.default_rng(3).uniform(0, length, (n, 2)),
            dt=1.0,
            temperature=step**2 / 2,
            seed=2,
            integrator=scheme,
        )
        samples, found = 40, 0
        for _ in range(samples):
            sim.run(8)
            r = sim.state.positions
            found += int(((r < depth) | (r > length - depth)).any(axis=1).sum())
        share = 1 - (1 - 2 * depth / length) ** 2
        error = 1.5 * np.sqrt(share * (1 - share) / (n * samples))
        assert abs(found / (n * samples) - share) < 4.5 * error
        assert 4.5 * error < 0.1 * share

    def test_steps_longer_than_the_box_are_folded_as_often_as_needed(self):
        """Without interaction there is no limit to a step: bounce after bounce, never outside."""
        box = vmd.Box((1.0, 0.8), "reflecting")
        sim = ideal_in(box, np.full((2_000, 2), 0.4), dt=10.0, temperature=1.0, seed=2)
        for _ in range(5):
            sim.run(1)
            assert box.contains(sim.state.positions).all()

    def test_mirror(self):
        """0.3 too far is 0.3 back, at both ends."""
        box = vmd.Box((2.0, 2.0), "reflecting")
        drive = vmd.UniformDrive((0.5, -0.5))
        sim = ideal_in(box, [[1.8, 0.2]], dt=1.0, external=drive)
        sim.run(1)
        assert sim.state.positions[0] == pytest.approx([1.7, 0.3])
        assert sim.displacement == pytest.approx([-0.1, 0.1])

    def test_interacting_vortices_stay_inside(self):
        box = vmd.Box((6.0, 5.0), ("reflecting", "reflecting"))
        start = vmd.random_vortices(40, box=box, min_distance=0.3, seed=1)
        sim = vmd.Simulation(start, pot.London(f0=2.0), dt=0.002, temperature=1.0, seed=1)
        for _ in range(10):
            sim.run(50)
            assert len(sim.state) == 40 and box.contains(sim.state.positions).all()


def ring(n, radius, centre=(0.0, 0.0), shake=0.0):
    angle = 2 * np.pi * np.arange(n) / n + 0.1
    r = radius * np.column_stack((np.cos(angle), np.sin(angle))) + centre
    r += shake * np.random.default_rng(n).normal(size=r.shape)
    return vmd.Vortices(r, 1, vmd.Box((10.0, 10.0), "free"))


def trapped(start, q=1.5, k=0.8, **options):
    trap = vmd.HarmonicTrap(k, center=(0.0, 0.0))
    options = {"dt": 0.02, "max_displacement": 1.0} | options
    return vmd.Simulation(start, pot.Log(q), external=trap, **options)


class TestLogGas:
    """Rings of N vortices in a trap: R² = (N − 1)q/2k."""

    @pytest.mark.parametrize("n", [2, 3, 4, 5])
    @pytest.mark.parametrize("how", ["minimize", "run"])
    def test_radius_of_the_ring(self, n, how):
        q, k = 1.5, 0.8
        radius = np.sqrt((n - 1) * q / (2 * k))
        sim = trapped(ring(n, 1.7 * radius, shake=0.1), q, k)
        if how == "minimize":
            assert sim.minimize()
            assert sim.step == 0 and sim.time == 0
        else:
            sim.run(3_000)
        r = sim.state.positions
        assert np.hypot(*r.T) == pytest.approx(radius, rel=3e-6)
        angle = np.sort(np.arctan2(r[:, 1], r[:, 0]))
        assert np.diff(angle) == pytest.approx(2 * np.pi / n, abs=1e-5)
        # U = ½kΣR² − q Σ ln r: with ∏ of the distances in a ring N·R^{N−1} per vortex.
        pairs = 0.5 * n * np.log(n * radius ** (n - 1))
        assert sim.energy() == pytest.approx(0.5 * k * n * radius**2 - q * pairs, rel=1e-9)

    def test_six_stay_in_a_ring_but_would_do_better_with_one_in_the_middle(self):
        q, k = 1.5, 0.8
        six = trapped(ring(6, np.sqrt(5 * q / (2 * k)), shake=0.02), q, k)
        assert six.minimize()
        radii = np.hypot(*six.state.positions.T)
        assert radii == pytest.approx(np.sqrt(5 * q / (2 * k)), rel=3e-6)
        five = ring(5, 2.0, shake=0.02)
        middle = vmd.Vortices(np.concatenate((five.positions, [[0.05, 0.0]])), 1, five.box)
        shell = trapped(middle, q, k)
        assert shell.minimize()
        radii = np.sort(np.hypot(*shell.state.positions.T))
        # Five around one: kR² = 2q + q, since the one in the middle counts like two of the ring.
        assert radii == pytest.approx([0] + 5 * [np.sqrt(3 * q / k)], abs=3e-5)
        assert shell.energy() < six.energy() - 1e-3

    def test_a_k1_ring(self):
        """kR = Σ_j f₀K₁(2R sin(πj/N)) sin(πj/N)."""
        from scipy.optimize import brentq
        from scipy.special import k1

        n, k = 4, 0.3
        s = np.sin(np.pi * np.arange(1, n) / n)
        radius = brentq(lambda r: k * r - (2.0 * k1(2 * r * s) * s).sum(), 0.1, 5)
        trap = vmd.HarmonicTrap(k, center=(0.0, 0.0))
        sim = vmd.Simulation(
            ring(n, 1.3 * radius, shake=0.05), pot.London(f0=2.0), dt=0.02, external=trap
        )
        assert sim.minimize()
        assert np.hypot(*sim.state.positions.T) == pytest.approx(radius, rel=1e-5)
