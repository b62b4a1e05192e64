"""Figures of vortices and of runs, ready for a slide.

>>> from vortexmd import plotting
>>> plotting.plot_run(vmd.load("run.h5")).savefig("run.png")

Matplotlib is loaded when the first figure is made.
"""

from vortexmd.plotting.configuration import plot_configuration
from vortexmd.plotting.exchange import plot_exchange
from vortexmd.plotting.flux import (
    plot_fields,
    plot_geometric_effect,
    plot_relaxation_rate,
    plot_total_field,
)
from vortexmd.plotting.flux_figures import plot_surface
from vortexmd.plotting.flux_portrait import plot_phase_portrait
from vortexmd.plotting.run import plot_run
from vortexmd.plotting.series import plot_count, plot_energy, plot_order, plot_velocity

__all__ = [
    "plot_configuration",
    "plot_count",
    "plot_energy",
    "plot_exchange",
    "plot_fields",
    "plot_geometric_effect",
    "plot_order",
    "plot_phase_portrait",
    "plot_relaxation_rate",
    "plot_run",
    "plot_surface",
    "plot_total_field",
    "plot_velocity",
]
