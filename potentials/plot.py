"""One picture of a potential: force and energy against separation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from potentials.checks import nonnegative_array, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from potentials.base import Potential


def plot_potential(
    potential: Potential, ax: Axes | None = None, r: ArrayLike | None = None
) -> Axes:
    """Force (in Ω₀) and energy (in ε₀) of `potential` on one pair of axes; returns the axes."""
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    if r is not None:
        r = nonnegative_array("r", r)
        if r.ndim != 1 or not np.isfinite(r).all():
            raise ValueError(f"r = {shown(r)}: give one row of finite radii, in λ")
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    elif not isinstance(ax, Axes):
        raise ValueError(f"ax = {shown(ax)}: give axes of matplotlib, or None")
    if r is None:
        # A diverging law is drawn from 0.3 λ on, or its core would flatten all the rest.
        start = 0.0 if potential.bounded else 0.3
        far = potential.cutoff if potential.bounded and potential.cutoff < np.inf else 12.0
        r = np.linspace(start, max(min(potential.cutoff, far), 2 * start), 600)
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    ax.plot(r, potential.force(r), label="force / Ω₀")
    ax.plot(r, potential.energy(r), linestyle="--", label="energy / ε₀")
    ax.set_xlabel("r / λ")
    ax.set_ylabel("force / Ω₀,  energy / ε₀")
    ax.legend(frameon=False)
    return ax
