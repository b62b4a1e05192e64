"""What users set and read: temperature ramps, time, stops, progress, minimisation."""

import numpy as np
import pytest
from engine_twins import Recorder

import potentials as pot
import vortexmd as vmd

LAW = pot.London(f0=1.0, cutoff=3.0)


def gas(n=60, **options):
    start = vmd.random_vortices(n, 0.8, min_distance=0.4, seed=1)
    return vmd.Simulation(start, LAW, **({"dt": 0.005} | options))


class TestTemperature:
    def test_the_ramp_is_linear_and_stays_at_its_end(self):
        sim = gas(temperature=0.4)
        sim.run(10)
        seen = Recorder(lambda s: s.temperature)
        sim.anneal(to_temperature=0.1, steps=60, writers=[seen])
        assert seen.values == pytest.approx(np.linspace(0.4, 0.1, 61), rel=1e-12)
        assert sim.temperature == pytest.approx(0.1, rel=1e-15)
        sim.run(5)
        assert sim.temperature == pytest.approx(0.1, rel=1e-15)

    def test_ramps_follow_each_other_upward_and_to_zero(self):
        sim = gas(temperature=0.1)
        sim.anneal(to_temperature=0.3, steps=10)
        sim.anneal(to_temperature=0.0, steps=10)
        assert sim.temperature == 0
        before = sim.energy()
        sim.run(20)
        assert sim.energy() < before

    def test_noise_follows_the_ramp(self):
        """Ideal vortices: ⟨r²⟩ = 4Δt Σ_k T_k, the temperature at the start of each step."""
        n, dt = 40_000, 0.1
        start = vmd.Vortices(np.full((n, 2), 0.5), 1, vmd.Box((1.0, 1.0), "free"))
        sim = vmd.Simulation(
            start, None, dt=dt, temperature=0.5, integrator="euler-maruyama", seed=1
        )
        sim.anneal(to_temperature=0.0, steps=10)
        exact = 4 * dt * 0.5 * sum(1 - k / 10 for k in range(10))
        square = ((sim.state.positions - 0.5) ** 2).sum(axis=1).mean()
        assert square == pytest.approx(exact, abs=4.5 * exact / np.sqrt(n))

    def test_setting_it_ends_the_ramp(self):
        sim = gas(temperature=0.4)
        stopper = Recorder(lambda s: s.stop() if s.step == 20 else None)
        sim.anneal(to_temperature=0.0, steps=40, writers=[stopper])
        assert sim.step == 20 and sim.temperature == pytest.approx(0.2)
        assert sim.remaining_steps == 20
        sim.temperature = 0.35
        sim.run(5)
        assert sim.temperature == 0.35

    def test_a_refused_ramp_leaves_the_temperature(self):
        sim = gas(temperature=0.4)
        for to, steps in ((0.1, -1), (0.1, 2.5), (-0.1, 10)):
            with pytest.raises(ValueError):
                sim.anneal(to_temperature=to, steps=steps)
            assert sim.temperature == 0.4

    def test_no_steps(self):
        sim = gas(temperature=0.4)
        sim.anneal(to_temperature=0.1, steps=0)
        assert sim.step == 0 and sim.temperature in (0.1, 0.4)


class TestTime:
    def test_changing_dt_goes_on_from_now(self):
        sim = gas(dt=0.005)
        sim.run(10)
        sim.dt = 0.002
        assert sim.time == pytest.approx(0.05) and sim.dt == 0.002
        sim.run(10)
        assert sim.time == pytest.approx(0.07) and sim.step == 20

    def test_a_start_with_a_step_and_a_time_goes_on_from_there(self):
        start = vmd.random_vortices(10, 0.2, min_distance=1.0, seed=1)
        start = vmd.Vortices(start.positions, 1, start.box, step=100, time=3.5)
        sim = vmd.Simulation(start, None, dt=0.1)
        sim.run(5)
        assert sim.step == 105 and sim.time == pytest.approx(4.0)
        assert sim.state.step == 105 and sim.state.time == pytest.approx(4.0)

    def test_zero_steps(self):
        sim = gas()
        before = sim.state
        seen = Recorder(lambda s: s.step)
        sim.run(0, writers=[seen])
        assert sim.step == 0 and seen.values == [0]
        assert np.array_equal(sim.state.positions, before.positions)


