"""The loop: overdamped Langevin dynamics of vortices, run to the next event.

    η dr_i/dt = Σ_j F_ij + F_external(r_i, n_i, t) + √(2ηk_BT) ξ_i(t)

or, at T = 0, dr/dt = M F with a mobility of the configuration (`vortexmd.pair_friction`).
A step is: hops between pinning regions for half of it, neighbour list if somebody has moved too far,
forces, displacements, acceptance, exits through open sides, hops for the other half, reactions.
Whatever changes who is there ends with `population_changed`.
"""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from math import hypot, inf, sqrt
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import potentials
from potentials.pair_friction import as_pair_friction
from vortexmd import checkpoint as checkpoints
from vortexmd import density, interrupts, minimization, stepping
from vortexmd import reactions as chemistry
from vortexmd.box import LONGEST
from vortexmd.checks import (
    flag,
    measure,
    measure_or_zero,
    not_negative,
    positive,
    shown,
    whole,
)
from vortexmd.description import describe, naming
from vortexmd.events import Event
from vortexmd.external import ExternalForce
from vortexmd.files import WriterLock
from vortexmd.forces import PairForces
from vortexmd.hopper import Hopper, exclusion_distance
from vortexmd.hopping import ArrheniusHopping
from vortexmd.integrators import INTEGRATORS, SIDES, accept, mirror_noise, propose
from vortexmd.neighbors import check_reach, even_edges
from vortexmd.pair_friction import NEAREST, PairMobility, build_friction, check_box
from vortexmd.pair_kinds import PRECISIONS, sort_kinds
from vortexmd.pair_tables import ENDLESS, build_tables, hard_core_radius, tail_energy
from vortexmd.population import Population, counts
from vortexmd.random_numbers import THERMAL_NOISE, thermal_noise
from vortexmd.vortices import MAX_TURNS, Vortices

CHECKPOINT_SECONDS = 60.0
# Signals, progress and checkpoints wait for a burst of steps to end: it should take about so long.
BURST_SECONDS = 0.05
MAX_STEPS = 2**62
MAX_THREADS = 1024
MAX_ITERATIONS = 2**30
NO_MIRRORS = np.empty((0, 2, 2))


class UnstableStepError(RuntimeError):
    """A vortex would move further in one step than any sensible dt allows."""


class Writer(Protocol):
    """What `Simulation.run` calls: `write` at every step that `every` divides."""

    every: int

    def start(self, sim: Any) -> None: ...
    def write(self, sim: Any) -> None: ...
    def sync(self) -> None: ...
    def finish(self, sim: Any) -> None: ...


