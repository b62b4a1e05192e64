"""What a trajectory file says of pinning regions: which ones held when, who was in which."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vortexmd.description import restore
from vortexmd.h5md import canonical
from vortexmd.hopping import ArrheniusHopping
from vortexmd.regions import Regions

HOPPING = "ArrheniusHopping"
KINDS = {"hopping": ArrheniusHopping, "regions": Regions}


class Run(Protocol):
    """What is read of a trajectory: what held at first, what was changed, and the steps of its frames."""

    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def changes(self) -> list[tuple[int, dict[str, Any]]]: ...
    @property
    def steps(self) -> NDArray[np.int64]: ...


def hopping_of(run: Run) -> Any:
    """The hopping that holds at all frames, made again; None without.

    Raises
    ------
    ValueError
        If it changes between them, or rests on a Python function.
    """
    return _one_for_all(_rules(run), "hopping")


def regions_of(run: Run) -> Any:
    """The same of its regions alone."""
    return _one_for_all([rule and rule["regions"] for rule in _rules(run)], "regions")


def _rules(run: Run) -> list[dict[str, Any] | None]:
    """The descriptions of hopping that hold at some frame, each once; None where there was none."""
    changes = run.changes
    held = [run.parameters, *(description for _, description in changes)]
    # A frame at the very turn is that of the run that ended there.
    numbers = np.unique(np.searchsorted([step for step, _ in changes], run.steps))
    return [
        next((r for r in held[k].get("reactions", ()) if r.get("type") == HOPPING), None)
        for k in numbers.tolist() or [0]
    ]


def _one_for_all(found: Sequence[Any], name: str) -> Any:
    texts = {None if item is None else canonical(item) for item in found}
    if len(texts) > 1:
        raise ValueError(
            f"{name} changed between these frames; take a slice of the trajectory, before the change or "
            f"after (`changes` has its step)"
        )
    text = texts.pop()
    return None if text is None else _restored(text, name)


def counts(
    labels: NDArray[np.int32], windings: NDArray[np.int32], regions: int
) -> NDArray[np.int64]:
    """(T, R) sums of |winding| in each region.

    Parameters
    ----------
    labels
        (T, W), −1 where there is no vortex.
    windings
        (T, W).
    regions
        R.
    """
    frames, columns = np.nonzero(labels >= 0)
    place = frames * regions + labels[frames, columns]
    sums = np.bincount(place, np.abs(windings[frames, columns]), len(labels) * regions)
    return sums.astype(np.int64).reshape(len(labels), regions)


@lru_cache(maxsize=4)
def _restored(text: str, name: str) -> Any:
    """The object, made once however often it is asked for."""
    found = restore(json.loads(text), name)
    if not isinstance(found, KINDS[name]):
        raise ValueError(f"{name}: a {type(found).__name__} stands in the file")
    return found
