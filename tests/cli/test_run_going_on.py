"""`vortexmd run` again: extended, out of time, branched off, from the older checkpoint, twice at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_cli import RUN, assert_same_run, datasets, fails

import vortexmd as vmd
from vortexmd import build, config, interrupts, job
from vortexmd.cli import main
from vortexmd.files import WriterLock

COMMAND = [sys.executable, "-m", "vortexmd.cli", "run", "run.toml"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(steps=300)
    return tmp_path


def write(steps, **changes):
    """The run file with so many steps; `anneal` keeps its own 200."""
    text = RUN.replace("steps = 300", f"steps = {steps}")
    for old, new in changes.items():
        text = text.replace(old, new)
    Path("run.toml").write_text(text)


def again(capsys, *options):
    """What another call says; it must succeed."""
    capsys.readouterr()
    assert main(["run", "run.toml", *options]) == 0
    return capsys.readouterr().out


def halfway(at=160):
    """The run as it stands after a stop: trajectory and checkpoint."""
    sim = build.simulation(config.read(Path("run.toml")))
    sim.set_ramp(0.0, 200)
    writer = vmd.TrajectoryWriter("run.h5", every=20)
    for steps in (at // 2, at - at // 2):
        sim.run(steps, writers=[writer], checkpoint="run.h5.chk")


def test_extended_is_a_longer_run(folder, capsys):
    again(capsys)
    out = again(capsys, "--extend", "100")
    assert "continuing run.h5 from step 300" in out and "step 400" in out
    assert "complete (300 steps and 100 more)" in again(capsys, "--extend", "100")
    assert "complete (300 steps and 100 more)" in again(capsys)
    write(steps=400)
    again(capsys, "-o", "longer.h5")
    assert_same_run("run.h5", "longer.h5")


def test_longer_configuration_names_the_way(folder, capsys):
    again(capsys)
    write(steps=450)
    line = fails(capsys, "run", "run.toml")
    assert "run.steps was 300, is now 450 (--extend 150 goes on beyond the end)" in line
    write(steps=450, **{"dt = 0.2": "dt = 0.1"})
    assert "--extend" not in fails(capsys, "run", "run.toml")


def test_stopped_extension_is_told_and_goes_on(folder, capsys):
    again(capsys)
    sim = vmd.Simulation.resume("run.h5.chk")
    writer = vmd.TrajectoryWriter("run.h5", every=20, resume=True)
    stop = vmd.Simulation.stop

    class Stop:
        every = 340
        start = sync = finish = lambda self, *sim: None

        def write(self, sim):
            stop(sim)

    sim.run(100, writers=[writer, Stop()], checkpoint="run.h5.chk")
    assert sim.step == 340
    said = again(capsys)
    assert "300 steps, and 40 of 100 more, which --extend 100 goes on with" in said
    again(capsys, "--extend", "100")
    assert vmd.load("run.h5").steps[-1] == 400


def test_out_of_time_is_its_own_exit_code(folder, capsys):
    again(capsys, "-o", "whole.h5")
    assert main(["run", "run.toml", "--max-hours", "1e-9"]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "1e-09 hours are over at step 1 of 300" in error
    assert main(["run", "run.toml", "--max-hours", "1"]) == 0
    assert_same_run("run.h5", "whole.h5")


def test_scripts_may_give_hours_too(folder):
    sim = build.simulation(config.read(Path("run.toml")))
    sim.run(10**9, max_hours=1e-6)
    assert 0 < sim.step < 10**6 and sim.remaining_steps == 10**9 - sim.step
    for bad in (0, -1, float("nan"), "1"):
        with pytest.raises(ValueError, match="max_hours = "):
            sim.run(1, max_hours=bad)


def test_branch_from_a_checkpoint(folder, capsys):
    halfway(160)
    out = again(capsys, "--new-seed", "8", "-o", "branch.h5")
    assert "branching off run.h5.chk at step 160, seed 8" in out
    branch = vmd.load("branch.h5")
    assert branch.steps.tolist() == list(range(160, 301, 20))
    assert branch.parameters["seed"] == 8
    assert branch.parameters["earlier_seeds"] == [[160, 7]]
    assert branch.parameters["configuration"]["run"]["seed"] == 8
    again(capsys)
    whole = vmd.load("run.h5")
    # One state, and from there on two courses.
    start = [frame for frame in whole if frame.step == 160]
    np.testing.assert_array_equal(branch[0].positions, start[0].positions)
    assert not np.array_equal(branch[1].positions, whole[9].positions)
    assert "complete" in again(capsys, "--new-seed", "8", "-o", "branch.h5")


@pytest.mark.parametrize("at", [100, 110])
def test_killed_branch_goes_on(folder, capsys, at):
    """Also one that has no frame yet: 110 is none of the 20th steps."""
    halfway(at)
    again(capsys, "--new-seed", "8", "-o", "whole.h5")
    assert main(["run", "run.toml", "--new-seed", "8", "-o", "b.h5", "--max-hours", "1e-9"]) == 3
    # The run that it came from has meanwhile gone on.
    again(capsys)
    assert "continuing b.h5" in again(capsys, "--new-seed", "8", "-o", "b.h5")
    assert_same_run("b.h5", "whole.h5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--new-seed", "8"), "--new-seed: a branch is written to a file of its own"),
        (("--new-seed", "8", "-o", "b.h5"), "there is no checkpoint run.h5.chk to branch off"),
        (("--new-seed", "-1", "-o", "b.h5"), "--new-seed = -1: give a whole number from 0"),
        (("--from", "x.chk"), "--from: goes with --new-seed"),
        (("--extend", "-5"), "--extend = -5"),
        (("--max-hours", "0"), "--max-hours = 0.0: give a finite number, more than 0"),
        (("--max-hours", "nan"), "--max-hours = nan"),
    ],
)
def test_bad_options_write_nothing(folder, capsys, options, message):
    assert message in fails(capsys, "run", "run.toml", *options)
    assert os.listdir(folder) == ["run.toml"]


def test_branch_and_run_are_not_mixed_up(folder, capsys):
    again(capsys)
    line = fails(capsys, "run", "run.toml", "--new-seed", "8", "-o", str(folder / "run.h5"))
    assert "a file of its own" in line
    error = fails(capsys, "run", "run.toml", "--new-seed", "8", "-o", "b.h5")
    assert "stands at step 300" in error and "--extend" in error
    again(capsys, "--new-seed", "8", "-o", "b.h5", "--extend", "40")
    assert "is a branch" in fails(capsys, "run", "run.toml", "-o", "b.h5")
    line = fails(capsys, "run", "run.toml", "--new-seed", "9", "-o", "b.h5", "--extend", "40")
    assert "run.seed was 8, is now 9" in line
    again(capsys, "-o", "other.h5")
    line = fails(capsys, "run", "run.toml", "--new-seed", "8", "-o", "other.h5", "--extend", "40")
    assert "no branch of another run" in line


# ---------------------------------------------------------------------- checkpoints that are not good


@pytest.mark.filterwarnings("always:checkpoint .*missing or damaged:UserWarning")
def test_damaged_checkpoint_falls_back_to_the_one_before(folder, capsys):
    again(capsys, "-o", "whole.h5")
    halfway(160)
    damage(Path("run.h5.chk"))
    assert main(["run", "run.toml"]) == 0
    out, error = capsys.readouterr()
    assert "continuing run.h5 from step 80" in out
    assert error.count("\n") == 1 and "going on from the one before it" in error
    assert_same_run("run.h5", "whole.h5")
    # Nothing was thrown away, and both checkpoints are good again.
    assert Path("run.h5.chk.damaged").exists()
    assert vmd.Simulation.resume("run.h5.chk").step == 300
    vmd.Simulation.resume("run.h5.chk.previous")


@pytest.mark.filterwarnings("always:checkpoint .*missing or damaged:UserWarning")
def test_missing_checkpoint_falls_back_too(folder, capsys):
    again(capsys, "-o", "whole.h5")
    halfway(160)
    os.remove("run.h5.chk")
    assert "from step 80" in again(capsys)
    assert_same_run("run.h5", "whole.h5")


def test_no_good_checkpoint_is_a_run_from_the_start(folder, capsys):
    again(capsys, "-o", "whole.h5")
    halfway(160)
    damage(Path("run.h5.chk"))
    damage(Path("run.h5.chk.previous"))
    out = again(capsys)
    assert "kept as run.h5.chk.damaged" in out and "from the start again" in out
    assert_same_run("run.h5", "whole.h5")


@pytest.mark.parametrize("harm", ["another format", "no permission"])
def test_checkpoints_that_cannot_be_read_are_left_alone(folder, capsys, monkeypatch, harm):
    """That says nothing against them."""
    halfway(160)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    if harm == "another format":
        monkeypatch.setattr("vortexmd.checkpoint.READABLE", (99,))
    else:

        def refuse(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("vortexmd.checkpoint.unpack", refuse)
    line = fails(capsys, "run", "run.toml")
    assert "format 2, this reads 99" in line or "run.h5.chk: Permission denied" in line
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_unfinished_run_without_checkpoint_is_not_complete(folder, capsys):
    write(steps=318)
    again(capsys, "-o", "whole.h5")
    sim = build.simulation(config.read(Path("run.toml")))
    sim.set_ramp(0.0, 200)
    sim.run(301, writers=[vmd.TrajectoryWriter("run.h5", every=20)])
    assert "from the start again" in again(capsys)
    assert vmd.Simulation.resume("run.h5.chk").step == 318
    assert_same_run("run.h5", "whole.h5")


def test_unreadable_trajectory_is_computed_anew(folder, capsys):
    """Zeros, as a power failure may leave; neither it nor the checkpoint is thrown away."""
    again(capsys, "-o", "whole.h5")
    halfway(160)
    lost = b"\0" * Path("run.h5").stat().st_size
    Path("run.h5").write_bytes(lost)
    assert "computed from the start" in again(capsys)
    assert_same_run("run.h5", "whole.h5")
    assert Path("run.h5.damaged").read_bytes() == lost
    assert vmd.Simulation.resume("run.h5.chk.replaced").step == 160


def test_force_leaves_nothing_of_the_old_run(folder, capsys):
    again(capsys)
    again(capsys, "--force")
    names = ["run.h5", "run.h5.chk", "run.h5.chk.previous", "run.toml"]
    assert sorted(os.listdir(folder)) == names


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


# ---------------------------------------------------------------------- others at the same files


def running(seconds=0.5, **options):
    """A long run in a process of its own, at work."""
    write(steps=1_000_000)
    process = subprocess.Popen(COMMAND, stderr=subprocess.PIPE, text=True, **options)
    while not Path("run.h5.chk").exists() and process.poll() is None:
        time.sleep(0.02)
    time.sleep(seconds)
    return process


def ended(process, number=signal.SIGTERM):
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    return process.returncode, error


def test_two_runs_on_one_output(folder, capsys):
    process = running()
    line = fails(capsys, "run", "run.toml")
    assert f"being written by process {process.pid} on" in line and "run.h5" in line
    assert ended(process)[0] == 130
    # A lock that nobody holds is no lock, whatever stands in it.
    Path(".run.h5.lock").write_text("process 1 on elsewhere")
    assert main(["run", "run.toml", "--max-hours", "1e-9"]) == 3


def test_two_scripts_on_one_checkpoint(folder):
    lock = WriterLock(folder / "run.chk")
    sim = build.simulation(config.read(Path("run.toml")))
    with pytest.raises(BlockingIOError, match=f"being written by process {os.getpid()}"):
        sim.run(5, checkpoint="run.chk")
    assert sim.step == 0 and not Path("run.chk").exists()
    lock.release()
    sim.run(5, checkpoint="run.chk")


@pytest.mark.slow
def test_trajectory_removed_while_it_is_written(folder, capsys):
    process = running()
    before = len(vmd.load("run.h5"))
    os.remove("run.h5")
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2 and error.count("\n") == 1
    assert "removed or replaced while it was being written" in error and "put back" in error
    assert len(vmd.load("run.h5")) >= before
    assert main(["run", "run.toml", "--max-hours", "1e-9"]) == 3


# ---------------------------------------------------------------------- no room, no permission


def limited(size):
    def limit():
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


def test_full_disk_and_on(folder, capsys):
    """A limit on file sizes is met by the same errors as a full disk is."""
    write(steps=300, **{"every = 20": "every = 1"})
    again(capsys, "-o", "whole.h5")
    size = Path("whole.h5").stat().st_size
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, preexec_fn=limited(2**20 + size // 2)
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "no room for" in done.stderr and "run.h5" in done.stderr
    assert len(vmd.load("run.h5")) > 1
    assert "continuing" in again(capsys)
    assert_same_run("run.h5", "whole.h5")


def test_full_disk_at_a_checkpoint(folder, monkeypatch):
    """What was written stands, and no half of a checkpoint is left."""
    sim = build.simulation(config.read(Path("run.toml")))
    sim.run(10, checkpoint="run.chk")
    before = Path("run.chk").read_bytes()

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vortexmd.checkpoint.sync", full)
    with pytest.raises(OSError, match="step 10 cannot be written"):
        sim.run(10, checkpoint="run.chk")
    assert Path("run.chk").read_bytes() == before
    assert not Path("run.chk.writing").exists()
    monkeypatch.undo()
    sim.save(folder / "run.chk")
    assert vmd.Simulation.resume(folder / "run.chk").step == 10


def test_folder_that_cannot_be_written(folder, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    line = fails(capsys, "run", "run.toml")
    assert "cannot be written; choose another" in line
    assert os.listdir(folder) == ["run.toml"]


# ---------------------------------------------------------------------- signals in scripts

SCRIPT = """
import sys
from pathlib import Path
import vortexmd as vmd
from vortexmd import build, config
try:
    sim = vmd.Simulation.resume("run.chk")
