"""`vortexmd flux FILE.toml`: any file is solved, or refused in one line that names the key."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest

from tests.input_physics.catalogue import report
from tests.input_physics.flux_files import FILES, Raw, document, judged

LONG = "x" * 10_000
VALUES = {
    "nan": Raw("nan"),
    "inf": Raw("inf"),
    "-inf": Raw("-inf"),
    "zero": 0,
    "minus one": -1,
    "half": -0.5,
    "huge": 1e308,
    "tiny": 5e-324,
    "whole and huge": Raw("1" + "0" * 400),
    "past int64": 2**63,
    "empty": "",
    "text": "two",
    "long": LONG,
    "true": True,
    "list": [1.0],
    "nothing": [],
    "rows": [[1.0], [2.0, 3.0]],
    "mixed": [1, "two"],
    "table": {},
    "other table": {"kind": "linear"},
    "date": Raw("1979-05-27"),
}
MISSING = object()


def keys(data, path=()):
    """The path of every key of nested tables and lists of tables."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict) or (
            isinstance(value, list) and value and isinstance(value[0], (dict, list))
        ):
            yield from keys(value, (*path, key))


def changed(data, path, value):
    """A copy of `data` with another value at `path`, or none there."""
    data = copy.deepcopy(data)
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


# What a message may call a key instead: what holds it, or what it is judged with.
CALLED = {
    "first": ("times",),
    "last": ("times",),
    "number": ("times", "memory"),
    # The hops that they make are too many to draw, or there are too many vortices to count.
    "attempt_rate": ("sample: times",),
    "hop_distance": ("sample: times",),
    "length": ("sample: times",),
    "left": ("sample: times",),
    "b_applied": ("sample: times",),
    "area": ("sample: flux_quantum",),
    "regions": ("between",),
    "solve": ("allow_above",),
    "laws": ("law",),
    "values": ("cell", "times", "curves", "vary", "height"),
    "vary": ("height",),
    "kind": ("kind", "unknown key", "missing", "regions"),
    "title": ("title",),
    "cells": ("laws", "shape", "start.b"),
    "shape": ("laws", "start.b", "cell"),
    "name": ("region", "interfaces", "lengths"),
    "lengths": ("outside", "box", "regions"),
    "u0_energy": ("u0",),
    "temperature": ("temperature", "u0"),
    "surface": ("surface", "start.b", "method"),
    "radius": ("layer", "hop_distance", "region.area"),
    "layer": ("hop_distance",),
    "cell_width": ("hop_distance", "cell"),
    "height": ("cell",),
    "law": ("laws", "kind"),
}


