"""Kills at chosen system calls and power losses: the tools themselves, and short runs crashed with them.

Everything that starts programs does so in one process of its own, which has imported and compiled all that
the runs need and has a single thread, so that forks of it take the place of new processes.
"""

import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import h5py
import numpy as np
import pytest
import tqdm

import vortexmd as vmd
from tests.crash import children, power_loss, syscall_kills, tracing, witness
from tests.crash.power_loss import PAGE, Disk, StoredFile
from tests.crash.scenarios import CHECKPOINT, TRAJECTORY, Scenario
from tests.crash.tracing import Operation
from vortexmd import index_repair
from vortexmd.recovery import mend, recover, salvage
from vortexmd.superblock import lookup3, read_header

REFUSED = tracing.available()
traced = pytest.mark.skipif(REFUSED is not None, reason=str(REFUSED))
BRIEF = Scenario("brief", "run file; a few steps, a frame and a checkpoint at each", "brief.toml")

PROGRAM = """
import os, sys, threading
with open("lines.txt", "w") as file:
    for k in range(6):
        file.write(f"line {k}\\n")
        file.flush()
    os.fsync(file.fileno())
os.link("lines.txt", "second.txt")
os.rename("second.txt", "third.txt")
descriptor = os.open("third.txt", os.O_RDWR)
os.pwrite(descriptor, b"L", 7)
os.ftruncate(descriptor, 40)
def more():
    with open("thread.txt", "ab") as file:
        file.write(b"from a thread")
thread = threading.Thread(target=more)
thread.start()
thread.join()
if os.fork() == 0:
    os.write(os.open("child.txt", os.O_WRONLY | os.O_CREAT), b"from a child")
    os._exit(0)
os.wait()
os.unlink("lines.txt")
folder = os.open(".", os.O_RDONLY)
os.fsync(folder)
print("done")
sys.exit(3)
"""
CALLS = [
    "create lines.txt",
    *(f"write lines.txt [{7 * k}:{7 * k + 7}]" for k in range(6)),
    "sync lines.txt",
    "link lines.txt -> second.txt",
    "rename second.txt -> third.txt",
    "write third.txt [7:8]",
    "resize third.txt",
    "create thread.txt",
    "write thread.txt [0:13]",
    "create child.txt",
    "write child.txt [0:12]",
    "unlink lines.txt",
    "sync .",
]


