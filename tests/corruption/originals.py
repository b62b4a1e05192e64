"""Small undamaged files of every kind: those that are spoiled, with where their data lie."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py

import potentials as pot
import vortexmd as vmd
from tests.corruption.mutations import Targets
from tests.trajectory.trajectory_fake import FakeSimulation
from vortexmd import build, config
from vortexmd.flux_exchange import ActivationLaw
from vortexmd.superblock import KilledFile, read_header


@dataclass(frozen=True)
class Original:
    """A file: its bytes, and (offset, size) of all stretches of unpacked or packed data."""

    name: str
    data: bytes
    targets: Targets


def coming_and_going(step: int) -> int:
    """Number of vortices at a step: 30, 35, 40, 25, 10, none."""
    return max(0, 30 + step if step < 12 else 40 - 3 * (step - 10))


# name: compression, dtype, pinning regions, killed while it was written, changed half way
KINDS = {
    "packed": ("gzip", "float64", 0, False, False),
    "plain": (None, "float64", 0, False, True),
    "single": (None, "float32", 3, False, False),
    "killed": ("gzip", "float32", 3, True, True),
    "killed plain": (None, "float64", 0, True, False),
}


def trajectory(name: str, folder: Path) -> Original:
    """A trajectory of six frames with changing numbers of vortices and events."""
    compression, dtype, strips, killed, changed = KINDS[name]
    path = folder / f"{name}.h5"
    sim = FakeSimulation(coming_and_going, windings=(1, -1, 2, 1, -3), strips=strips)
    writer = vmd.TrajectoryWriter(path, 5, dtype=dtype, compression=compression)
    if changed:
        sim.run(10, writer)
        sim.tilt = 0.3
    end = 25
    if killed:
        writer.start(sim)
        for step in range(sim.step, end + 1, 5):
            writer.write(sim.at(step))
        shutil.copy(path, folder / f"{name}, left open.h5")
        writer.finish(sim)
        path = folder / f"{name}, left open.h5"
    else:
        sim.run(end - sim.step, writer)
    with KilledFile(path) as file:
        targets = _raw(file)
    data = path.read_bytes()
    # Room that was claimed ahead is no target.
    written = max(read_header(path).end, *(offset + size for offset, size in targets))
    return Original(name, data[:written], targets)


def _raw(file: h5py.File) -> Targets:
    found = []

    def visit(name: str, item: h5py.HLObject) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.chunks:
            item.id.chunk_iter(lambda info: found.append((info.byte_offset, info.size)))
        elif item.id.get_offset() is not None:
            found.append((item.id.get_offset(), item.id.get_storage_size()))

    file.visititems(visit)
    return sorted(set(found))


def annealed() -> vmd.Simulation:
    """Reactions that happen, pins, a drive, a ramp of the temperature, walls that reflect."""
    box = vmd.Box((12.0, 12.0), ("periodic", "reflecting"))
    start = vmd.random_vortices(60, box=box, winding={1: 0.6, -1: 0.4}, min_distance=0.3, seed=1)
    sim = vmd.Simulation(
        start,
        pot.London(f0=1.0, cutoff=3.0),
        dt=0.005,
        temperature=0.2,
        seed=5,
        external=[
            vmd.GaussianPins.random(10, depth=0.2, radius=0.3, box=box, seed=2),
            vmd.UniformDrive((0.1, 0.0)),
        ],
        reactions=[vmd.Annihilation(distance=0.4)],
        threads=1,
    )
    sim.set_ramp(0.05, 400)
    sim.run(40)
    return sim


def hopping() -> vmd.Simulation:
    """Hops between pinning regions."""
    box = vmd.Box((8.0, 8.0))
    halves = vmd.Regions.rectangles([[0, 0, 4, 8], [4, 0, 8, 8]], box=box)
    hops = vmd.ArrheniusHopping(
        halves,
        ActivationLaw("linear", u0=1.0, b_max=5.0),
        attempt_rate=5.0,
        hop_distance=0.2,
    )
    start = vmd.random_vortices(30, box=box, min_distance=0.3, seed=1)
    sim = vmd.Simulation(start, dt=0.01, temperature=0.1, seed=3, reactions=[hops], threads=1)
    sim.run(40)
    return sim


CHECKPOINTS = {"annealed": annealed, "hopping": hopping}


def checkpoint(name: str, folder: Path) -> Original:
    """A checkpoint; where its members lie."""
    sim = CHECKPOINTS[name]()
    assert sim.events
    path = folder / f"{name}.chk"
    sim.save(path)
    with zipfile.ZipFile(path) as archive:
        ends = [*[m.header_offset for m in archive.infolist()][1:], archive.start_dir]
        targets = [
            (m.header_offset, end - m.header_offset)
            for m, end in zip(archive.infolist(), ends, strict=True)
        ]
        # The directory, which has no checksum of its own.
        targets += [(archive.start_dir, path.stat().st_size - archive.start_dir)] * 4
    return Original(name, path.read_bytes(), targets)


RUN = """
[start]
kind = "random"
n = 24
density = 0.5
winding = { "+1" = 0.6, "-1" = 0.4 }
min_distance = 0.4
seed = 3
[pair_force]
type = "London"
f0 = 1.0
cutoff = 3.0
[[reactions]]
type = "Annihilation"
distance = 0.3
[run]
steps = 40
dt = 0.005
temperature = 0.2
seed = 7
threads = 1
[output]
file = "run.h5"
every = 5
"""


def interrupted(folder: Path) -> dict[str, bytes]:
    """The folder of a run that was stopped after 25 of 40 steps; its last checkpoint is of step 15."""
    (folder / "run.toml").write_text(RUN)
    sim = build.simulation(config.read(folder / "run.toml"))
    writer = vmd.TrajectoryWriter(folder / "run.h5", 5)
    for steps in (10, 5):
        sim.run(steps, writers=[writer], checkpoint=folder / "run.h5.chk")
    sim.run(10, writers=[writer])
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".")}
