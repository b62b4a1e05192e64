"""Networks that several areas of the validation use: the two regions of the paper's Fig. 3."""

from __future__ import annotations

from vortexmd import flux_exchange as fx

MA = "R. Ma, Flux exchange between contacting pinning regions, "


def figure_3(kind: str, epsilon: float, gamma: float = 1.0) -> fx.FluxNetwork:
    """The two regions of Fig. 3: B_m = 20 and 100 G, U₀/kT = 15 and 75; ε in 1/s."""
    p = fx.ActivationLaw(kind, u0=15.0, b_max=20.0)
    q = fx.ActivationLaw(kind, u0=75.0, b_max=100.0)
    return fx.FluxNetwork.two_regions(p, q, epsilon=epsilon, gamma=gamma)


def free(b_max: float) -> fx.ActivationLaw:
    """No barrier: W = B."""
    return fx.ActivationLaw("linear", u0=0.0, b_max=b_max)
