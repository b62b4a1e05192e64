"""What is computed of each case of a flux-exchange file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vortexmd.flux_command.build import Case
from vortexmd.flux_command.config import FluxConfig, SolveTable
from vortexmd.flux_exchange.approximate import ApproximateSolution
from vortexmd.flux_exchange.flux_sample import FluxSample
from vortexmd.flux_exchange.solution import FluxSolution
from vortexmd.flux_exchange.solver import rising_times


@dataclass(frozen=True)
class Result:
    """A case and what was computed of it.

    Parameters
    ----------
    case
        What was solved.
    solution
        Its fields at the times.
    equilibrium
        (R,) the fields that they tend to.
    approximation
        The closed forms, if they were asked for.
    sample
        The ensemble of whole vortices, if it was asked for.
    """

    case: Case
    solution: FluxSolution
    equilibrium: NDArray[np.float64]
    approximation: ApproximateSolution | None = None
    sample: FluxSample | None = None


def solve(case: Case, config: FluxConfig) -> Result:
    """Solve one case.

    Raises
    ------
    ValueError
        Naming the table and the key, for times that do not rise or what the case cannot be asked for.
    SolverError
        If the solver gives up.
    """
    times = rising_times(config.times.array())
    try:
        solution, closed_form = _equations(case, times, config.solve)
    except ValueError as error:
        raise ValueError(f"solve: {error}") from None
    runs = None
    if config.sample is not None:
        quantum, n_runs, seed = dataclasses.astuple(config.sample)
        options: dict[str, Any] = {"keep": "moments", "allow_above": True}
        try:
            runs = case.network.sample(case.b0, times, quantum, n_runs, seed, **options)
        except ValueError as error:
            raise ValueError(f"sample: {error}") from None
    equilibrium = case.network.equilibrium(case.b0, allow_above=True).b
    return Result(case, solution, equilibrium, closed_form, runs)


def _equations(
    case: Case, times: NDArray[np.float64], table: SolveTable
) -> tuple[FluxSolution, ApproximateSolution | None]:
    """The full solution, and the approximate one if it is asked for; the start has been checked."""
    solution = case.network.solve(
        case.b0,
        times,
        rtol=table.rtol,
        method=table.method,
        surface=table.surface,
        allow_above=True,
    )
    if not table.approximate:
        return solution, None
    closed_form = case.network.approximate(
        case.b0,
        times,
        table.source,
        fraction=table.fraction,
        horizon=float(times[-1]) or inf,
        allow_above=True,
    )
    return solution, closed_form
