"""Small runs with something of everything, for the tests of equal bits and of numerical faults.

Each is a function of the number of threads that returns a fresh simulation; blocks of the engine are to be
made small (`small_blocks`) so that a hundred vortices fill several.
"""

import numpy as np

import potentials as pot
import vortexmd as vmd
from potentials.pair_friction import TabulatedFriction
from vortexmd import flux_exchange as fx

LONDON = pot.London(f0=0.5, cutoff=2.5)


def small_blocks(monkeypatch):
    """Cut the vortices into blocks of 16 and more; the default is 2048."""
    monkeypatch.setattr("vortexmd.neighbors.MIN_BLOCK", 16)


def start(n, boundary="periodic", **options):
    box = vmd.Box((12.0, 11.0), boundary)
    return vmd.random_vortices(n, box=box, seed=1, **{"min_distance": 0.3, **options})


def annihilating(threads=None):
    """Both signs, driven: pairs vanish."""
    return vmd.Simulation(
        start(140, winding={1: 0.6, -1: 0.4}),
        LONDON,
        dt=0.01,
        temperature=0.2,
        seed=7,
        external=[vmd.UniformDrive((0.4, 0.1))],
        reactions=[vmd.Annihilation(distance=0.3)],
        threads=threads,
    )


def merging(threads=None):
    """Mergers to giant vortices, annihilation besides, frictions of their own."""
    return vmd.Simulation(
        start(140, winding={1: 0.8, -1: 0.2}),
        LONDON,
        dt=0.01,
        temperature=0.5,
        seed=7,
        reactions=[vmd.Merging(0.25, max_winding=3), vmd.Annihilation(distance=0.2)],
        friction={n: 1.0 + 0.5 * abs(n) for n in range(-3, 4) if n},
        integrator="euler-maruyama",
        threads=threads,
    )


def hopping(threads=None):
    """Pinning regions in a sample with open ends: hops, entries and exits."""
    box = vmd.Box((12.0, 11.0), ("open", "periodic"))
    regions = vmd.Regions.rectangles([[0, 0, 5, 11], [5, 0, 12, 11]], box=box)
    law = fx.ActivationLaw("linear", u0=0.5, b_max=50.0)
    rule = vmd.ArrheniusHopping(
        regions, [law, law], attempt_rate=40.0, hop_distance=0.3, outside=1.2, min_distance=0.05
    )
    return vmd.Simulation(
        start(120, ("open", "periodic")),
        LONDON,
        dt=0.01,
        temperature=0.3,
        seed=7,
        reactions=[rule],
        threads=threads,
        max_displacement=3.0,
    )


def weighed(threads=None):
    """Hops that are weighed by their energy, short ones, in a closed box with pins."""
    box = vmd.Box((12.0, 11.0), ("reflecting", "periodic"))
    regions = vmd.Regions.rectangles([[0, 0, 6, 11], [6, 0, 12, 11]], box=box)
    law = fx.ActivationLaw("linear", u0=0.2, b_max=50.0)
    rule = vmd.ArrheniusHopping(
        regions, [law, law], attempt_rate=40.0, hop_distance=0.2, weigh_energy=True
    )
    return vmd.Simulation(
        start(100, ("reflecting", "periodic")),
        LONDON,
        dt=0.01,
        temperature=0.4,
        seed=7,
        external=[vmd.GaussianPins.random(30, depth=0.2, radius=0.3, box=box, seed=2)],
        reactions=[rule],
        threads=threads,
        max_displacement=3.0,
    )


def strip(threads=None):
    """Periodic along x; driven out through the open ends of y."""
    return vmd.Simulation(
        start(120, ("periodic", "open")),
        LONDON,
        dt=0.01,
        temperature=0.3,
        seed=7,
        external=[vmd.UniformDrive((0.2, 1.5))],
        threads=threads,
    )


def walls(threads=None):
    """One axis reflecting, one free; pins, an alternating drive, a temperature on its way down."""
    begin = start(100, ("reflecting", "free"))
    sim = vmd.Simulation(
        begin,
        LONDON,
        dt=0.01,
        temperature=1.0,
        seed=7,
        external=[
            vmd.GaussianPins.random(20, depth=0.3, radius=0.4, box=begin.box, seed=2),
            vmd.SinusoidalDrive((1.0, 0.3), frequency=2.0),
        ],
        threads=threads,
        max_displacement=1.0,
    )
    sim.set_ramp(0.05, 45)
    return sim


def rubbing(threads=None):
    """Friction of pairs, at temperature 0, collapsing vortices and antivortices."""
    d = np.linspace(0.05, 4.0, 80)
    return vmd.Simulation(
        start(100, winding={1: 0.6, -1: 0.4}),
        LONDON,
        dt=0.02,
        seed=7,
        external=[vmd.UniformDrive((0.5, 0.2))],
        reactions=[vmd.Annihilation(distance=0.3)],
        pair_friction=TabulatedFriction(d, d**2 / (d**2 + np.exp(-(d**2)))),
        threads=threads,
    )


def ideal(threads=None):
    """No interaction: no neighbour list, but folds."""
    return vmd.Simulation(
        start(40),
        None,
        dt=0.5,
        temperature=2.0,
        seed=7,
        external=[vmd.UniformDrive((3.0, -1.0))],
        threads=threads,
    )


MAKE = {
    f.__name__: f for f in (annihilating, merging, hopping, weighed, strip, walls, rubbing, ideal)
}
