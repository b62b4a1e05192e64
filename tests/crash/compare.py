"""Whether two runs left the same: trajectories and checkpoints bit for bit, where they came from apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.crash.scenarios import CHECKPOINT, Scenario
from vortexmd.checkpoint_checks import unpack
from vortexmd.copying import telling_damage

# When, where and by which versions a file was made.
PROVENANCE = "parameters/provenance"


def differences(path: Path, whole: Path) -> list[str]:
    """How a file differs from that of the uninterrupted run, in words; empty if in no bit.

    Of a trajectory: names, links, types, shapes, chunks, filters, fill values, values and attributes of
    all there is; of a checkpoint: header and arrays. Trajectories must open without being mended.
    """
    if not path.exists():
        return [f"{path.name}: missing"]
    if path.suffix != ".h5":
        return _checkpoint_differences(path, whole)
    theirs = _contents(whole)
    try:
        with telling_damage(path):
            ours = _contents(path)
    except ValueError as error:
        return [str(error)]
    return _compare(ours, theirs, path.name)


def run_differences(scenario: Scenario, folder: Path, whole: Path) -> list[str]:
    """The same of all that a finished run has left in its folder, temporary files included."""
    names = [*scenario.outputs, CHECKPOINT]
    found = [text for name in names for text in differences(folder / name, whole / name)]
    expected = {item.name for item in whole.iterdir()}
    # A killed writer's lock file stays: it is held, not merely there.
    left = sorted(
        item.name
        for item in folder.iterdir()
        if item.name not in expected and item.suffix != ".lock"
    )
    return found + [f"left behind: {name}" for name in left]


def _compare(ours: dict[str, Any], theirs: dict[str, Any], where: str) -> list[str]:
    found = [f"{where}: {name} is missing" for name in theirs if name not in ours]
    found += [f"{where}: {name} should not be there" for name in ours if name not in theirs]
    for name in sorted(ours.keys() & theirs.keys()):
        for aspect in theirs[name]:
            one, other = ours[name].get(aspect), theirs[name][aspect]
            if one != other:
                found.append(f"{where}: {name} has {_how(aspect, one, other)}")
    return found


def _how(aspect: str, ours: Any, theirs: Any) -> str:
    if aspect == "values":
        return "other values"
    return f"{aspect} {ours}, not {theirs}"


def _contents(path: Path) -> dict[str, dict[str, Any]]:
    """By name, everything in a closed file: of each group, dataset and attribute all that can be told."""
    found: dict[str, dict[str, Any]] = {}
    first_names: dict[Any, str] = {}

    def attributes(name: str, item: Any) -> None:
        for key in item.attrs:
            attribute = item.attrs.get_id(key)
            found[f"{name}@{key}"] = {
                "type": _type(attribute.get_type()),
                "shape": attribute.shape,
                "values": _bits(item.attrs[key]),
            }

    def visit(name: str, group: h5py.Group) -> None:
        attributes(name, group)
        for child in group:
            full = f"{name}/{child}".lstrip("/")
            link = group.get(child, getlink=True)
            if not isinstance(link, h5py.HardLink):
                found[full] = {"kind": type(link).__name__, "target": link.path}
                continue
            item = group[child]
            address = h5py.h5o.get_info(item.id).addr
            if address in first_names:
                # A second name of the same: H5MD shares steps and times.
                found[full] = {"kind": "link", "target": first_names[address]}
                continue
            first_names[address] = full
            if isinstance(item, h5py.Group):
                found[full] = {"kind": "group"}
                visit(full, item)
                continue
            found[full] = _dataset(item, full)
            attributes(full, item)

    with h5py.File(path, "r") as file:
        visit("", file)
    return found


def _dataset(item: h5py.Dataset, name: str) -> dict[str, Any]:
    created = item.id.get_create_plist()
    filters = [created.get_filter(k)[:3] for k in range(created.get_nfilters())]
    known = {
        "kind": "dataset",
        "chunks": item.chunks,
        "filters": filters,
        "fill value": _bits(item.fillvalue),
    }
    if name != PROVENANCE:
        known |= {
            "type": _type(item.id.get_type()),
            "shape": item.shape,
            "limits": item.maxshape,
            "values": _bits(item[()]),
        }
    return known


def _type(kind: Any) -> bytes:
    """A type with all that belongs to it: byte order, lengths, names of an enumeration."""
    encoded: bytes = kind.encode()
    return encoded


def _bits(value: Any) -> Any:
    """Values as bytes; those that lie elsewhere, strings of no fixed length, as themselves."""
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return [np.asarray(element).tobytes() for element in array.ravel()]
    return array.tobytes()


def _checkpoint_differences(path: Path, whole: Path) -> list[str]:
    theirs = _archive(whole)
    try:
        ours = _archive(path)
    except (OSError, ValueError) as error:
        return [f"{path.name}: damaged ({error})"]
    return _compare(ours, theirs, path.name)


def _archive(path: Path) -> dict[str, dict[str, Any]]:
    """By name, the header's entries and the arrays of a checkpoint."""
    header, arrays = unpack(path)
    found: dict[str, dict[str, Any]] = {
        f"header {key}": {"value": json.dumps(value)} for key, value in header.items()
    }
    for name, array in arrays.items():
        found[name] = {
            "type": array.dtype.descr,
            "shape": array.shape,
            "values": array.tobytes(),
        }
    return found
