"""A frame of molecular dynamics judged by Ginzburg-Landau theory.

Vortices repel and attract in pairs in the dynamics; in Ginzburg-Landau theory they do not, quite: at
short range the energy of three is not that of three pairs (Chaves, Peeters, Farias, Milošević,
Phys. Rev. B 83, 054516 (2011), Eq. 20, Fig. 9). Here the vortices of a window are solved for, and
what the run's forces differ by is parted in two: the pair law's own error, and what no pair law can
give.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import potentials
from potentials.critical import annihilation_separation, mu_from, upper_critical_density
from vortexmd.checks import not_negative, whole
from vortexmd.description import restore
from vortexmd.gl_pair_sums import PairSums, gl_pair_sums, run_forces, run_pair_sums
from vortexmd.gl_window import Cluster, cut_window
from vortexmd.reader import load
from vortexmd.report import configuration_at
from vortexmd.vortices import Vortices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gl_reference import Solution

MOST = 20
# Pairs are solved to this part of the tolerance, so that the cluster's own error decides.
PAIR_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class FrameValidation:
    """What `validate_frame` returns: N vortices, forces in Ω₀, energies in ε₀, lengths in λ.

    Attributes
    ----------
    step, time
        Of the frame.
    mu : float
        μ = √2 κ of the Ginzburg-Landau solutions.
    pair_force : potentials.Potential
        The run's law.
    window, centre, margin
        Side and centre (2,) of the square window; vortices at least `margin` from its edge are inner.
    tolerance : float
        That was asked of the solver.
    ids, winding : (N,) int arrays
    positions : (N, 2) array
        Nearest images to the centre.
    inner : (N,) bool array
        Those whose neighbours are in the window too; the figures of the summary are theirs.
    force_gl, force_pairs, force_md : (N, 2) arrays
        Net force on each: of the cluster solved as a whole; the sum of the Ginzburg-Landau forces of
        its pairs, each solved alone; the sum of the run's forces within it, with their cutoff and
        switch.
    force_md_all : (N, 2) array
        The run's forces of all vortices of the frame.
    pair_strength : (N, N) array
        Ginzburg-Landau force between each two, alone; positive = repulsion.
    energy_gl, energy_pairs, energy_md : float
        Interaction energies of the cluster, likewise.
    force_error, pairs_error, energy_error : float
        Estimated errors of a component of `force_gl`, of one of `force_pairs`, and of
        `energy_pairs − energy_gl`.
    notes : tuple of str
        What the reader should know before trusting the figures.
    """

    step: int
    time: float
    mu: float
    pair_force: potentials.Potential
    window: float
    centre: NDArray[np.float64]
    margin: float
    tolerance: float
    ids: NDArray[np.int64]
    winding: NDArray[np.int64]
    positions: NDArray[np.float64]
    inner: NDArray[np.bool_]
    force_gl: NDArray[np.float64]
    force_pairs: NDArray[np.float64]
    force_md: NDArray[np.float64]
    force_md_all: NDArray[np.float64]
    pair_strength: NDArray[np.float64]
    energy_gl: float
    energy_pairs: float
    energy_md: float
    force_error: float
    pairs_error: float
    energy_error: float
    notes: tuple[str, ...]
    _solution: Solution = field(repr=False)

    @property
    def additivity_error(self) -> NDArray[np.float64]:
        """(N, 2) pairs of Ginzburg-Landau theory less the whole: what no pair law can give."""
        return self.force_pairs - self.force_gl

    @property
    def law_error(self) -> NDArray[np.float64]:
        """(N, 2) the run's pairs less those of Ginzburg-Landau theory."""
        return self.force_md - self.force_pairs

    @property
    def total_error(self) -> NDArray[np.float64]:
        """(N, 2) the run's pairs less Ginzburg-Landau theory: the sum of the two errors."""
        return self.force_md - self.force_gl

    @property
    def judged(self) -> NDArray[np.bool_]:
        """(N,) whom the figures are of: the inner vortices; all, if none is."""
        return self.inner if self.inner.any() else np.ones(len(self.inner), dtype=bool)

    @property
    def pair_scale(self) -> NDArray[np.float64]:
        """(N,) √(Σ_j F_ij²) in Ω₀: the net force that the same pair forces make in random directions.

        What errors are to be measured by: in a lattice the net force itself vanishes by symmetry.
        """
        scale: NDArray[np.float64] = np.sqrt((self.pair_strength**2).sum(axis=1))
        return scale

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data (JSON-able: what does not exist is None, never NaN)."""
        from vortexmd.gl_validation_report import figures

        return figures(self)

    def summary(self) -> str:
        """A table of the vortices and the errors' sizes, for reading."""
        from vortexmd.gl_validation_report import as_text

        return as_text(self)

    def plot(self) -> Figure:
        """|Ψ| with the net forces, and the field with the errors, in a new figure."""
        from vortexmd.gl_validation_plot import plot_validation

        return plot_validation(self, self._solution)