@pytest.fixture(scope="module")
def worker():
    """Calls a function in the process that can be forked."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        yield lambda function, *args, **options: pool.submit(function, *args, **options).result()


@pytest.fixture
def program(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    return [sys.executable, "program.py"], tmp_path, dict(os.environ)


# ------------------------------------------------------------------ seeing calls


@traced
def test_every_call_is_seen(program):
    recording = tracing.record(*program)
    assert (recording.status, recording.output) == (3, "done\n")
    assert [str(operation) for operation in recording.operations] == CALLS
    written = [o.data for o in recording.operations if o.kind == "write"]
    assert written[:2] == [b"line 0\n", b"line 1\n"]
    assert written[-3:] == [b"L", b"from a thread", b"from a child"]
    # Another name of the same file.
    assert recording.operations[10].inode == recording.operations[0].inode


@traced
def test_a_fork_does_what_a_new_process_does(program, worker):
    assert worker(children.can_be_forked, program[0])
    assert [str(o) for o in worker(tracing.record, *program).operations] == CALLS
    assert worker(tracing.run, *program).status == 3


@traced
@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_kills_leave_what_was_written_before(program, worker, n):
    killed = worker(tracing.run_and_kill, *program, n)
    assert (killed.status, str(killed.operation)) == (-signal.SIGKILL, CALLS[n - 1])
    path = program[1] / "lines.txt"
    # The first call makes the file.
    assert path.exists() == (n > 1)
    assert n == 1 or path.read_text() == "".join(f"line {k}\n" for k in range(n - 2))
    path.unlink(missing_ok=True)
    worker(tracing.run_and_kill, *program, n, before=False)
    assert path.read_text() == "".join(f"line {k}\n" for k in range(n - 1))


@traced
def test_torn_writes(program, worker):
    killed = worker(tracing.run_and_kill, *program, 4, part=0.5)
    assert killed.status == -signal.SIGKILL
    assert (program[1] / "lines.txt").read_text() == "line 0\nline 1\nlin"


@traced
def test_children_are_killed_too(program, worker):
    killed = worker(tracing.run_and_kill, *program, CALLS.index("create child.txt") + 1)
    assert killed.status == -signal.SIGKILL
    assert not (program[1] / "child.txt").exists()
    assert (program[1] / "lines.txt").exists()


@traced
def test_a_program_that_makes_fewer_calls(program, worker):
    killed = worker(tracing.run_and_kill, *program, len(CALLS) + 1)
    assert (killed.operation, killed.status) == (None, 3)


@traced
def test_a_program_that_does_not_end_is_killed(program, monkeypatch):
    monkeypatch.setattr(children, "PATIENCE", 0.3)
    (program[1] / "program.py").write_text("import time\nopen('a', 'w')\ntime.sleep(100)\n")
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"program\.py: not ended after 0\.3 s"):
        tracing.record(*program)
    assert time.monotonic() - began < 50


# ------------------------------------------------------------------ the model of a disk


def operations(*rows):
    return [Operation(**row) for row in rows]


def test_what_is_synced_stays_and_the_rest_may_go():
    disk = Disk({"old": b"old"})
    for operation in operations(
        {"kind": "create", "name": "a", "inode": 1},
        {"kind": "write", "name": "a", "inode": 1, "data": b"x" * (PAGE + 10)},
        {"kind": "sync", "name": "a", "inode": 1},
        {"kind": "sync", "name": "."},
        {"kind": "write", "name": "a", "inode": 1, "offset": 5, "data": b"y"},
        {"kind": "write", "name": "a", "inode": 1, "offset": PAGE + 10, "data": b"z" * PAGE},
        {"kind": "rename", "name": "a", "target": "b"},
        {"kind": "link", "name": "b", "target": "c"},
        {"kind": "unlink", "name": "old"},
        {"kind": "unlink", "name": "absent", "error": 2},
    ):
        disk.do(operation)
    synced = b"x" * (PAGE + 10)
    now = b"x" * 5 + b"y" + b"x" * (PAGE + 4) + b"z" * PAGE
    assert disk.draw("nothing") == {"old": b"old", "a": synced}
    assert disk.draw("all") == {"b": now, "c": now}
    hollow = disk.draw("lengths and names")
    assert hollow == {"b": synced + bytes(PAGE), "c": synced + bytes(PAGE)}
    found = [disk.draw("some", seed) for seed in range(300)]
    # Names keep their order.
    assert {tuple(sorted(names)) for names in found} == {
        ("a", "old"),
        ("b", "old"),
        ("b", "c", "old"),
        ("b", "c"),
    }
    contents = {data for names in found for name, data in names.items() if name != "old"}
    assert {len(data) for data in contents} == {PAGE + 10, 2 * PAGE + 10}
    # A page is there or not, each by itself; what was synced is in all of them.
    firsts = {data[:PAGE] for data in contents}
    assert firsts == {b"x" * PAGE, b"xxxxxy" + b"x" * (PAGE - 6)}
    assert {data[PAGE : PAGE + 10] for data in contents} == {b"x" * 10}
    assert {data[PAGE + 10 : 2 * PAGE] for data in contents if len(data) > PAGE + 10} == {
        bytes(PAGE - 10),
        b"z" * (PAGE - 10),
    }


def test_files_that_shrink():
    file = StoredFile(b"x" * 3 * PAGE)
    file.resize(10)
    file.resize(20)
    assert file.draw("all", random.Random(1)) == b"x" * 10 + bytes(10)
    drawn = {file.draw("some", random.Random(seed)) for seed in range(50)}
    assert b"x" * 10 + bytes(10) in drawn
    assert b"x" * 3 * PAGE in drawn
    assert all(data[:10] == b"x" * 10 for data in drawn)


# ------------------------------------------------------------------ torn structures


def write_run(path, steps=60, **options):
    """A finished trajectory with events, a frame a step."""
    start = vmd.random_vortices(n=30, density=0.05, winding={+1: 0.5, -1: 0.5}, seed=1)
    sim = vmd.Simulation(
        start, reactions=[vmd.Annihilation(distance=0.9)], temperature=1.0, dt=0.1, seed=1
    )
    sim.run(steps, writers=[vmd.TrajectoryWriter(path, every=1, **options)])
    return sim


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / TRAJECTORY
    write_run(path)
    return path


def addresses(path):
    """Where the object headers of a frame's columns stand."""
    with h5py.File(path) as file:
        names = ("particles/trajectory/position/value", "observables/energy/value", "events/kind")
        return {name: h5py.h5o.get_info(file[name].id).addr for name in names}


def spoil(path, *places):
    data = bytearray(path.read_bytes())
    for place in places:
        data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("length", range(40))
