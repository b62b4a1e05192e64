"""Drives, traps and functions: what they add, and how they are replaced and refused."""

import numpy as np
import pytest

import vortexmd as vmd

FREE = vmd.Box((4.0, 4.0), "free")
START = vmd.Vortices([[1.0, 1.0], [3.0, 2.0], [2.0, 5.0]], [1, -1, 2], FREE)


def forces(external, start=START):
    return vmd.Simulation(start, None, dt=0.1, external=external).forces()


def test_all_external_forces_add_up():
    parts = [
        vmd.UniformDrive((0.1, -0.2)),
        vmd.HarmonicTrap(0.5),
        vmd.SinusoidalDrive((1.0, 2.0), frequency=0.25, phase=np.pi / 2),
        vmd.GaussianPins([[1.0, 1.5]], depth=1.0, radius=1.0),
        vmd.ExternalForce.from_function(lambda r: np.sin(r)),
    ]
    assert forces(parts) == pytest.approx(sum(forces(part) for part in parts), abs=1e-14)


def test_drives_couple_to_winding_and_have_no_energy():
    drive = np.array([0.1, -0.2])
    assert forces(vmd.UniformDrive(tuple(drive))) == pytest.approx(np.outer([1, -1, 2], drive))
    sim = vmd.Simulation(START, None, dt=0.1, external=vmd.UniformDrive(tuple(drive)))
    assert sim.energy() == 0


def test_trap_centre_is_the_middle_of_the_box():
    assert forces(vmd.HarmonicTrap(0.5)) == pytest.approx(-0.5 * (START.positions - 2.0))
    sim = vmd.Simulation(START, None, dt=0.1, external=vmd.HarmonicTrap((1.0, 0.0), (0.0, 0.0)))
    assert sim.energy() == pytest.approx(0.5 * (1 + 9 + 4))
    assert sim.energies() == pytest.approx({"pair": 0.0, "external": 7.0})


def test_a_function_gets_folded_positions():
    box = vmd.Box((4.0, 6.0), ("periodic", "open"))
    seen = []

    def look(r):
        seen.append(r.copy())
        return np.zeros_like(r)

    start = vmd.Vortices([[3.5, 3.0]], 1, box)
    parts = [vmd.UniformDrive((1.0, 0.0)), vmd.ExternalForce.from_function(look)]
    sim = vmd.Simulation(start, None, dt=0.4, external=parts)
    sim.run(30)
    x = np.concatenate(seen)[:, 0]
    assert x.min() >= 0 and x.max() < 4 and sim.state.image[0, 0] == 3


def test_time_dependent_function_and_winding():
    field = vmd.ExternalForce.from_function(
        lambda r, t: np.full_like(r, t),
        lambda r, t: -t * r.sum(axis=1),
        couples_to_winding=True,
        time_dependent=True,
    )
    sim = vmd.Simulation(START, None, dt=0.1, external=field)
    sim.run(20)
    # Σ_k k·Δt² over 20 steps, by winding.
    moved = 0.01 * sum(range(20)) * np.array([1, -1, 2])
    assert sim.state.positions - START.positions == pytest.approx(np.stack([moved, moved]).T)
    assert sim.forces() == pytest.approx(np.outer([1, -1, 2], [2.0, 2.0]))
    expected = -2.0 * (sim.state.positions.sum(axis=1) * [1, -1, 2]).sum()
    assert sim.energy() == pytest.approx(expected)


def test_replacing_external_forces_between_runs():
    sim = vmd.Simulation(START, None, dt=0.1, external=vmd.UniformDrive((1.0, 0.0)))
    sim.run(10)
    first = sim.state.positions
    assert first - START.positions == pytest.approx(np.outer([1, -1, 2], [1.0, 0.0]))
    sim.external = [vmd.UniformDrive((0.0, 1.0)), vmd.UniformDrive((0.0, 1.0))]
    assert len(sim.external) == 2
    sim.run(10)
    assert sim.state.positions - first == pytest.approx(np.outer([1, -1, 2], [0.0, 2.0]))
    sim.external = []
    assert not sim.forces().any()
    with pytest.raises(ValueError, match="external"):
        sim.external = [lambda r: r]
    assert not sim.forces().any()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: vmd.UniformDrive((np.nan, 0.0)), "force"),
        (lambda: vmd.UniformDrive(1.0), "force"),
        (lambda: vmd.UniformDrive((1.0, 2.0, 3.0)), "force"),
        (lambda: vmd.UniformDrive(("a", 0.0)), "force"),
        (lambda: vmd.SinusoidalDrive((1.0, 0.0), frequency=0.0), "frequency"),
        (lambda: vmd.SinusoidalDrive((1.0, 0.0), frequency=np.nan), "frequency"),
        (lambda: vmd.SinusoidalDrive((1.0, 0.0), frequency=1.0, phase=np.inf), "phase"),
        (lambda: vmd.HarmonicTrap(np.inf), "k"),
        (lambda: vmd.HarmonicTrap(1.0, center=(0.0,)), "center"),
        (
            lambda: forces(
                vmd.HarmonicTrap(1.0), vmd.Vortices([[1.0, 1.0]], 1, vmd.Box((4.0, 4.0)))
            ),
            "periodic",
        ),
        (lambda: forces(vmd.ExternalForce.from_function(lambda r: r[:, 0])), "shape"),
        (
            lambda: forces(vmd.ExternalForce.from_function(lambda r: np.full_like(r, np.nan))),
            "not finite",
        ),
        (
            lambda: forces(vmd.GaussianPins([[1.0, 1.0]], 1.0, 1.0, box=vmd.Box((9.0, 9.0)))),
            "pins.box",
        ),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_trap_along_the_open_axis_of_a_strip():
    box = vmd.Box((4.0, 4.0), ("periodic", "free"))
    start = vmd.Vortices([[1.0, 3.0]], 1, box)
    assert forces(vmd.HarmonicTrap((0.0, 2.0)), start)[0] == pytest.approx([0.0, -2.0])