def validate_frame(
    vortices: Vortices,
    pair_force: potentials.Potential,
    *,
    window: float,
    centre: Sequence[float] | None = None,
    mu: float | None = None,
    kappa: float | None = None,
    margin: float | None = None,
    tolerance: float = 1e-3,
    most: int = MOST,
    progress: bool = False,
) -> FrameValidation:
    """Solve Ginzburg-Landau theory for the vortices in a window, and compare the run's forces.

    The vortices are held in place in the open plane (`gl_reference.solve`, reading "coulomb", w = 1);
    those outside the window are left out on both sides of the comparison. What that leaves out of the
    run's forces is told by `force_md_all`.

    Parameters
    ----------
    vortices : Vortices
        The frame, of any windings. Across periodic sides nearest images are taken.
    pair_force : potentials.Potential
        The law that the run used.
    window : float
        Side of the square in λ, at most that of the box.
    centre : (float, float), optional
        Of the window, in λ; default the vortex nearest to the middle of the box.
    mu, kappa : float, optional
        μ = √2 κ, 0.1 … 20; default that of `pair_force`, which it must not contradict.
    margin : float, optional
        Vortices at least so far (λ) from the window's edge are inner; default the mean spacing in
        the window.
    tolerance : float
        Relative error to aim for, as in `gl_reference.solve`: forces below 0.05 Ω₀ are resolved to
        this fraction of it.
    most : int
        More vortices are refused. 20 take about 15 s and 0.5 GB.
    progress : bool
        Show bars.

    Raises
    ------
    ValueError
        For anything outside these ranges, a window with fewer than 2 or more than `most` vortices, a
        potential without μ where none is given, and vortices closer than 1e-3 λ.
    gl_reference.ConvergenceError
        Where the solver does not reach its tolerance.

    Source: Chaves, Peeters, Farias, Milošević, Phys. Rev. B 83, 054516 (2011), Eqs. 11-13 and 20.
    """
    from gl_reference.checks import check_range
    from gl_reference.confocal import MU_RANGE
    from gl_reference.solve import TOLERANCES

    if not isinstance(vortices, Vortices):
        raise ValueError(f"vortices: give Vortices, a frame of vmd.load(…), not {vortices!r:.60}")
    if not isinstance(pair_force, potentials.Potential):
        raise ValueError(f"pair_force = {pair_force!r}: give the potential that the run used")
    value = check_range("mu", _mu(pair_force, mu, kappa), *MU_RANGE)
    aim = check_range("tolerance", tolerance, *TOLERANCES)
    cluster = cut_window(vortices, window, centre, whole("most", most, 2, 10_000))
    edge = _margin(cluster, margin)
    inner = cluster.room >= edge
    ids, winding = vortices.ids[cluster.rows], vortices.winding[cluster.rows]
    _check_separations(cluster, ids)
    md = run_pair_sums(pair_force, cluster.positions, winding)
    md_all = run_forces(pair_force, vortices, cluster.rows)
    pairs, solution = _solve(cluster, winding, value, aim, progress)
    return FrameValidation(
        step=vortices.step,
        time=vortices.time,
        mu=value,
        pair_force=pair_force,
        window=cluster.window,
        centre=cluster.centre,
        margin=edge,
        tolerance=aim,
        ids=ids,
        winding=winding,
        positions=cluster.positions,
        inner=inner,
        force_gl=solution.forces,
        force_pairs=pairs.forces,
        force_md=md.forces,
        force_md_all=md_all,
        pair_strength=pairs.strength,
        energy_gl=solution.interaction_energy,
        energy_pairs=pairs.energy,
        energy_md=md.energy,
        force_error=solution.force_error,
        pairs_error=pairs.error,
        energy_error=solution.error + pairs.energy_error,
        notes=_notes(cluster, winding, value, inner, pair_force),
        _solution=solution,
    )


def frame_of_run(path: str | Path, frame: int = -1) -> tuple[Vortices, potentials.Potential]:
    """One frame of a trajectory, and the pair law that acted then.

    Parameters
    ----------
    path
        A file that `TrajectoryWriter` has made.
    frame
        Which; negative from the end.

    Raises
    ------
    FileNotFoundError, ValueError
        Where there is no such file, frame or law; a law that is a Python function is in no file.
    """
    if isinstance(frame, bool) or not isinstance(frame, (int, np.integer)):
        raise ValueError(f"frame = {frame!r}: give a whole number")
    with load(path) as trajectory:
        count = len(trajectory)
        if not -count <= frame < count:
            held = f"frames 0 … {count - 1}" if count else "no frame yet"
            raise ValueError(f"frame = {frame}: {path} has {held}")
        state = trajectory[frame]
        described = configuration_at(trajectory, state.step).get("pair_force")
    if described is None:
        raise ValueError(f"{path}: its vortices do not interact (no pair_force): nothing to judge")
    try:
        law: potentials.Potential = restore(described, "pair_force")
    except ValueError as error:
        raise ValueError(f"{path}: {error} (here: to vortexmd.validate_frame, in Python)") from None
    return state, law