class TestRun:
    def test_stop(self):
        sim = gas()
        sim.run(100, writers=[Recorder(lambda s: s.stop() if s.step == 30 else None)])
        assert sim.step == 30 and sim.remaining_steps == 70
        sim.run(sim.remaining_steps)
        assert sim.step == 100 and sim.remaining_steps == 0

    def test_writers_are_finished_when_a_step_fails(self):
        """The last good state stays, writers are closed, and the run can go on with a smaller dt."""
        sim = gas(temperature=0.05)
        seen = Recorder(lambda s: s.step)
        sim.run(10)

        def push(r, t):
            return np.full_like(r, 1e4 if t > 0.0749 else 0.0)

        sim.external = vmd.ExternalForce.from_function(push, time_dependent=True)
        with pytest.raises(vmd.UnstableStepError):
            sim.run(100, writers=[seen])
        assert seen.started == seen.finished == 1
        assert seen.values[-1] == sim.step == 15
        good = sim.state
        sim.external = []
        sim.run(1)
        assert sim.step == 16 and len(sim.state) == len(good)

    def test_progress_goes_to_stderr_and_only_when_asked(self, capfd):
        gas().run(10)
        captured = capfd.readouterr()
        assert captured.out == captured.err == ""
        gas().run(10, progress=True)
        assert capfd.readouterr().out == ""

    def test_the_start_is_not_touched(self):
        start = vmd.random_vortices(20, 0.8, min_distance=0.4, seed=1)
        box = vmd.Box((10.0, 10.0))
        start = vmd.Vortices(start.positions, 1, box)
        copy = start.positions.copy()
        vmd.Simulation(start, LAW, dt=0.005, temperature=0.5).run(20)
        assert np.array_equal(start.positions, copy)

    def test_description_is_plain_data(self):
        import json

        sim = gas(
            temperature=0.1,
            external=[vmd.UniformDrive((0.1, 0.0))],
            reactions=[vmd.Annihilation(distance=0.3)],
            friction={1: 2.0},
        )
        text = json.dumps(sim.description())
        for word in ("London", "UniformDrive", "Annihilation", "leimkuhler-matthews", "0.005"):
            assert word in text


class TestMinimize:
    def test_reaches_the_tolerance_it_promises(self):
        """A few hundred vortices from random starts, at the default tolerance of 1e-6."""
        for seed in range(4):
            start = vmd.random_vortices(256, 1.0, min_distance=0.3, seed=seed)
            sim = vmd.Simulation(start, pot.London(f0=2.0, cutoff=6.0), dt=0.01)
            assert sim.minimize(), seed
            assert np.abs(sim.forces()).max() <= 1e-6

    def test_goes_down_and_keeps_time(self):
        sim = gas()
        sim.run(7)
        before, step, time = sim.energy(), sim.step, sim.time
        sim.minimize(force_tolerance=1e-4)
        assert sim.energy() < before and (sim.step, sim.time) == (step, time)
        assert np.abs(sim.forces()).max() <= 1e-4

    def test_pins_and_traps_have_energies(self):
        start = vmd.Vortices([[5.3, 5.1], [2.0, 2.2]], 1, vmd.Box((10.0, 10.0)))
        pins = vmd.GaussianPins([[5.0, 5.0], [2.0, 2.0]], depth=5.0, radius=1.0)
        sim = vmd.Simulation(start, pot.London(f0=1e-3, cutoff=4.0), dt=0.01, external=pins)
        assert sim.minimize()
        assert sim.state.positions == pytest.approx(pins.positions, abs=1e-3)

    def test_vortices_pressed_against_walls(self):
        """The forces into a reflecting wall are what the wall bears: the minimum is reached."""
        box = vmd.Box((2.0, 2.0), "reflecting")
        start = vmd.random_vortices(4, box=box, min_distance=0.5, seed=1)
        sim = vmd.Simulation(start, pot.London(f0=2.0, cutoff=4.0), dt=0.01)
        assert sim.minimize(force_tolerance=1e-5)
        corners = sorted(map(tuple, np.round(sim.state.positions, 6).tolist()))
        assert corners == [(0, 0), (0, 2), (2, 0), (2, 2)]

    def test_turns_are_kept(self):
        start = vmd.Vortices([[25.0, -3.0], [26.0, -3.0]], 1, vmd.Box((10.0, 10.0)))
        sim = vmd.Simulation(start, LAW, dt=0.01)
        sim.minimize(max_iterations=5)
        assert np.abs(sim.state.unwrapped - [[25.0, -3.0], [26.0, -3.0]]).max() < 3

    def test_pairs_that_come_close_react(self):
        start = vmd.Vortices([[5.0, 5.0], [6.0, 5.0]], [1, -1], vmd.Box((10.0, 10.0)))
        sim = vmd.Simulation(start, LAW, dt=0.01, reactions=[vmd.Annihilation(distance=0.3)])
        sim.minimize()
        assert len(sim.state) == 0 and sim.events[0].kind == "annihilation"

    def test_refused(self):
        sim = gas(external=vmd.UniformDrive((0.1, 0.0)))
        with pytest.raises(ValueError, match=r"external: UniformDrive.*no energy"):
            sim.minimize()
        sim.external = vmd.ExternalForce.from_function(lambda r: 0 * r)
        with pytest.raises(ValueError, match="no energy"):
            sim.minimize()
        sim.external = []
        for bad in (0.0, -1.0, np.nan):
            with pytest.raises(ValueError, match="force_tolerance"):
                sim.minimize(force_tolerance=bad)
