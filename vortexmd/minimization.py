"""Energy minimisation: scipy's L-BFGS-B on the engine's forces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize as scipy_minimize

RESTARTS = 5


def minimize(sim: Any, force_tolerance: float, max_iterations: int) -> bool:
    """Move the vortices of `sim` to a local minimum; see `Simulation.minimize`."""
    if not force_tolerance > 0:
        raise ValueError(f"force_tolerance = {force_tolerance!r}: give a force in Ω₀, more than 0")
    start = sim.state.unwrapped
    if len(start) == 0:
        return True

    def energy_and_gradient(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sim._place(x.reshape(-1, 2))
        return sim.energy(), -sim.forces().ravel()

    walls = [
        (0.0, length) if word in ("reflecting", "open") else (None, None)
        for word, length in zip(sim.box.boundary, sim.box.lengths, strict=True)
    ]
    bounds = walls * len(start)
    x, left = start.ravel(), max_iterations
    # Where rounding ends a line search early, a fresh start of L-BFGS gets further.
    for _ in range(RESTARTS):
        result = scipy_minimize(
            energy_and_gradient,
            x,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={
                "maxiter": left,
                "maxfun": 2 * left,
                "gtol": force_tolerance,
                "ftol": 0.0,
                "maxcor": 20,
            },
        )
        x, left = result.x, left - result.nit
        if result.status == 0 or left <= 0:
            break
    _, gradient = energy_and_gradient(x)
    low, high = (np.array([b[k] for b in bounds], dtype=float) for k in (0, 1))
    # What presses against a wall is borne by it.
    gradient[(x <= low) & (gradient > 0)] = 0.0
    gradient[(x >= high) & (gradient < 0)] = 0.0
    return bool(np.abs(gradient).max(initial=0.0) <= force_tolerance)