def test_checksums_of_any_length(length):
    """Of whole words it is what `lookup3` was; of others, zeros follow and the length differs."""
    key = bytes(range(1, length + 1))
    assert 0 <= lookup3(key) < 2**32
    assert len({lookup3(key), lookup3(key + b"\0"), lookup3(b"\1" + key)}) == 3


@pytest.mark.parametrize("gzip", [None, 1])
def test_nothing_is_to_be_repaired_in_a_whole_file(tmp_path, gzip):
    """Indexes with super blocks, of chunks packed and not: every checksum is what HDF5 has written."""
    path = tmp_path / "index.h5"
    with h5py.File(path, "w", libver="latest") as file:
        options = {"chunks": (1,), "maxshape": (None,), "compression": gzip}
        file.create_dataset("group/data", data=np.arange(2000), **options)
    assert index_repair.repairs(path, ["group/data"]) == {}
    data = path.read_bytes()
    assert data.count(b"EASB") > 2 and data.count(b"EADB") > 10


def blocks(path):
    """Of every block of the growing datasets, by address: where its checksum ends."""
    ends = {}

    class Noting(index_repair._Repair):
        def _seal(self, address, block):
            ends[address] = address + len(block) + 3

    noting = Noting(path.read_bytes())
    for address in addresses(path).values():
        noting.header(address)
    return ends


def test_torn_checksums_are_repaired(run, tmp_path):
    """In every header, index block and data block: the sum is old, the rest is new."""
    data = bytearray(run.read_bytes())
    ends = blocks(run)
    assert {bytes(data[k : k + 4]) for k in ends} == {b"OHDR", b"EAHD", b"EAIB", b"EADB"}
    for end in ends.values():
        data[end] ^= 0x55
    path = tmp_path / "torn.h5"
    path.write_bytes(data)
    with index_repair.RepairedFile(path) as file, h5py.File(run) as whole:
        for name in addresses(run):
            assert file[name][()].tobytes() == whole[name][()].tobytes()


@pytest.fixture
def damaged(run, tmp_path):
    path = tmp_path / TRAJECTORY
    shutil.copy(run, path)
    return path


def test_salvage_of_torn_headers(run, damaged):
    spoil(damaged, *(blocks(run)[place] for place in addresses(run).values()))
    original = damaged.read_bytes()
    with pytest.raises(ValueError, match="damaged or truncated"):
        vmd.load(damaged)
    with pytest.warns(UserWarning, match=r"torn .*is kept as run\.h5\.damaged$"):
        assert salvage(damaged, problem="torn", certain=0) == 61
    assert damaged.with_name("run.h5.damaged").read_bytes() == original
    ours, theirs = vmd.load(damaged), vmd.load(run)
    assert ours.events == theirs.events
    assert (ours.energy == theirs.energy).all()
    assert all((a.positions == b.positions).all() for a, b in zip(ours, theirs, strict=True))
    # It is an everyday file again.
    with h5py.File(damaged) as file:
        assert len(file["observables/energy/value"]) == 61