def _mu(pair_force: potentials.Potential, mu: float | None, kappa: float | None) -> float:
    """The μ to solve for: the law's own, or the given one where it has none."""
    own = pair_force.mu
    if mu is None and kappa is None:
        if own is None:
            raise ValueError(
                f"mu: {pair_force!r} has none (or several); say which superconductor it stands for, "
                f"mu= or kappa= (--mu, --kappa)"
            )
        return own
    given = mu_from(mu, kappa)
    if own is not None and not math.isclose(given, own, rel_tol=1e-6):
        raise ValueError(
            f"mu = {given:.6g}: the run's {pair_force!r} has mu = {own:.6g}; leave mu and kappa out"
        )
    return given


def _margin(cluster: Cluster, margin: float | None) -> float:
    if margin is None:
        return cluster.window / math.sqrt(len(cluster.rows))
    edge = not_negative("margin", margin)
    if edge >= 0.5 * cluster.window:
        raise ValueError(
            f"margin = {edge:g} λ: nothing is as far from the edge of a window of "
            f"{cluster.window:g} λ; give less than {0.5 * cluster.window:g}"
        )
    return edge


def _check_separations(cluster: Cluster, ids: NDArray[np.int64]) -> None:
    """ValueError, with ids, where two vortices are nearer than the solver's mesh resolves."""
    from gl_reference.mesh_solver import NEAREST

    x, y = (cluster.positions[:, None] - cluster.positions).transpose(2, 0, 1)
    d = np.hypot(x, y)
    d[np.diag_indices_from(d)] = np.inf
    if d.min() < NEAREST:
        i, j = np.unravel_index(np.argmin(d), d.shape)
        raise ValueError(
            f"vortices {ids[i]} and {ids[j]} are {d.min():.3g} λ apart: the solver resolves "
            f"{NEAREST:g} λ; choose another window or frame, or let the run merge or annihilate them"
        )


def _solve(
    cluster: Cluster, winding: NDArray[np.int64], mu: float, tolerance: float, progress: bool
) -> tuple[PairSums, Solution]:
    """Ginzburg-Landau theory for the pairs, each alone, and for the whole."""
    from gl_reference import ConvergenceError, solve

    # The whole first: it is what refuses.
    solution = solve(cluster.positions, winding, mu, tolerance=tolerance)
    fine = PAIR_SHARE * tolerance
    try:
        pairs = gl_pair_sums(cluster.positions, winding, mu, fine, progress=progress)
    except ConvergenceError as error:
        raise ConvergenceError(f"{error} (pairs are solved to a tenth of tolerance)") from error
    return pairs, solution


def _notes(
    cluster: Cluster,
    winding: NDArray[np.int64],
    mu: float,
    inner: NDArray[np.bool_],
    pair_force: potentials.Potential,
) -> tuple[str, ...]:
    """What stands between the figures and what one might take them for."""
    notes = []
    if isinstance(pair_force, potentials.GLDynamic):
        notes.append(
            "the run's law is of free motion, judged here against vortices held in place: at mu = 1.7 "
            "V-V forces of the two are 2.5 % apart at d = 2 λ, 11 % at 1 λ (docs/gl_dynamics.md)"
        )
    if (winding[:, None] * winding < 0).any():
        notes.append(
            "how they are held moves the force of vortex and antivortex by some per cent at d = 4 λ, by tens "
            "below 3 λ (mu = 1.7): errors of the pair law below that say nothing (docs/gl_reference.md)"
        )
    if not inner.any():
        notes.append("no vortex is inner: the figures are of all; a larger window has inner ones")
    limit = upper_critical_density(mu)
    cores = float(np.abs(winding).sum()) / cluster.window**2
    if cores > limit:
        notes.append(
            f"{cores:.3g} flux quanta per λ² in the window are more than n_c2 = mu**2/(4 pi) = "
            f"{limit:.3g}, where bulk superconductivity ends"
        )
    least = annihilation_separation(mu, extrapolate=True)
    x, y = (cluster.positions[:, None] - cluster.positions).transpose(2, 0, 1)
    opposite = np.triu(winding[:, None] * winding < 0)
    near = int((opposite & (np.hypot(x, y) < least)).sum())
    if near:
        notes.append(
            f"{near} vortex-antivortex pair{' is' if near == 1 else 's are'} nearer than d_A = "
            f"{least:.3g} λ: held in place, with no string between them as in the true minimum"
        )
    return tuple(notes)
