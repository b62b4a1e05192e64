"""A stand-in for a simulation: a walk that depends on the step alone, with vortices coming and going.

It can be thrown to any step, like one that was resumed from a checkpoint there.
"""

from __future__ import annotations

import multiprocessing
from itertools import pairwise
from typing import Any

import h5py
import numpy as np

from vortexmd.box import Box
from vortexmd.description import describe
from vortexmd.events import Event
from vortexmd.flux_exchange import ActivationLaw
from vortexmd.hopping import ArrheniusHopping
from vortexmd.regions import Regions
from vortexmd.trajectory import TrajectoryWriter
from vortexmd.vortices import Vortices


class FakeSimulation:
    """`counts(step)` says how many vortices there are; the eldest leave, newcomers get new ids.

    With `strips`, the box is parted into so many pinning regions along x, and every third step has a hop.
    """

    def __init__(
        self, counts=lambda step: 7, *, box=None, windings=(1, -1, 2), seed=0, dt=0.01, strips=0
    ):
        self.counts = counts
        self.box = box or Box((10.0, 6.0))
        self.windings = windings
        self.seed = seed
        self.dt = dt
        # Changed later, this leaves the hops as they were.
        self.strips = self.hops = strips
        self.temperature = 0.25
        self.tilt = 0.0
        self.nudge = 0.0
        self.events: list[Event] = []
        self._move_to(0)

    def _move_to(self, step: int) -> None:
        self.step = step
        born, self.ids = 0, []
        events = []
        before = 0
        for s in range(step + 1):
            n = self.counts(s)
            while before < n:
                if s:
                    events.append(self._event("entry", s, [born]))
                self.ids.append(born)
                born, before = born + 1, before + 1
            while before > n:
                if before - n >= 2:
                    pair = [self.ids.pop(0), self.ids.pop(0)]
                    events.append(self._event("annihilation", s, pair))
                    before -= 2
                else:
                    events.append(self._event("exit", s, [self.ids.pop(0)]))
                    before -= 1
            if self.hops and s % 3 == 1 and self.ids:
                regions = (s % self.hops, (s + 1) % self.hops)
                events.append(self._event("hop", s, self.ids[-1:], regions))
        self.events = events

    def _event(self, kind: str, step: int, ids: list[int], regions=None) -> Event:
        windings = tuple(int(self._winding(np.array([i]))[0]) for i in ids)
        time, place = step * self.dt, (0.1 * step, 1.0)
        return Event(kind, step, time, tuple(ids), windings, place, regions=regions)

    def _winding(self, ids):
        return np.array(self.windings)[ids % len(self.windings)]

    def at(self, step: int) -> FakeSimulation:
        self._move_to(step)
        return self

    @property
    def time(self) -> float:
        return self.step * self.dt

    @property
    def state(self) -> Vortices:
        ids = np.array(self.ids, dtype=np.int64)
        phase = ids[:, None] * np.array([0.7, 1.3]) + self.seed
        walk = phase + self.step * (0.013 + 0.001 * ids[:, None]) + self.tilt + self.nudge
        lengths = np.array(self.box.lengths)
        for axis, word in enumerate(self.box.boundary):
            if word in ("open", "reflecting"):
                walk[:, axis] = lengths[axis] * (0.5 + 0.5 * np.sin(walk[:, axis]))
        return Vortices(walk, self._winding(ids), self.box, ids, step=self.step, time=self.time)

    @property
    def region_labels(self):
        if not self.strips:
            return None
        x = self.state.positions[:, 0] / self.box.lengths[0]
        return np.floor(x * self.strips).astype(np.int32) % self.strips

    def energies(self) -> dict[str, float]:
        return {"pair": float(np.sin(self.step) + len(self.ids)), "external": 0.1 * self.tilt}

    @property
    def displacement(self):
        return np.array([0.02 * self.time**2, -self.time])

    @property
    def winding_displacement(self):
        return np.array([0.5 * self.time, 0.0])

    def description(self) -> dict[str, Any]:
        return {
            "box": {"lengths": list(self.box.lengths), "boundary": list(self.box.boundary)},
            "dt": self.dt,
            "seed": self.seed,
            "cutoff": float("inf"),
            "external": [{"type": "UniformDrive", "force": [self.tilt, 0.0]}],
            **({"reactions": [self._hopping()]} if self.strips else {}),
        }

    def _hopping(self) -> dict[str, Any]:
        """As `ArrheniusHopping` describes itself."""
        (lx, ly), edges = self.box.lengths, np.linspace(0, 1, self.strips + 1)
        strips = [[lx * a, 0.0, lx * b, ly] for a, b in pairwise(edges)]
        rule = ArrheniusHopping(
            Regions.rectangles(strips, box=self.box),
            ActivationLaw("linear", u0=5.0, b_max=2.0),
            attempt_rate=0.1,
            hop_distance=0.2,
        )
        return describe(rule)

    def run(self, steps: int, *writers: Any, after_frame=lambda step: None) -> None:
        """The engine's loop, as far as writers see it."""
        started = []
        target = self.step + steps
        try:
            for writer in writers:
                writer.start(self)
                started.append(writer)
            while True:
                for writer in started:
                    if self.step % writer.every == 0:
                        writer.write(self)
                        after_frame(self.step)
                if self.step >= target:
                    break
                self._move_to(self.step + 1)
        finally:
            for writer in started:
                writer.finish(self)


def growing_and_dying(step: int) -> int:
    """From 20 up to 60 and down to none."""
    return max(0, 20 + step - (3 * (step - 40) if step > 40 else 0))


def write_in_process(path, start, steps, pause, pipe):
    """Run to the end in a process of its own, telling each step once its frame is written."""
    sim = FakeSimulation(growing_and_dying).at(start)
    writer = TrajectoryWriter(path, 1, resume=True)

    def tell(step):
        pipe.send(step)
        if pause and pipe.poll(pause):
            pipe.recv()

    sim.run(steps, writer, after_frame=tell)
    pipe.send("done")


def start_process(target, *arguments):
    """A process and the pipe it was given as its last positional argument."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["vortexmd"])
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(*arguments, theirs))
    process.start()
    theirs.close()
    return process, ours


def contents(path) -> dict[str, Any]:
    """Every dataset and attribute of a closed file but where it came from, as type, shape and bytes."""
    found = {}

    def visit(name, item):
        for key in item.attrs:
            value = np.asarray(item.attrs[key])
            found[f"{name}@{key}"] = (value.dtype.str, value.shape, value.tobytes())
        if isinstance(item, h5py.Dataset) and name != "parameters/provenance":
            value = np.asarray(item[()])
            found[name] = (item.dtype.str, value.shape, value.tobytes(), item.chunks)

    def links(group):
        for name in group:
            visit(group[name].name.lstrip("/"), group[name])
            if isinstance(group[name], h5py.Group):
                links(group[name])

    with h5py.File(path, "r") as file:
        links(file)
    return found