class Simulation:
    """Overdamped Langevin dynamics of vortices.

    Parameters
    ----------
    start
        The starting configuration.
    pair_force
        A potential or an Interaction from `potentials`; None for no interaction.
    dt
        Time step Δt in τ = ηλ/Ω₀.
    temperature
        k_BT in ε₀.
    seed
        Of the thermal noise, 0 … 2⁶⁴ − 1. The same seed gives the same bits whatever the threads.
    external
        Drives, pins, traps: a list of `ExternalForce`; all add up.
    reactions
        `Annihilation`, `Merging`, `ArrheniusHopping` (one at most).
    integrator
        ``"leimkuhler-matthews"`` (default: second order in averages over configurations) or
        ``"euler-maruyama"``.
    friction
        η, one for all windings or ``{winding: η}``; 1 in reduced units.
    pair_friction
        How the friction of a pair's relative motion depends on its separation: γ(d) from `potentials`
        (``TabulatedFriction``, what a potential's ``pair_friction()`` returns), or a dict of such tables
        by winding pair; then v = M F as in `vortexmd.pair_friction`. None, and pairs without a table:
        constant friction. At temperature 0 only. Steps must resolve mobilities of 1/γ: explicit steps
        are stable up to dt of about 2ηγ(d)/F' at the closest approach d, F' the slope of the *relative*
        force, external ones included; mobilities grow down to 0.03 λ. Under their own force vortices of
        one sign need no such care, as it falls at least as fast as γ; vortex and antivortex meet ever
        faster, which `Annihilation` ends.
    precision
        Of the pair forces: ``"double"``, or ``"mixed"``, where pairs are computed in single precision: their
        relative positions in fixed point, so that forces are right to about 4e-6 of their r.m.s. whatever
        the size of the box. Positions, noise and all else are in double precision either way. Processors
        without AVX-512, and laws with kinks, have one code for both, in double precision.
    threads
        At most this many; default one a processor. Below 2048 vortices one is used.
    skin
        What the neighbour list holds beyond the cutoff, in λ; changes the speed and the rounding.
    max_displacement
        No vortex may move further in one step, in λ. Default: half the mean spacing, 1 λ at most;
        unlimited without interaction.

    Raises
    ------
    ValueError
        Naming the field: a bad value, winding pairs that can meet but are not covered, a periodic side
        shorter than twice the cutoff, no vortices.

    Warns
    -----
    DensityWarning
        Where the density leaves the range in which the pair forces mean anything.
    """

    def __init__(
        self,
        start: Vortices,
        pair_force: Any = None,
        *,
        dt: float,
        temperature: float = 0.0,
        seed: int = 0,
        external: ExternalForce | Sequence[ExternalForce] = (),
        reactions: Sequence[chemistry.Reaction] = (),
        integrator: str = "leimkuhler-matthews",
        friction: float | Mapping[int, float] = 1.0,
        pair_friction: Any = None,
        precision: str = "double",
        threads: int | None = None,
        skin: float | None = None,
        max_displacement: float | None = None,
    ):
        if not isinstance(start, Vortices):
            raise ValueError(
                f"start: give Vortices, as vmd.random_vortices(…) makes them, not "
                f"{type(start).__name__}"
            )
        reactions = _listed(reactions)
        if len(start) == 0 and not any(getattr(r, "brings", ()) for r in reactions):
            raise ValueError(
                "start: no vortices; one is the least, unless some come in from outside (a run may end "
                "with none)"
            )
        if pair_force is not None and not isinstance(pair_force, potentials.Potential):
            raise ValueError(
                f"pair_force = {shown(pair_force)}: give a potential (potentials.London(), …), an "
                f"Interaction, or None; a plain function goes into potentials.FromFunction"
            )
        if not isinstance(integrator, str) or integrator not in INTEGRATORS:
            raise ValueError(
                f"integrator = {shown(integrator)}: give one of {', '.join(INTEGRATORS)}"
            )
        if not isinstance(precision, str) or precision not in PRECISIONS:
            raise ValueError(f"precision = {shown(precision)}: give one of {', '.join(PRECISIONS)}")
        # Infinite ones are what descriptions call the skin of endless forces, and no limit.
        if skin is not None and not _is_infinite(skin):
            skin = measure("skin", skin)
        if max_displacement is not None and not _is_infinite(max_displacement):
            max_displacement = measure("max_displacement", max_displacement)
        if threads is not None:
            whole("threads", threads, 1, MAX_THREADS)
        self.box = start.box
        self.pair_force = pair_force
        self.pair_friction = as_pair_friction(pair_friction)
        self.integrator = integrator
        self.precision = precision
        self.seed = whole("seed", seed, 0, 2**64 - 1)
        self.events: list[Event] = []
        # What the user asked for, where that was a file: kept with everything written.
        self.configuration: dict[str, Any] | None = None
        self._friction = friction
        self._threads = threads
        self._skin = skin
        self._max_displacement = max_displacement
        self._lengths = np.array(self.box.lengths)
        self._sides = np.array([SIDES[word] for word in self.box.boundary])

        self._here = Population.of(start)
        self._drift, self._drift_rest = np.zeros((2, 2)), np.zeros((2, 2))
        self.step = int(start.step)
        self._time_origin = (self.step, float(start.time))
        self._target = self.step
        self._stop_requested = False
        # The checkpoint that this simulation comes from or was last saved to, with step and target.
        self._saved: tuple[str, int, int] | None = None
        self._stamp: tuple[int, int] | None = None
        self._locked: str | None = None
        # (step, seed): up to which step which seed held, where a checkpoint went on under another.
        self.earlier_seeds: list[tuple[int, int]] = []
        self._noise: tuple[tuple[int, int], NDArray[np.float64]] | None = None
        # How many steps one call of compiled loops makes: a guess, then as many as suit signals.
        self._burst_steps, self._burst_seconds = 1, BURST_SECONDS
        self._ramp: tuple[int, int, float, float] | None = None

        self._dt = measure("dt", dt)
        self.temperature = temperature
        self._reactions = reactions
        self._mobility = np.empty(0)
        self.external = external  # type: ignore[assignment]
        self._prepare()
        density.check(self.state, pair_force)

    # ------------------------------------------------------------------ preparation

    def _prepare(self) -> None:
        """Tables, reach and neighbour machinery for the windings that can occur."""
        for reaction in self._reactions:
            if not isinstance(reaction, chemistry.Reaction):
                raise ValueError(
                    f"reactions: {shown(reaction)} is not a reaction such as Annihilation"
                )
        # The regions as parts of this box, so that whoever reads the description has its boundary too.
        self._reactions = tuple(
            r.within(self.box) if isinstance(r, ArrheniusHopping) else r for r in self._reactions
        )
        hops = [r for r in self._reactions if isinstance(r, ArrheniusHopping)]
        if len(hops) > 1:
            raise ValueError(f"reactions: {len(hops)} ArrheniusHopping; one is the most")
        present = self._start_counts = counts(self._here.winding)
        windings = chemistry.reachable_windings(present, self._reactions)
        needed = chemistry.meeting_pairs(present, self._reactions)
        self._tables = build_tables(self.pair_force, windings, needed)
        self._mobility = 1.0 / self._frictions(self._tables.windings)
        self._reaction_distances = chemistry.reaction_distances(
            self._tables.windings, self._reactions
        )
        reaction_distance = float(self._reaction_distances.max(initial=0.0))
        check_reach(self.box, self.cutoff, reaction_distance, len(self._here))
        kinds = len(self._tables.windings), len(self._tables.windings)
        wanted, friction = np.zeros(kinds), None
        if self.pair_friction is not None:
            friction = build_friction(
                self.pair_friction, self._tables.windings, self._mobility, needed
            )
            check_box(self.box, friction.reach)
            wanted[friction.index > 0] = friction.reach
        core = np.where(self._tables.diverges, hard_core_radius(self._tables), 0.0)
        close = np.maximum(self._reaction_distances, core)
        self._distances = close, wanted
        self._pairs = self._pair_forces(self.precision)
        self._pair_mobility = None
        if friction is not None:
            self._pair_mobility = PairMobility(self._here, self._pairs, friction, self._mobility)
        limit = self._max_displacement
        if limit is None:
            # Along a free axis the box says nothing about the spacing.
            free = "free" in self.box.boundary
            spacing = inf if free else sqrt(self.box.area / max(1, len(self._here)))
            free_run = self.pair_force is None and self.pair_friction is None
            limit = inf if free_run else min(1.0, 0.5 * spacing)
        self._step_limit = limit
        # How far along each axis a vortex may get, and a displacement that asks for a look at that.
        turns = np.where(self.box.periodic, MAX_TURNS * self._lengths, inf)
        self._farthest = np.minimum(turns, LONGEST)
        self._coarse_move = min(1e3, float(turns.min()) / MAX_TURNS)
        self._reactions_due = bool(self._reactions)
        if hops or "reflecting" in self.box.boundary:
            self._here.watch_reflections()
        self._hopper: Hopper | None = None
        if hops:
            self._hopper = Hopper(hops[0], self._here, self.seed, self._exclusion())
            self._hopper.recount()
        # An interrupted step whose first hops are done.
        self._half_done = False
        self._around = stepping.around(self._bound, self._mobility)
        self._unchecked = True

    def _pair_forces(self, precision: str) -> PairForces:
        """The pair forces in a precision, and the list of neighbours behind them."""
        kinds = sort_kinds(self._tables, *self._distances, precision)
        skin = self._skin or max(1.0, 0.08 * float(kinds.reach.max()))
        threads = min(self._threads or os.cpu_count() or 1, len(even_edges(len(self._here))) - 1)
        return PairForces(self._here, self._tables, kinds, skin, threads)

    def _exclusion(self) -> float:
        """λ: nearer than this, diverging forces would throw two vortices apart by half the step limit."""
        if self.pair_force is None or not self._tables.diverges.any():
            return 0.0
        longest = 0.5 * self._step_limit / (self._dt * float(self._mobility.max()))
        windings = self._tables.windings.tolist()
        return max(
            exclusion_distance(self._effective_force(n1, n2), longest)
            for a, n1 in enumerate(windings)
            for b, n2 in enumerate(windings)
            if self._tables.diverges[a, b]
        )

    def _effective_force(self, n1: int, n2: int) -> Callable[[NDArray], NDArray]:
        """The force of a pair, or what constant friction would need to part it as fast."""
        assert self.pair_force is not None
        law, friction = self.pair_force.pair(n1, n2), self.pair_friction
        if friction is None:
            return law.force
        return lambda r: (
            law.force(r)
            / np.minimum(1.0, friction.relative_friction(n1, n2, np.maximum(r, NEAREST)))
        )

    def _refuse_heat(self, name: str, temperature: float) -> None:
        """Noise that belongs to a mobility of the configuration needs a scheme of its own."""
        if temperature > 0 and self.pair_friction is not None:
            raise ValueError(
                f"{name} = {temperature:g}: with pair_friction the mobility depends on the configuration, "
                f"and noise consistent with it is not offered; give temperature 0, or pair_friction=None"
            )

    def _frictions(self, windings: NDArray[np.int64]) -> NDArray[np.float64]:
        if not isinstance(self._friction, Mapping):
            return np.full(len(windings), measure("friction", self._friction))
        values = {n: measure(f"friction[{shown(n)}]", eta) for n, eta in self._friction.items()}
        missing = [n for n in windings.tolist() if n not in values]
        if missing:
            raise ValueError(f"friction: no value for winding {missing[0]}, which can occur")
        return np.array([values[n] for n in windings.tolist()])

    # ------------------------------------------------------------------ what users set and read

    @property
    def dt(self) -> float:
        """Δt in τ. Change it between runs only: a step that follows the noise biases it."""
        return self._dt

    @dt.setter
    def dt(self, value: float) -> None:
        value = measure("dt", value)
        self._time_origin = (self.step, self.time)
        self._dt = value
        if self._hopper is not None:
            self._hopper.min_distance = self._exclusion()
        self._unchecked = True

    @property
    def time(self) -> float:
        """Time in τ."""
        step, time = self._time_origin
        return time + (self.step - step) * self._dt

    @property
    def temperature(self) -> float:
        """k_BT in ε₀ at the present step; setting it ends an anneal."""
        if self._ramp is None:
            return self._temperature
        first, steps, start, end = self._ramp
        done = (self.step - first) / steps
        return start + (end - start) * done if done < 1 else end

    @temperature.setter
    def temperature(self, value: float) -> None:
        value = measure_or_zero("temperature", value)
        self._refuse_heat("temperature", value)
        self._temperature = value
        self._ramp = None
        self._unchecked = True

    @property
    def external(self) -> list[ExternalForce]:
        """The external forces; assign a list to replace them."""
        return list(self._external)

    @external.setter
    def external(self, value: ExternalForce | Iterable[ExternalForce]) -> None:
        fields = list(_listed(value))
        for field in fields:
            if not isinstance(field, ExternalForce):
                raise ValueError(
                    f"external: {shown(field)} is not an external force such as UniformDrive; a function "
                    f"goes into ExternalForce.from_function"
                )
        self._bound = [field.bind(self.box) for field in fields]
        self._around = stepping.around(self._bound, self._mobility)
        self._external = fields
        self._unchecked = True

    @property
    def reactions(self) -> tuple[chemistry.Reaction, ...]:
        """The reactions; assign a list to replace them."""
        return self._reactions

    @reactions.setter
    def reactions(self, value: Sequence[chemistry.Reaction]) -> None:
        before = self._reactions
        self._reactions = _listed(value)
        try:
            self._prepare()
        except ValueError:
            self._reactions = before
            self._prepare()
            raise

    @property
    def hopping(self) -> Hopper | None:
        """Hops between pinning regions: counts, fields, tallies, how well the layers are mixed; or None."""
        return self._hopper

    @property
    def region_labels(self) -> NDArray[np.int32] | None:
        """(N,) the pinning region of each vortex, rows as in `state`; None without regions."""
        if self._hopper is None:
            return None
        return self._hopper.labels(self._here.positions)[np.argsort(self._here.ids)]

    @property
    def state(self) -> Vortices:
        """The vortices now, sorted by id; positions folded into the box."""
        return self._here.vortices(self.step, self.time)

    def forces(self) -> NDArray[np.float64]:
        """Total deterministic force on each vortex, (N, 2) in Ω₀, rows as in `state`."""
        return self._compute_forces()[np.argsort(self._here.ids)]

    def velocities(self) -> NDArray[np.float64]:
        """M F, the velocity of each vortex without noise, (N, 2) in λ/τ, rows as in `state`.

        M is 1/η, or with `pair_friction` the mobility of the configuration.
        """
        forces = self._effective_forces()
        here = self._here
        return (forces * self._mobility[self._pairs.species][:, None])[np.argsort(here.ids)]

    def energies(self) -> dict[str, float]:
        """``{"pair": …, "external": …}`` in ε₀: the energies whose slopes the forces are.

        With the cutoff; `tail_correction` says what that takes away. Drives count as 0.
        """
        here, time = self._here, self.time
        external = sum(field.energy(here.positions, here.winding, time) for field in self._bound)
        return {"pair": self._pairs.energy(), "external": float(external)}

    def energy(self) -> float:
        """Total energy in ε₀: pairs and external potentials."""
        return sum(self.energies().values())

    def tail_correction(self) -> float:
        """What the cutoff takes from the energy per vortex, in ε₀: add it to compare with theory.

        The shift of the switched forces' energy, summed over the pairs there are, and the energy of
        partners beyond the cutoff as if they were spread evenly; inf for laws without an end.
        """
        present = counts(self._here.winding)
        tail = 0.0
        for n1, c1 in present.items():
            for n2, c2 in present.items():
                a, b = np.searchsorted(self._tables.windings, [n1, n2])
                if self.pair_force is not None and self._tables.index[a, b] > 0:
                    tail += c1 * c2 * tail_energy(self.pair_force.pair(n1, n2)) / self.box.area
        shift = self._pairs.energy(whole=True) - self._pairs.energy()
        return (shift + tail) / len(self._here) if len(self._here) else 0.0

    @property
    def cutoff(self) -> float:
        """Largest cutoff of the pair forces in use, in λ."""
        return inf if self._tables.cutoff >= ENDLESS else self._tables.cutoff

    @property
    def force_code(self) -> str:
        """What computes the pair forces: ``"vector float32"``, ``"vector float64"`` or ``"plain float64"``.

        The last on processors without AVX-512, and for laws that the vector code's tables cannot follow.
        """
        return self._pairs.kinds.code

    @property
    def displacement(self) -> NDArray[np.float64]:
        """(2,) λ: the mean displacement of a vortex since the start, summed over steps."""
        return self._drift[0].copy()

    @property
    def winding_displacement(self) -> NDArray[np.float64]:
        """(2,) λ: the same of n·Δr, whose rate is the electric field per vortex density."""
        return self._drift[1].copy()

    @property
    def remaining_steps(self) -> int:
        """What an interrupted `run` or `anneal` still had to do."""
        return max(0, self._target - self.step)

    def description(self) -> dict[str, Any]:
        """The whole configuration as plain data: what files keep under ``/parameters``."""
        description = {
            "box": describe(self.box),
            "pair_force": describe(self.pair_force),
            "external": describe(self._external),
            "reactions": describe(self._reactions),
            "integrator": self.integrator,
            "friction": describe(self._friction),
            "dt": self._dt,
            "seed": self.seed,
            "precision": self.precision,
            "skin": self._pairs.skin,
            "cutoff": self.cutoff,
            "max_displacement": self._step_limit,
            "configuration": self.configuration,
        }
        if self.pair_friction is not None:
            # Only then: files of runs without it go on as they are.
            description["pair_friction"] = describe(self.pair_friction)
        if self.earlier_seeds:
            description["earlier_seeds"] = describe(self.earlier_seeds)
        return description

    # ------------------------------------------------------------------ running

    def run(
        self,
        steps: int,
        *,
        writers: Sequence[Writer] = (),
        progress: bool = False,
        checkpoint: str | Path | None = None,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        max_hours: float | None = None,
    ) -> None:
        """Go `steps` steps on.

        Ctrl-C and SIGTERM take effect after the present step, once files and checkpoint are whole, unless
        the program handles them itself; a second one at once.

        Parameters
        ----------
        steps
            0 or more.
        writers
            Each is called at every step that its ``every`` divides, the first one included.
        progress
            Show a bar with steps/s and the time left.
        checkpoint
            File to save to at the start, every `checkpoint_seconds`, and at the end, however the run
            ends but by an error; `resume` reads it.
        max_hours
            End after so many hours, as `stop` does; `remaining_steps` says what is left.

        Raises
        ------
        UnstableStepError
            If dt is too large; the state is the last good one, and nothing is written when that
            shows at the first step.
        ValueError
            If vortices overlap under a diverging force.
        BlockingIOError
            If another run writes the checkpoint or a writer's file.
        OSError
            If a file cannot be written; what was written before is whole.
        """
        began = clock.monotonic()
        steps = whole("steps", steps, 0, MAX_STEPS - self.step)
        end = inf if max_hours is None else began + 3600.0 * positive("max_hours", max_hours)
        not_negative("checkpoint_seconds", checkpoint_seconds)
        flag("progress", progress)
        for k, writer in enumerate(writers):
            whole(f"writers[{k}].every", writer.every, 1, MAX_STEPS)
        checkpoints.check_writable(checkpoint)
        for k, writer in enumerate(writers):
            path = getattr(writer, "path", None)
            if checkpoint is not None and path is not None and _same_path(path, checkpoint):
                raise ValueError(
                    f"checkpoint = {checkpoint}: writers[{k}] writes there; give another name"
                )
        often = inf if checkpoint is None else checkpoint_seconds
        self._burst_seconds = min(BURST_SECONDS, often, end - began)
        # The one before it is worth more than a second checkpoint of the same state.
        last_save = None if self._unchecked else self._saved
        self._target = self.step + steps
        self._react()
        self._check_start()
        last_saved = last_shown = clock.monotonic()
        with ExitStack() as stack:
            signals = stack.enter_context(interrupts.taken(self.stop, ordinary_only=True))
            stack.callback(setattr, self, "_stop_requested", False)
            if checkpoint is not None:
                stack.callback(self._lock(checkpoint))
            bar = tqdm(total=steps, unit="step", disable=None if progress else True)
            stack.callback(bar.close)
            for writer in writers:
                writer.start(self)
                stack.callback(writer.finish, self)
            self._write(writers)
            if checkpoint is not None and last_save != self._saving(checkpoint):
                self._save(checkpoint, writers)
            while self.step < self._target and not self._stop_requested:
                before = self.step
                self._advance_to(self._next_stop(writers))
                if self.step > before:
                    self._write(writers)
                now = clock.monotonic()
                if now >= end:
                    self.stop()
                if now - last_shown > 0.1:
                    bar.update(steps - self.remaining_steps - bar.n)
                    last_shown = now
                if checkpoint is not None and now - last_saved > checkpoint_seconds:
                    self._save(checkpoint, writers)
                    last_saved = now
            if checkpoint is not None and self._saved != self._saving(checkpoint):
                self._save(checkpoint, writers)
            bar.update(steps - self.remaining_steps - bar.n)
        if signals:
            interrupts.deliver(signals[0])

    def anneal(self, to_temperature: float, steps: int, **options: Any) -> None:
        """Run while the temperature goes linearly to `to_temperature`; options as for `run`."""
        self.set_ramp(to_temperature, steps)
        self.run(steps, **options)

    def set_ramp(self, to_temperature: float, steps: int) -> None:
        """Let the temperature go linearly to `to_temperature` over the next `steps` steps.

        It stays there afterwards. `anneal` is this and `run`.
        """
        end = measure_or_zero("to_temperature", to_temperature)
        self._refuse_heat("to_temperature", end)
        steps = whole("steps", steps, 0, MAX_STEPS)
        start = self.temperature
        self.temperature = end
        if steps > 0:
            self._ramp = (self.step, steps, start, end)

    def stop(self) -> None:
        """Ask `run` to end after the present step (from a signal handler, say)."""
        self._stop_requested = True

    def minimize(self, *, force_tolerance: float = 1e-6, max_iterations: int = 10_000) -> bool:
        """Slide down to the nearest minimum of the energy; time and step stand still.

        Parameters
        ----------
        force_tolerance
            Largest force on any vortex at the end, in Ω₀.
        max_iterations
            Of L-BFGS.

        Returns
        -------
        bool
            Whether the tolerance was reached.

        Raises
        ------
        ValueError
            If an external force has no energy to minimise (a drive), or vortices hop: the slide would
            carry them through the walls of their regions; if an argument is no such number.
        """
        measure("force_tolerance", force_tolerance)
        whole("max_iterations", max_iterations, 1, MAX_ITERATIONS)
        if self._hopper is not None:
            raise ValueError(
                "reactions: ArrheniusHopping keeps vortices in their regions, which a slide to the minimum "
                "does not; minimise before setting sim.reactions"
            )
        for field in self._external:
            if not field.has_energy:
                raise ValueError(
                    f"external: {field!r} has no energy to minimise; take it out first"
                )
        self._react()
        self._check_overlaps()
        own = self._pairs
        if self.precision == "mixed":
            # Energies and forces must belong to each other closer than that.
            self._pairs = self._pair_forces("double")
        try:
            reached = minimization.minimize(self, force_tolerance, max_iterations)
        finally:
            if self._pairs is not own:
                self._pairs = own
                own.population_changed()
        self._react()
        return reached

    def save(self, path: str | Path) -> None:
        """Write a checkpoint: everything that `resume` needs, at once or not at all."""
        checkpoints.check_writable(path)
        release = self._lock(path)
        try:
            self._save(path, ())
        finally:
            release()

    @classmethod
    def resume(
        cls,
        path: str | Path,
        *,
        pair_force: Any = None,
        pair_friction: Any = None,
        external: Sequence[ExternalForce] | None = None,
        reactions: Sequence[chemistry.Reaction] | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> Simulation:
        """A simulation as it was saved; ``sim.run(sim.remaining_steps)`` finishes what it did.

        Parameters
        ----------
        path
            A checkpoint. Where it is missing or damaged, the one before it (`path` with ``.previous``) is
            taken, with a warning.
        pair_force, pair_friction, external, reactions
            Needed only where they rest on Python functions or classes, which no file can hold.
        seed
            Go on under another seed: another course from the same state, to be written to another file.
            `earlier_seeds` keeps the one before.
        threads
            As in the constructor; by default as saved.

        Raises
        ------
        ValueError, FileNotFoundError
            If the file is missing, not a checkpoint, or holds such a function.
        """
        given = {
            "pair_force": pair_force,
            "pair_friction": pair_friction,
            "external": external,
            "reactions": reactions,
        }
        if seed is not None:
            seed = whole("seed", seed, 0, 2**64 - 1)
        if threads is not None:
            threads = whole("threads", threads, 1, MAX_THREADS)
        with naming(f"checkpoint {path}"):
            return checkpoints.load(cls, Path(path), given, seed, threads)

    # ------------------------------------------------------------------ many steps

    def _next_stop(self, writers: Sequence[Writer]) -> int:
        """The step at which somebody writes, or that is asked for."""
        due = [(self.step // writer.every + 1) * writer.every for writer in writers]
        return min([self._target, *due])

    def _advance_to(self, last: int) -> None:
        """Go on, to step `last` at most: many steps at once unless Python has a part in them."""
        if self._around is None or self._hopper is not None or self._pair_mobility is not None:
            self._advance()
            return
        began, first = clock.perf_counter(), self.step
        course = self._course(min(last, self.step + self._burst_steps))
        end = stepping.make_steps(
            self._pairs,
            self._around,
            course,
            self._reaction_distances**2,
            self._drift,
            self._drift_rest,
        )
        self.step += end.steps
        known = (self.step, self._pairs.generation)
        self._noise = (known, self._pairs.noise) if end.noisy else None
        self._reactions_due = bool(course.reacting) and not end.checked
        if self._pairs.reach == 0 and end.moved >= 0:
            self._pairs.positions_changed(end.moved)
        if end.why == stepping.LEFT:
            self._exit()
        if self._reactions_due:
            self._react()
        if end.why == stepping.REFUSED:
            self._advance()
        if self.step > first:
            each = (clock.perf_counter() - began) / (self.step - first)
            suits = max(1.0, self._burst_seconds / each)
            self._burst_steps = int(min(suits, 2.0 * self._burst_steps))

    def _course(self, last: int) -> stepping.Course:
        """What the steps up to `last` go by."""
        step, time = self._time_origin
        ramp = self._ramp or (0, 0, 0.0, 0.0)
        pairs, limit = self._pairs, min(self._step_limit, self._coarse_move)
        known = self._noise is not None and self._noise[0] == (self.step, pairs.generation)
        if known and self._noise is not None and self._noise[1] is not pairs.noise:
            pairs.slots().noise[:] = self._noise[1]
        return stepping.Course(
            step=self.step,
            last=last,
            seed=np.uint64(self.seed),  # type: ignore[arg-type]
            stream=THERMAL_NOISE,
            dt=self._dt,
            time=float(time),
            origin=int(step),
            temperature=float(self._temperature),
            ramp_first=int(ramp[0]),
            ramp_steps=int(ramp[1]),
            ramp_start=float(ramp[2]),
            ramp_end=float(ramp[3]),
            averaged=int(self.integrator != "euler-maruyama"),
            limit=float(limit * limit),
            listed=int(pairs.reach > 0),
            remake=int("free" not in self.box.boundary),
            slack=float(pairs.slack if pairs.reach > 0 else pairs.round_trip),
            valid=int(pairs.valid),
            found=int(pairs.found),
            noisy=int(known),
            checked=int(not self._reactions_due),
            reacting=int(bool(self._reaction_distances.any())),
        )

    # ------------------------------------------------------------------ one step

    def _advance(self) -> None:
        hopper = self._hopper
        # Before the hops, which go by slots: else a look at the run, which may renew the list,
        # would change them.
        self._pairs.ensure()
        if hopper is not None and not self._half_done:
            self._hop(hopper, 0)
            self._half_done = True
        moves = self._next_moves()
        flowed = hopper is not None and hopper.confine(moves, self._pairs.generation)
        moved, leaving = accept(
            self._here.positions,
            moves,
            self._here.winding,
            self._here.reference,
            self._lengths,
            self._sides,
            self._drift,
            self._drift_rest,
            NO_MIRRORS if self._here.mirrors is None else self._here.mirrors,
            self._here.rest,
        )
        self.step += 1
        self._reactions_due = bool(self._reactions)
        self._pairs.positions_changed(sqrt(moved))
        self._half_done = False
        if leaving:
            self._exit()
        if hopper is not None:
            if flowed:
                hopper.recount()
            self._hop(hopper, 1)
        self._react()

    def _hop(self, hopper: Hopper, half: int) -> None:
        """Hops over the first half of the step to come, or the second half of the step just made."""
        middle = self.time + (0.5 - half) * self._dt
        begin, end = (self.time, middle) if half == 0 else (middle, self.time)
        events, moved = hopper.advance(
            begin,
            end,
            self.step,
            half,
            self.temperature,
            self._energy_change,
            self._pairs.population_changed,
            self._pairs.slot_cells(),
            self._drift,
        )
        self.events += events
        self._pairs.positions_changed(moved)

    def _energy_change(self, slot: int, point: NDArray[np.float64]) -> float:
        """ΔE in ε₀ of moving the vortex in a slot to a point (2,)."""
        here = self._here
        old = here.positions[slot].copy()
        change = self._pairs.energy_at(slot, point) - self._pairs.energy_at(slot, old)
        winding = here.winding[slot : slot + 1]
        for field in self._bound:
            if field.has_energy:
                change += float(field.energy(point[None], winding, self.time))
                change -= float(field.energy(old[None], winding, self.time))
        return change

    def _next_moves(self) -> NDArray[np.float64]:
        """(N, 2) displacements of the step from the present state, in slot order."""
        temperature = self.temperature
        forces = self._effective_forces()
        noise = self._next_noise() if temperature > 0 else forces
        if temperature > 0 and self._here.mirrors is not None:
            mirror_noise(self._here.mirrors, noise)
        moves = np.empty_like(forces)
        worst, largest = propose(
            forces,
            noise,
            self._mobility,
            self._pairs.species,
            self._dt,
            temperature,
            self._here.rest,
            moves,
        )
        if len(moves) and not largest <= self._step_limit * self._step_limit:
            raise UnstableStepError(self._too_far(worst, forces, moves, self._step_limit))
        if not largest <= self._coarse_move**2:
            self._check_landing(forces, moves)
        return moves

    def _check_landing(self, forces: NDArray[np.float64], moves: NDArray[np.float64]) -> None:
        """Refuse displacements to where positions are nothing but rounding, or turns cannot be counted."""
        turns = self._here.image * np.where(self.box.periodic, self._lengths, 0.0)
        beyond = ~(np.abs(self._here.positions + turns + moves) <= self._farthest).all(axis=1)
        if beyond.any():
            worst = int(np.flatnonzero(beyond)[0])
            limit = float(self._farthest.min())
            raise UnstableStepError(self._too_far(worst, forces, moves, limit))

    def _compute_forces(self) -> NDArray[np.float64]:
        """(N, 2) in slot order."""
        self._pairs.ensure()
        forces = np.empty_like(self._here.positions)
        self._pairs.write_forces(forces)
        if self._bound:
            # What overflows is infinite, and refused by name before anybody moves.
            with np.errstate(over="ignore", invalid="ignore"):
                for field in self._bound:
                    field.add_forces(self._here.positions, self._here.winding, self.time, forces)
        return forces

    def _effective_forces(self) -> NDArray[np.float64]:
        """(N, 2) in slot order: what 1/η times gives the velocities."""
        forces = self._compute_forces()
        if self._pair_mobility is not None:
            self._pair_mobility.add(forces)
        return forces

    def _next_noise(self) -> NDArray[np.float64]:
        """R of `propose` for the step from the present state."""
        now, known = self._noise_of(self.step), (self.step + 1, self._pairs.generation)
        if self.integrator == "euler-maruyama":
            return now
        # The second half of this step's noise is the first half of the next one's.
        self._noise = known, self._noise_of(self.step + 1)
        return 0.5 * (now + self._noise[1])

    def _noise_of(self, step: int) -> NDArray[np.float64]:
        if self._noise is not None and self._noise[0] == (step, self._pairs.generation):
            return self._noise[1]
        noise = np.empty_like(self._here.positions)
        thermal_noise(self.seed, step, self._here.ids, noise)
        return noise

    def _write(self, writers: Sequence[Writer]) -> None:
        for writer in writers:
            if self.step % writer.every == 0:
                writer.write(self)

    def _place(self, unwrapped: NDArray[np.float64]) -> None:
        """Put the vortices, in the order of `state`, at (N, 2) unfolded positions in λ."""
        self._here.place(unwrapped)
        self._pairs.positions_changed(self._here.moved())
        self._reactions_due, self._unchecked = bool(self._reactions), True

    def _save(self, path: str | Path, writers: Sequence[Writer]) -> None:
        # What the checkpoint leads to must be on the disk before it.
        for writer in writers:
            writer.sync()
        saving = self._saving(path)
        file = Path(saving[0])
        ours = self._saved is not None and self._saved[0] == saving[0]
        ours = ours and checkpoints.stamp(file) in (None, self._stamp)
        checkpoints.save(self, file, keep=ours)
        self._saved, self._stamp = saving, checkpoints.stamp(file)

    def _lock(self, path: str | Path) -> Callable[[], None]:
        """Keep other runs from a checkpoint; what lets them in again."""
        real = os.path.realpath(path)
        if self._locked == real:
            # A writer that saves where the run does.
            return lambda: None
        lock, before = WriterLock(Path(real)), self._locked
        self._locked = real

        def release() -> None:
            self._locked = before
            lock.release()

        return release

    def _saving(self, path: str | Path) -> tuple[str, int, int]:
        """What `_saved` is to be once the present state is saved there."""
        return os.path.realpath(path), self.step, self._target

    # ------------------------------------------------------------------ who is there

    def _exit(self) -> None:
        """Take out who has crossed an open side."""
        here = self._here
        gone = np.flatnonzero(~self.box.contains(here.folded()))
        for slot in gone[np.argsort(here.ids[gone])]:
            self.events.append(
                Event(
                    kind="exit",
                    step=self.step,
                    time=self.time,
                    ids=(int(here.ids[slot]),),
                    windings=(int(here.winding[slot]),),
                    position=tuple(here.folded()[slot].tolist()),
                    product_id=None,
                    product_winding=0,
                )
            )
        here.remove(gone)
        self._pairs.population_changed()

    def _react(self) -> None:
        """Carry out the reactions that are due at the present step."""
        if not self._reactions_due:
            return
        self._reactions_due = False
        if not self._reaction_distances.any():
            return
        pairs, separations = self._pairs.close_pairs(self._reaction_distances)
        if len(pairs):
            self.events += chemistry.carry_out(
                self._here, pairs, separations, self._reactions, self.step, self.time
            )
            self._pairs.population_changed()
            if self._hopper is not None:
                self._hopper.recount()

    # ------------------------------------------------------------------ checks

    def _check_start(self) -> None:
        """Refuse overlaps and a hopeless dt before anything is written."""
        if not self._unchecked or self.remaining_steps == 0:
            return
        self._check_overlaps()
        if self._hopper is not None:
            self._hopper.check_start(self._dt, self.temperature)
        self._next_moves()
        self._unchecked = False

    def _check_overlaps(self) -> None:
        core = hard_core_radius(self._tables)
        pairs, _ = self._pairs.close_pairs(np.where(self._tables.diverges, core, 0.0))
        if len(pairs):
            i, j = pairs[0]
            raise ValueError(
                f"start: vortices {self._here.ids[i]} and {self._here.ids[j]} lie on one spot, "
                f"{self._here.folded()[i]}, where their force diverges; use min_distance= or move one"
            )

    def _too_far(
        self, worst: int, forces: NDArray[np.float64], moves: NDArray[np.float64], limit: float
    ) -> str:
        who = f"vortex {self._here.ids[worst]} at {np.round(self._here.folded()[worst], 4)}"
        if not np.isfinite(forces[worst]).all():
            return (
                f"step {self.step}: the force on {who} is not a finite number: {forces[worst]} Ω₀"
            )
        distance = hypot(*moves[worst].tolist())
        if distance <= limit:
            return (
                f"step {self.step}: {who} would leave the range of positions, {limit:.3g} λ from the "
                f"origin; positions further out are nothing but rounding"
            )
        return (
            f"dt = {self._dt:g}: at step {self.step} {who} would move {distance:.3g} λ in one step (limit "
            f"{limit:.3g} λ); use dt below about {0.3 * self._dt * limit / distance:.1g}, or start without "
            f"close pairs (min_distance=, Simulation.minimize)"
        )


def _same_path(one: str | Path, other: str | Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and value == inf


def _listed(value: Any) -> tuple:
    """A tuple of what was given, one thing or several; what they are is checked elsewhere."""
    try:
        return tuple(value)
    except TypeError:
        return (value,)
