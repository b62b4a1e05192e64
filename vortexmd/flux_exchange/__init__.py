"""Flux exchange between contacting pinning regions.

Vortices hop over the interfaces of pinning regions at Arrhenius rates. Here: the regions and their activation
laws, the equations of their mean fields, and the exact stochastic process of whole vortices. The spatial
version is `vortexmd.ArrheniusHopping`. After R. Ma; docs/flux_exchange.md lists what was corrected.
"""

from vortexmd.flux_exchange.approximate import ApproximateSolution
from vortexmd.flux_exchange.equilibrium import Equilibrium
from vortexmd.flux_exchange.flux_sample import FluxSample
from vortexmd.flux_exchange.laws import ActivationLaw
from vortexmd.flux_exchange.network import FluxNetwork
from vortexmd.flux_exchange.parts import FluxExchangeWarning, Interface, Outside, Region
from vortexmd.flux_exchange.phase_portrait import PhasePortrait
from vortexmd.flux_exchange.solution import FluxSolution
from vortexmd.flux_exchange.solver import SolverError
from vortexmd.flux_exchange.stationary import StationaryLaw

__all__ = [
    "ActivationLaw",
    "ApproximateSolution",
    "Equilibrium",
    "FluxExchangeWarning",
    "FluxNetwork",
    "FluxSample",
    "FluxSolution",
    "Interface",
    "Outside",
    "PhasePortrait",
    "Region",
    "SolverError",
    "StationaryLaw",
]
