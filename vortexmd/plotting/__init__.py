"""Figures of vortices and of runs, ready for a slide.

>>> from vortexmd import plotting
>>> plotting.plot_run(vmd.load("run.h5")).savefig("run.png")

Matplotlib is loaded when the first figure is made.
"""

from vortexmd.plotting.configuration import plot_configuration
from vortexmd.plotting.run import plot_run
from vortexmd.plotting.series import plot_count, plot_energy, plot_order, plot_velocity

__all__ = [
    "plot_configuration",
    "plot_count",
    "plot_energy",
    "plot_order",
    "plot_run",
    "plot_velocity",
]
