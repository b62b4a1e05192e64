"""The master equation of whole vortices, written out state by state: the oracle of sampled flux exchange."""

from itertools import product
from math import exp, log

import numpy as np
from scipy.linalg import expm, null_space

from vortexmd import flux_exchange as fx


def exchange_flux(law: fx.ActivationLaw, b: float, above: str) -> float:
    """W(B) of one of the three laws, term by term as PHYSICS has it."""
    if b == 0:
        return 0.0
    if law.kind == "linear":
        u = law.u0 * (1 - b / law.b_max)
    elif law.kind == "logarithmic":
        u = law.u0 * log(law.b_max / b)
    else:
        u = law.u0 / law.exponent * ((law.b_max / b) ** law.exponent - 1)
    if above == "clamp":
        u = max(u, 0.0)
    return b * exp(-u)


class MasterEquation:
    """All states of N vortices in a network, and the generator of their probabilities.

    Attributes
    ----------
    states
        (S, R) the counts.
    generator
        (S, S) dP/dt = generator @ P.
    """

    def __init__(
        self, net: fx.FluxNetwork, quantum: float, total: int | None = None, most: int = 0
    ):
        n = len(net)
        top = most if total is None else total
        self.states = np.array(
            [s for s in product(range(top + 1), repeat=n) if total is None or sum(s) == total]
        )
        number = {tuple(s): k for k, s in enumerate(self.states)}
        half = 0.5 * net.hop_distance * net.attempt_rate
        ways = [(f.i, f.j, half * f.length) for f in net.interfaces]
        ways += [(f.j, f.i, half * f.length) for f in net.interfaces]
        if total is None:
            ways += [(i, None, half * length) for i, length in net.outside.lengths.items()]
        self.generator = np.zeros((len(number), len(number)))
        for state, k in number.items():
            for i, j, c in ways:
                region = net.regions[i]
                b = state[i] * quantum / region.area
                rate = c * exchange_flux(region.law, b, net.above_b_max) / quantum
                self._add(number, state, k, i, j, rate)
            if total is None:
                barrier = exp(-net.outside.entry_barrier)
                for i, length in net.outside.lengths.items():
                    rate = half * length * net.outside.b_applied * barrier / quantum
                    self._add(number, state, k, None, i, rate)

    def _add(self, number, state, k, i, j, rate):
        after = list(state)
        if i is not None:
            after[i] -= 1
        if j is not None:
            after[j] += 1
        # With an outside the counts are cut off where they are hardly ever.
        if rate > 0 and tuple(after) in number:
            self.generator[number[tuple(after)], k] += rate
            self.generator[k, k] -= rate

    def at(self, time: float, start) -> np.ndarray:
        """(S,) probabilities at `time` from the state `start`."""
        return expm(self.generator * time)[:, self.number(start)]

    def number(self, state) -> int:
        """Which state `state` is."""
        return int(np.flatnonzero((self.states == state).all(axis=1))[0])

    def stationary(self) -> np.ndarray:
        """(S,) the generator's null vector."""
        rate = np.abs(self.generator).max()
        p = null_space(self.generator / rate, rcond=1e-13)
        assert p.shape[1] == 1
        return p[:, 0] / p.sum()

    def moments(self, p) -> tuple[np.ndarray, np.ndarray]:
        """(R,) means and (R, R) covariances of the counts under `p`."""
        mean = p @ self.states
        off = self.states - mean
        return mean, (off * p[:, None]).T @ off