except FileNotFoundError:
    sim = build.simulation(config.read(Path("run.toml")))
writer = vmd.TrajectoryWriter("run.h5", every=20, resume=True)
try:
    sim.run(int(sys.argv[1]) - sim.step, writers=[writer], checkpoint="run.chk")
except KeyboardInterrupt:
    print(sim.step)
    raise SystemExit(5)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 5), pytest.param(signal.SIGTERM, -15, marks=pytest.mark.slow)],
)
def test_script_is_stopped_at_the_end_of_a_step(folder, number, code):
    Path("script.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, "script.py", "1000000"], stdout=subprocess.PIPE, text=True
    )
    while not Path("run.chk").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == code
    saved = vmd.Simulation.resume("run.chk")
    assert saved.step > 1
    if number == signal.SIGINT:
        assert int(out) == saved.step
    final = str(saved.step + 40)
    subprocess.run([sys.executable, "script.py", final], check=True)
    sim = build.simulation(config.read(Path("run.toml")))
    sim.run(int(final), writers=[vmd.TrajectoryWriter("whole.h5", every=20)])
    one, other = datasets("run.h5"), datasets("whole.h5")
    for name in other:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_stop_is_not_kept_for_the_next_run(folder):
    lock = WriterLock(folder / "run.chk")
    sim = build.simulation(config.read(Path("run.toml")))
    sim.stop()
    with pytest.raises(BlockingIOError):
        sim.run(5, checkpoint="run.chk")
    lock.release()
    sim.run(5)
    assert sim.step == 5


def test_ignored_signals_stay_ignored(folder):
    """As in jobs that a shell script has put into the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.taken(lambda: None) as came:
            signal.raise_signal(signal.SIGINT)
        assert came == []
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_second_signal_acts_at_once_whichever_it_is():
    with pytest.raises(KeyboardInterrupt), interrupts.taken(lambda: None):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_programs_own_is_left_alone(folder):
    came = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:

        class Press:
            every = 5
            start = sync = finish = lambda self, *sim: None

            def write(self, sim):
                signal.raise_signal(signal.SIGINT)

        sim = build.simulation(config.read(Path("run.toml")))
        sim.run(20, writers=[Press()])
    finally:
        signal.signal(signal.SIGINT, before)
    assert sim.step == 20 and len(came) == 5


def test_options_are_checked():
    with pytest.raises(ValueError, match=r"--extend = 1\.5"):
        job.Options(extend=1.5)