def catalogue(name, share, tmp_path, capsys):
    """Faults of one file with one key after another replaced: one value in `share`, drawn at random."""
    found = []
    draw = random.Random(name)
    file = tmp_path / "problem.toml"
    for path in keys(FILES[name]):
        words = tuple(str(part) for part in path if isinstance(part, str))
        names = (words[-1], *CALLED.get(words[-1], ()), *words[1:-1])
        for what, value in {"missing": MISSING, **VALUES}.items():
            if draw.randrange(share):
                continue
            file.write_text(document(changed(FILES[name], path, value)), encoding="utf-8")
            fault = judged(file, capsys, names)
            if fault is not None:
                found.append(f"{'.'.join(map(str, path))} = {what}: {fault}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_any_key_with_any_bad_value(name, tmp_path, capsys):
    found = catalogue(name, 50, tmp_path, capsys)
    assert not found, report(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_key_with_every_bad_value(name, tmp_path, capsys):
    found = catalogue(name, 1, tmp_path, capsys)
    assert not found, report(found)


@pytest.mark.parametrize("name", FILES)
def test_unknown_keys(name, tmp_path, capsys):
    file = tmp_path / "problem.toml"
    found = []
    for table in ("", *FILES[name]):
        data = copy.deepcopy(FILES[name])
        place = data[table] if table else data
        (place[0] if isinstance(place, list) else place)["unknown_key"] = 1
        file.write_text(document(data), encoding="utf-8")
        fault = judged(file, capsys, ("unknown_key",))
        if fault is not None:
            found.append(f"{table}: {fault}")
    assert not found, report(found)


def mutated(text, draw):
    """`text` (bytes) with one thing wrong with it, as a slip, a lost block or a hostile hand leaves it."""
    how = draw.randrange(12)
    at = draw.randrange(len(text))
    to = min(len(text), at + draw.randrange(1, 30))
    if how == 0:
        return text[:at]
    if how == 1:
        return text[:at] + bytes([text[at] ^ (1 << draw.randrange(8))]) + text[at + 1 :]
    if how == 2:
        return text[:at] + draw.choice([b"\xff", b"\x80\x81", b"\xc3", b"\xed\xa0\x80"]) + text[at:]
    if how == 3:
        return text[:at] + b"\0" + text[at:]
    if how == 4:
        depth = draw.choice([50, 2000, 100_000])
        return text + b"\ndeep = " + draw.choice([b"[" * depth, b"{a=" * depth])
    if how == 5:
        return b"\xef\xbb\xbf" + text
    if how == 6:
        return text[:at] + text[to:]
    if how == 7:
        return text[:to] + text[at:to] + text[to:]
    if how == 8:
        lines = text.splitlines(keepends=True)
        draw.shuffle(lines)
        return b"".join(lines[: draw.randrange(1, len(lines) + 1)])
    if how == 9:
        digits = [k for k, byte in enumerate(text) if chr(byte).isdigit()]
        k = draw.choice(digits)
        return (
            text[:k]
            + draw.choice([b"9e99", b"-1", b"nan", b"1e-99", b"0x7f", b"'1'"])
            + text[k + 1 :]
        )
    if how == 10:
        return bytes(draw.randrange(256) for _ in range(draw.randrange(200)))
    return text.replace(
        b"=", draw.choice([b"", b"==", b":", b"\r", b" = = "]), draw.randrange(1, 5)
    )


def fuzz(count, seed, tmp_path, capsys):
    """Faults of `count` files with one thing wrong."""
    draw = random.Random(seed)
    texts = [document(data).encode() for data in FILES.values()]
    file = tmp_path / "problem.toml"
    (tmp_path / "problem.csv.txt").write_text("mine")
    found = []
    for k in range(count):
        text = mutated(draw.choice(texts), draw)
        file.write_bytes(text)
        fault = judged(file, capsys)
        if fault is not None:
            found.append(f"{k}: {fault}: {text!r:.400}")
    return found


@pytest.mark.slow
def test_malformed_files(tmp_path, capsys):
    found = fuzz(400, 2011, tmp_path, capsys)
    assert not found, report(found)


@pytest.mark.slow
def test_many_malformed_files(tmp_path, capsys):
    found = fuzz(6000, 83, tmp_path, capsys)
    assert not found, report(found)


def test_nothing_in_a_file_is_executed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = "__import__('os').system('touch executed')"
    data = changed(
        FILES["two regions"], ("network", "p"), {"kind": "function", "function": call, "b_max": 1.0}
    )
    file = tmp_path / "problem.toml"
    file.write_text(document(data))
    assert judged(file, capsys, ("function",)) is None
    for text in (call, "!!python/object/apply:os.system [touch executed]", "${touch executed}"):
        file.write_text(document(changed(FILES["two regions"], ("units", "field"), text)))
        judged(file, capsys)
    # An array of objects would be unpickled.
    (tmp_path / "labels.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + b"cos\nsystem\n(S'touch executed'\ntR."
    )
    regions = {"raster": "labels.npy", "pixel": 1.0}
    file.write_text(document(changed(FILES["geometry"], ("regions",), regions)))
    assert judged(file, capsys, ("raster",)) is None
    assert not Path("executed").exists()


def test_an_older_answer_survives_a_refusal(tmp_path, capsys):
    file = tmp_path / "problem.toml"
    file.write_text(document(changed(FILES["two regions"], ("network", "epsilon"), -1.0)))
    for name in ("problem.csv", "problem.png"):
        (tmp_path / name).write_text("mine")
    assert judged(file, capsys) is None
    from vortexmd.cli import main

    assert main(["flux", str(file), "--force", "-o", str(tmp_path / "problem.csv")]) == 2
    assert {p.read_text() for p in tmp_path.glob("problem.[cp]*")} == {"mine"}
