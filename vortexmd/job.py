"""A run from a configuration file: started, continued, or found complete."""

from __future__ import annotations

import glob
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vortexmd import checkpoint, interrupts, recovery
from vortexmd.build import simulation
from vortexmd.checks import positive, whole
from vortexmd.config import Config, ConfigError
from vortexmd.files import WriterLock, is_locked, set_aside
from vortexmd.reader import Trajectory, load
from vortexmd.simulation import MAX_STEPS, Simulation
from vortexmd.superblock import read_header
from vortexmd.trajectory import TrajectoryWriter


class Interrupted(Exception):
    """The run was stopped by a signal, after a checkpoint."""


class OutOfTime(Exception):
    """The run has used the hours it was given, and is saved."""


def checkpoint_path(output: Path) -> Path:
    """Where the checkpoint of a run lies: beside its trajectory, under a name of its own."""
    return output.with_name(output.name + ".chk")


@dataclass(frozen=True)
class Options:
    """How a run is to be carried out, beyond what its configuration says.

    Parameters
    ----------
    force
        Start over, replacing the trajectory once the new one has a frame.
    extend
        Go on so many steps beyond ``run.steps``.
    max_hours
        End after so many hours.
    new_seed
        Branch off: go on from the checkpoint `origin` under this seed.
    origin
        The checkpoint of a run of the same configuration.
    progress
        Show a progress bar.
    """

    force: bool = False
    extend: int = 0
    max_hours: float | None = None
    new_seed: int | None = None
    origin: Path | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        whole("--extend", self.extend, 0, MAX_STEPS)
        if self.max_hours is not None:
            positive("--max-hours", self.max_hours)
        if self.new_seed is not None:
            whole("--new-seed", self.new_seed, 0, 2**64 - 1)


