"""Energy minimisation: scipy's L-BFGS-B on the engine's forces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize as scipy_minimize


def minimize(sim: Any, force_tolerance: float, max_iterations: int) -> bool:
    """Move the vortices of `sim` to a local minimum; see `Simulation.minimize`."""
    if not force_tolerance > 0:
        raise ValueError(f"force_tolerance = {force_tolerance!r}: give a force in Ω₀, more than 0")
    start = sim.state.unwrapped

    def energy_and_gradient(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sim._place(x.reshape(-1, 2))
        return sim.energy(), -sim.forces().ravel()

    walls = [
        (0.0, length) if word in ("reflecting", "open") else (None, None)
        for word, length in zip(sim.box.boundary, sim.box.lengths, strict=True)
    ]
    result = scipy_minimize(
        energy_and_gradient,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        bounds=walls * len(start),
        options={
            "maxiter": max_iterations,
            "maxfun": 2 * max_iterations,
            "gtol": force_tolerance,
            "ftol": 0.0,
            "maxcor": 20,
        },
    )
    sim._place(result.x.reshape(-1, 2))
    return bool(np.abs(sim.forces()).max(initial=0.0) <= force_tolerance)