def _spoil_frame(path, k):
    """Change a bit of the packed positions of a frame."""
    with h5py.File(path) as file:
        dataset = file["particles/trajectory/position/value"].id
        info = dataset.get_chunk_info_by_coord((k, 0, 0))
    spoil(path, info.byte_offset + info.size // 2)


def test_frames_beyond_a_checkpoint_may_be_damaged(damaged):
    _spoil_frame(damaged, 40)
    with pytest.warns(UserWarning, match=r"damaged from frame 40 on .*that is computed anew$"):
        assert mend(damaged, certain=30) == 40
    assert len(vmd.load(damaged)) == 40
    assert [p.name for p in damaged.parent.iterdir()] == [damaged.name]


def test_frames_before_a_checkpoint_are_not_looked_at(damaged):
    """They were on the disk; what a disk does to them later is told by whoever reads them."""
    _spoil_frame(damaged, 20)
    assert mend(damaged, certain=30) == 61
    with pytest.raises(ValueError, match="damaged or truncated"):
        vmd.load(damaged)[20]
    with pytest.raises(ValueError, match=r"recover\(path, frames=20\)"):
        recover(damaged)


def test_damaged_events_cost_the_frames_they_may_concern(damaged):
    events = vmd.load(damaged).events
    assert len(events) > 3
    with h5py.File(damaged) as file:
        at = file["events/ids"].id.get_chunk_info_by_coord((0, 0)).byte_offset
    spoil(damaged, at + 2 * 16)
    with pytest.warns(UserWarning, match="damaged from frame"):
        kept = mend(damaged, certain=events[0].step)
    trajectory = vmd.load(damaged)
    # The third event is gone; it was no earlier than the second.
    assert kept == events[1].step
    assert trajectory.events == [e for e in events[:2] if e.step < kept]


def test_nothing_is_done_to_what_cannot_be_read(tmp_path):
    path = tmp_path / TRAJECTORY
    path.write_text("no trajectory")
    with pytest.raises(ValueError, match="not an HDF5 file"):
        mend(path, certain=5)
    assert salvage(path, problem="none", certain=5) is None
    assert [p.name for p in tmp_path.iterdir()] == [TRAJECTORY]


def test_any_damage_ends_well(run, damaged):
    """Bytes changed anywhere, many at a time: what is salvaged has the right bits, and nothing hangs."""
    whole = vmd.load(run)
    energy, events = whole.energy, whole.events
    frames = list(whole)
    chance = random.Random(5)
    data = run.read_bytes()
    mended = 0
    for _ in range(10):
        shutil.copy(run, damaged)
        spoil(damaged, *(chance.randrange(len(data)) for _ in range(chance.choice((1, 3, 30)))))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                kept = mend(damaged, certain=-1)
            except ValueError:
                continue
        ours = vmd.load(damaged)
        assert len(ours) == kept
        assert (ours.energy == energy[:kept]).all()
        assert ours.events == events[: len(ours.events)]
        for frame, other in zip(ours, frames[:kept], strict=True):
            for name in ("positions", "image", "ids"):
                assert getattr(frame, name).tobytes() == getattr(other, name).tobytes()
        mended += 1
    assert mended >= 3


# ------------------------------------------------------------------ runs crashed


def run_here(scenario, folder):
    """Run a scenario in this process: from then on its forks have all that it needs."""
    # Its thread would be missing in forks.
    tqdm.tqdm.monitor_interval = 0
    scenario.prepare(folder)
    (folder / witness.LOG).touch()
    before = os.getcwd()
    os.chdir(folder)
    try:
        scenario.call()
    finally:
        os.chdir(before)
    assert children.can_be_forked(scenario.command())


@pytest.fixture(scope="module")
def brief(worker, tmp_path_factory):
    """The short run: folder of the uninterrupted one, and its calls."""
    if REFUSED is not None:
        pytest.skip(REFUSED)
    folder = tmp_path_factory.mktemp("brief")
    worker(run_here, BRIEF, folder / "whole")
    return folder / "whole", worker(syscall_kills.call_count, BRIEF, folder / "counted")


def failures(results):
    return [r for r in results if r.problem or not r.equal or r.lost]


def test_what_the_calls_of_a_run_are(brief):
    whole, calls = brief
    assert not read_header(whole / TRAJECTORY).writing
    assert len(vmd.load(whole / TRAJECTORY).events) > 2
    assert int(calls) > 500
    assert 5 < len(calls.creation) < 50
    assert len(calls.index_growth) > 10
    # A link and two renames for each checkpoint.
    assert len(calls.renames) > 3 * 20


def test_kills_at_a_few_calls(brief, worker, tmp_path):
    whole, calls = brief
    ns = [calls.creation[-1], calls.index_growth[5], calls.renames[-2]]
    results = worker(syscall_kills.syscall_kills, BRIEF, tmp_path, whole, ns)
    assert not failures(results)
    torn = worker(
        syscall_kills.syscall_kills, BRIEF, tmp_path, whole, [calls.first_frames[40]], part=0.5
    )
    assert not failures(torn)


@pytest.mark.slow
def test_a_few_power_losses(brief, worker, tmp_path):
    results = worker(power_loss.power_losses, BRIEF, tmp_path, brief[0], 3, 4)
    assert not failures(results)


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [{}, {"after": True}, {"part": 0.5}], ids=["before", "after", "torn"]
)
def test_kills_at_every_call(brief, worker, tmp_path, how):
    """Creation, the first frames, every growth of an index and every rename."""
    whole, calls = brief
    ns = {*calls.creation, *calls.first_frames, *calls.index_growth, *calls.renames}
    ns |= set(range(int(calls) - 20, int(calls) + 1))
    results = worker(syscall_kills.syscall_kills, BRIEF, tmp_path, whole, sorted(ns), **how)
    assert len(results) > 200
    assert not failures(results)


@pytest.mark.slow
def test_many_power_losses(brief, worker, tmp_path):
    results = worker(power_loss.power_losses, BRIEF, tmp_path, brief[0], 150, 1)
    assert not failures(results)
    assert (tmp_path / CHECKPOINT).exists() is False
