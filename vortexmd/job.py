"""A run from a configuration file: started, continued, or found complete."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vortexmd import checkpoint
from vortexmd.build import simulation
from vortexmd.config import Config, ConfigError
from vortexmd.reader import load
from vortexmd.simulation import Simulation
from vortexmd.trajectory import TrajectoryWriter


class Interrupted(Exception):
    """The run was stopped by a signal, after a checkpoint."""


def checkpoint_path(output: Path) -> Path:
    """Where the checkpoint of a run lies: beside its trajectory, under a name of its own."""
    return output.with_name(output.name + ".chk")


def run(
    config: Config,
    output: Path,
    *,
    force: bool = False,
    progress: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> bool:
    """Run a configuration to its end; False if it was complete already.

    Parameters
    ----------
    config
        The run.
    output
        The trajectory; its checkpoint stands beside it. An unfinished run of the same configuration is
        continued.
    force
        Start over, replacing the trajectory once the new one has a frame.
    progress
        Show a progress bar.
    say
        Gets lines for the user.

    Raises
    ------
    ConfigError
        If `output` holds something else, or the same run under another configuration (the difference is
        named).
    Interrupted
        If SIGINT or SIGTERM came; the checkpoint is saved.
    """
    saved = checkpoint_path(output)
    sim = None
    if not force:
        if output.exists():
            _check_same_run(config, output)
            if _complete(config, output):
                return False
            if saved.exists() and not _outruns(saved, config, output):
                sim = Simulation.resume(saved, threads=config.run.threads)
                _check_same(config, sim.configuration, saved)
                say(f"continuing {output} from step {sim.step}")
            else:
                say(f"{output} has no checkpoint: from the start again, its frames are kept")
        elif saved.exists():
            raise ConfigError(
                f"{saved}: the checkpoint of a run whose trajectory {output} is gone; put it back, or "
                f"start over with --force"
            )
    writer = TrajectoryWriter(
        output,
        every=config.output.every,
        dtype=config.output.dtype,
        compression=config.output.compression,
        overwrite=force,
        resume=output.exists() and not force,
    )
    options: dict[str, Any] = {
        "writers": [writer],
        "checkpoint": saved,
        "checkpoint_seconds": config.run.checkpoint_seconds,
        "progress": progress,
    }
    if sim is None:
        sim = simulation(config)
        if config.run.minimize:
            sim.minimize()
    with _stopping(sim):
        _continue(sim, config, options)
    if sim.step < config.run.steps:
        raise Interrupted(
            f"stopped at step {sim.step} of {config.run.steps}; the same command goes on from there"
        )
    return True


def _continue(sim: Simulation, config: Config, options: dict[str, Any]) -> None:
    """From wherever `sim` stands to the end of the configuration."""
    anneal = config.run.anneal
    if anneal is not None and sim.step == 0:
        ramp = config.run.steps if anneal.steps is None else anneal.steps
        sim.set_ramp(anneal.to_temperature, ramp)
    sim.run(config.run.steps - sim.step, **options)


def _outruns(saved: Path, config: Config, output: Path) -> bool:
    """Whether a checkpoint is further than its trajectory: then it is that of a run before.

    Frames are on the disk before a checkpoint is; a run that was started over and killed at once leaves
    its few frames beside the old checkpoint.
    """
    with load(output) as trajectory:
        last = int(trajectory.steps[-1]) if len(trajectory) else -1
    return checkpoint.read(saved)[0]["step"] >= last + config.output.every


def _complete(config: Config, output: Path) -> bool:
    with load(output) as trajectory:
        last = int(trajectory.steps[-1]) if len(trajectory) else -1
    if last + config.output.every > config.run.steps:
        saved = checkpoint_path(output)
        return not saved.exists() or checkpoint.read(saved)[0]["step"] >= config.run.steps
    return False


def _check_same_run(config: Config, output: Path) -> None:
    try:
        with load(output) as trajectory:
            known = trajectory.parameters.get("configuration")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{output} exists and is not a trajectory that this run could continue ({error}); choose "
            f"another with -o, or replace it with --force"
        ) from None
    _check_same(config, known, output)


def _check_same(config: Config, known: Any, path: Path) -> None:
    if known is None:
        raise ConfigError(
            f"{path} exists and comes from a script; choose another file with -o, or replace it with "
            f"--force"
        )
    differences = list(_differences(known, config.canonical(), ""))
    if differences:
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


@contextmanager
def _stopping(sim: Simulation) -> Iterator[None]:
    """SIGINT and SIGTERM end the run after the present step; a second one ends it at once."""

    def handle(number: int, frame: Any) -> None:
        sim.stop()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