def run(
    config: Config,
    output: Path,
    options: Options,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> str | None:
    """Run a configuration to its end, from wherever it stands.

    Parameters
    ----------
    config
        The run.
    output
        The trajectory; its checkpoint stands beside it. An unfinished run of the same configuration is
        continued.
    options
        How.
    say
        Gets lines for the user.

    Returns
    -------
    str or None
        If the run was complete already: how far it has got, in words.

    Raises
    ------
    ConfigError
        If `output` holds something else, or the same run under another configuration (the difference is
        named).
    BlockingIOError
        If another process is at this run.
    Interrupted
        If SIGINT or SIGTERM came; the checkpoint is saved.
    OutOfTime
        If `max_hours` were over; the checkpoint is saved.
    """
    began = time.monotonic()
    if options.new_seed is not None:
        config = replace(config, run=replace(config.run, seed=options.new_seed))
    last = config.run.steps + options.extend
    saved = checkpoint_path(output)
    others = set(_replaced(saved))
    if is_locked(output):
        # Its own message tells whose it is.
        WriterLock(output).release()
    anew = options.force or (output.exists() and _is_lost(config, output, say))
    found = None if anew else _found(config, output, options, say)
    if isinstance(found, str):
        return found
    writer = TrajectoryWriter(
        output,
        every=config.output.every,
        dtype=config.output.dtype,
        compression=config.output.compression,
        overwrite=anew,
        resume=output.exists() and not anew,
    )
    sim = _begun(config, options, say) if found is None else found
    hours = options.max_hours
    if hours is not None:
        # A minute that the start took counts; what is left is more than nothing.
        hours = max(hours - (time.monotonic() - began) / 3600, 1e-9)
    with interrupts.taken(sim.stop) as signals:
        sim.run(
            max(0, last - sim.step),
            writers=[writer],
            checkpoint=saved,
            checkpoint_seconds=config.run.checkpoint_seconds,
            progress=options.progress,
            max_hours=hours,
        )
    if options.force:
        for path in set(_replaced(saved)) - others:
            path.unlink()
    if sim.step < last:
        where = f"at step {sim.step} of {last}; the same command goes on from there"
        if signals:
            raise Interrupted(f"stopped {where}")
        raise OutOfTime(f"{options.max_hours:g} hours are over {where}")
    return None


def _begun(config: Config, options: Options, say: Callable[[str], None]) -> Simulation:
    """A run at its start: at step 0, or where it branches off."""
    if options.new_seed is not None:
        return _branched(config, options, say)
    sim = simulation(config)
    if config.run.minimize:
        sim.minimize()
    anneal = config.run.anneal
    if anneal is not None:
        sim.set_ramp(
            anneal.to_temperature, config.run.steps if anneal.steps is None else anneal.steps
        )
    return sim


def _branched(config: Config, options: Options, say: Callable[[str], None]) -> Simulation:
    """The run of `origin` at its checkpoint, under the new seed."""
    assert options.origin is not None
    if not checkpoint.exists(options.origin):
        raise ConfigError(
            f"--new-seed: there is no checkpoint {options.origin} to branch off from; run the file first, "
            f"or name one with --from"
        )
    sim = Simulation.resume(options.origin, seed=options.new_seed, threads=config.run.threads)
    _check_same(config, sim.configuration, options.origin)
    last = config.run.steps + options.extend
    if sim.step >= last:
        raise ConfigError(
            f"--new-seed: {options.origin} stands at step {sim.step}, and the branch would end at {last}; "
            f"give --extend more than {sim.step - config.run.steps}"
        )
    say(f"branching off {options.origin} at step {sim.step}, seed {options.new_seed}")
    return sim


def _found(
    config: Config, output: Path, options: Options, say: Callable[[str], None]
) -> Simulation | str | None:
    """What there is of the run already: a simulation to go on with, words if it is complete, or nothing."""
    saved = checkpoint_path(output)
    if not output.exists():
        if checkpoint.exists(saved):
            raise ConfigError(
                f"{saved}: the checkpoint of a run whose trajectory {output} is gone; put it back, or "
                f"start over with --force"
            )
        return None
    step = _check_same_run(config, output, options)
    header = _last_checkpoint(saved, say)
    last = config.run.steps + options.extend
    through = step == last if header is None else header["step"] >= last
    if through and step + config.output.every > last:
        if read_header(output).writing:
            # Killed as it was about to close the file.
            recovery.recover(output)
        return _so_far(config, options, step if header is None else header["step"], header)
    if header is None:
        say(f"{output} has no checkpoint: from the start again, its frames are kept")
        return None
    if _outruns(header, step, config.output.every):
        before = checkpoint.previous(saved)
        if not checkpoint.is_good(before) or _outruns(
            checkpoint.read(before)[0], step, config.output.every
        ):
            say(f"{saved} is further than the frames of {output}: from the start again")
            return None
        checkpoint.step_back(saved, "replaced")
    sim = Simulation.resume(saved, threads=config.run.threads)
    _check_same(config, sim.configuration, saved)
    say(f"continuing {output} from step {sim.step}")
    return sim


def _outruns(header: dict[str, Any], last: int, every: int) -> bool:
    """Whether a checkpoint lies beyond a frame that its trajectory, which ends at `last`, lacks.

    Then it is that of a run before, as frames are on the disk before a checkpoint is: a run that was
    started over and killed at once leaves its few frames beside it.
    """
    seeds = header["description"].get("earlier_seeds")
    due: int = header["step"] // every * every
    # A branch has no frames from before it left.
    return due > last and due >= (seeds[-1][0] if seeds else 0)


def _replaced(saved: Path) -> list[Path]:
    """Checkpoints of other runs that stood at this one's place."""
    return list(saved.parent.glob(f"{glob.escape(saved.name)}.replaced*"))


def _last_checkpoint(saved: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    """The header of the newest good checkpoint; bad ones are set aside where there is no good one."""
    try:
        return checkpoint.newest(saved)[1] if checkpoint.exists(saved) else None
    except checkpoint.DamagedCheckpointError:
        for path in (saved, checkpoint.previous(saved)):
            if path.exists():
                say(f"{path}: damaged; kept as {set_aside(path).name}")
        return None


def _so_far(config: Config, options: Options, step: int, header: dict[str, Any] | None) -> str:
    """A complete run in words."""
    steps = config.run.steps
    if options.extend:
        return f"{steps} steps and {options.extend} more"
    target = step if header is None else header["target"]
    if target > step:
        return (
            f"{steps} steps, and {step - steps} of {target - steps} more, which --extend "
            f"{target - steps} goes on with"
        )
    return f"{steps} steps" + (f" and {step - steps} more" if step > steps else "")


def _is_lost(config: Config, output: Path, say: Callable[[str], None]) -> bool:
    """Whether a trajectory that a power failure has torn cannot be gone on with; what can be is mended.

    It is ours to mend where its checkpoint is of this very run, or, before there is one, it is itself.
    """
    try:
        with load(output) as trajectory:
            _last_step(trajectory)
        return False
    except (OSError, ValueError):
        saved = checkpoint_path(output)
        step = -1
        try:
            if checkpoint.exists(saved):
                header = checkpoint.newest(saved)[1]
                step, known = header["step"], header["description"]
            else:
                known = recovery.description_of(output)
            _check_same(config, known["configuration"], saved)
        except (OSError, ValueError):
            return False
    lock = WriterLock(output)
    try:
        recovery.mend(output, step)
        with load(output) as trajectory:
            _last_step(trajectory)
    except ValueError as error:
        say(f"{error}: kept as {recovery.keep_damaged(output).name}, and computed from the start")
        return True
    finally:
        lock.release()
    return False


def _last_step(trajectory: Trajectory) -> int:
    """−1 without frames. Reads the series of all frames, and so finds damage in them."""
    return int(trajectory.steps[-1]) if len(trajectory) else -1


def _check_same_run(config: Config, output: Path, options: Options) -> int:
    """The last step of a trajectory of this run, −1 without frames; ConfigError if it is of another."""
    try:
        with load(output) as trajectory:
            step = _last_step(trajectory)
            known = trajectory.parameters.get("configuration")
            branch = bool(trajectory.parameters.get("earlier_seeds"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{output} exists and is not a trajectory that this run could continue ({error}); choose "
            f"another with -o, or replace it with --force"
        ) from None
    if known is not None and branch != (options.new_seed is not None):
        raise ConfigError(
            f"{output} exists and is "
            + ("a branch (--new-seed goes on with it)" if branch else "no branch of another run")
            + "; choose another file with -o, or replace it with --force"
        )
    _check_same(config, known, output)
    return step


def _check_same(config: Config, known: Any, path: Path) -> None:
    if known is None:
        raise ConfigError(
            f"{path} exists and comes from a script; choose another file with -o, or replace it with "
            f"--force"
        )
    differences = list(_differences(known, config.canonical(), ""))
    if differences:
        old, new = known["run"]["steps"], config.run.steps
        if len(differences) == 1 and known["run"] | {"steps": new} == config.canonical()["run"]:
            differences[0] += f" (--extend {new - old} goes on beyond the end)" if new > old else ""
        raise ConfigError(
            f"{path} exists and comes from another configuration: {'; '.join(differences[:3])}; choose "
            f"another file with -o, or replace it with --force"
        )


def _differences(old: Any, new: Any, where: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            name = f"{where}.{key}" if where else key
            yield from _differences(old.get(key), new.get(key), name)
    elif old != new:
        yield f"{where} was {old!r}, is now {new!r}"
