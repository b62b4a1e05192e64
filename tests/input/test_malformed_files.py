"""Run files that are no run files: a thousand and more ways to damage one, and one line for each.

Everything is drawn with fixed seeds. A damaged file may still say something that can be run: then it is,
as far as building it. What it may not do is anything else.
"""

import re
import sys

import numpy as np
import pytest

from tests.input.base_runs import BASES, as_toml
from tests.input.command_line import ask, only_build
from vortexmd import config

TEXTS = [as_toml(data).encode() for data in BASES.values()]
# A thousand and more in all; each kind of damage has its share.
EVERYDAY, LONG = 8, 120
SPICES = [
    "\0",
    "\x1b[2J",
    "\u202e",
    "é",
    "𝛌",
    "\ufeff",
    "'''",
    '"""',
    "[",
    "]]",
    "{",
    "=",
    "#",
    "\\u",
    "e",
    "-",
]


def flipped(text, rng):
    """Bits turned over in a few bytes."""
    data = bytearray(text)
    for k in rng.integers(len(data), size=rng.integers(1, 9)):
        data[k] ^= 1 << int(rng.integers(8))
    return bytes(data)


def replaced(text, rng):
    """Bytes of any value in a few places: not UTF-8, as a rule."""
    data = bytearray(text)
    for k in rng.integers(len(data), size=rng.integers(1, 5)):
        data[k] = int(rng.integers(256))
    return bytes(data)


def cut_short(text, rng):
    return text[: int(rng.integers(len(text)))]


def middle_gone(text, rng):
    first, last = sorted(rng.integers(len(text), size=2).tolist())
    return text[:first] + text[last:]


def line_twice(text, rng):
    lines = text.splitlines(keepends=True)
    k = int(rng.integers(len(lines)))
    return b"".join([*lines[: k + 1], *lines[k:]])


def lines_mixed(text, rng):
    """The end of one line after the beginning of another."""
    lines = text.splitlines()
    a, b = (lines[k] for k in rng.integers(len(lines), size=2))
    return b"\n".join([*lines, a[: len(a) // 2] + b[len(b) // 2 :]])


def values_swapped(text, rng):
    """Two values in one another's place, whatever they are."""
    parts = re.split(rb"(= [^,}\n\[{]+)", text)
    i, j = rng.choice(np.arange(1, len(parts), 2), 2, replace=False)
    parts[i], parts[j] = parts[j], parts[i]
    return b"".join(parts)


def quote_lost(text, rng):
    places = [k for k, byte in enumerate(text) if byte in b'"[]{}=,.']
    k = int(rng.choice(places))
    return text[:k] + text[k + 1 :]


def spiced(text, rng):
    """What does not belong there, somewhere."""
    k = int(rng.integers(len(text)))
    return text[:k] + str(rng.choice(SPICES)).encode() + text[k:]


def noise(text, rng):
    return rng.bytes(int(rng.integers(1, 400)))


def other_ends(text, rng):
    """Windows' or old Macintosh's ends of lines, in some places or all."""
    end = [b"\r\n", b"\r", b"\n\r"][int(rng.integers(3))]
    return text.replace(b"\n", end, int(rng.integers(1, 5)))


DAMAGES = [
    flipped,
    replaced,
    cut_short,
    middle_gone,
    line_twice,
    lines_mixed,
    values_swapped,
    quote_lost,
    spiced,
    noise,
    other_ends,
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    only_build(monkeypatch)
    return tmp_path


def check(folder, content):
    """The exit code for a file with these bytes."""
    (folder / "run.toml").write_bytes(content)
    answer = ask("run", "run.toml", "--quiet")
    assert answer.clean, (content, answer)
    assert [path.name for path in folder.iterdir()] == ["run.toml"], content
    return answer.code


def damage(folder, how, number):
    """Exit codes of so many damaged files."""
    rng = np.random.default_rng(DAMAGES.index(how))
    return [check(folder, how(TEXTS[k % len(TEXTS)], rng)) for k in range(number)]


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_files_get_one_line(folder, how):
    damage(folder, how, EVERYDAY)


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
def test_more_than_a_thousand_damaged_files_get_one_line_each(folder, how):
    assert len(DAMAGES) * LONG >= 1000
    codes = damage(folder, how, LONG)
    # Ends of lines and lucky flips may leave a right file; most damage does not.
    assert how is other_ends or codes.count(2) > LONG / 2


WHOLE = {
    "empty": b"",
    "blank": b" \n\t\n",
    "a comment": b"# nothing\n",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "UTF-16": "[run]\nsteps = 1\n".encode("utf-16"),
    "Latin-1": "[run]\n# λ\nsteps = 1 # é".encode("latin-1", "replace"),
    "NULs": bytes(1000),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "JSON": b'{"run": {"steps": 1}}',
    "YAML": b"run:\n  steps: 1\n",
    "Python": b"import os\nos.system('touch executed')\n",
    "lists without end": b"a = " + b"[" * 100_000,
    "lists that end": b"a = " + b"[" * 5_000 + b"]" * 5_000,
    "tables without end": b"a = " + b"{a = " * 10_000,
    "quoted keys deep": b"run" + b".'a'" * 20_000 + b" = 1\n",
    "brackets": b"[" * 100_000,
    "headers deep": b"[" + b"a." * 20_000 + b"a]\n",
    "keys deep": b"run" + b".a" * 20_000 + b" = 1\n",
    "pair_force deep": b"pair_force" + b".part" * 5_000 + b" = 1\n",
    "a line of a million": b"a = '" + b"x" * 10**6 + b"'\n",
    "a key of a million": b"x" * 10**6 + b" = 1\n",
    "a number of a million digits": b"[run]\nsteps = " + b"9" * 10**6 + b"\n",
    "a hexadecimal million": b"[run]\nsteps = 0x" + b"f" * 10**6 + b"\n",
    "an exponent of a thousand digits": b"[run]\ndt = 1e" + b"9" * 1000 + b"\n",
    "ten thousand keys": b"".join(b"k%d = 1\n" % k for k in range(10_000)),
    "a thousand tables": b"[[external]]\n" * 1_000,
    "a table twice": b"[run]\nsteps = 1\n[run]\n",
    "a table for a list": b"external = {type = 'UniformDrive'}\n",
    "a list for a table": b"[[run]]\nsteps = 1\n",
}


NUMBERED = ".".join(map(str, range(25)))
QUOTED = " . ".join(["'a'", '"b"'] * 12)


@pytest.mark.parametrize(
    "text",
    [
        f"{NUMBERED} = 1",
        f"\t{QUOTED} = 1",
        f"[{NUMBERED}]",
        f"[[ {QUOTED} ]]",
        f"a = {{ {NUMBERED} = 1 }}",
        f"a = {{ b = 1, {QUOTED} = 1 }}",
    ],
)
def test_keys_of_many_parts_are_refused(folder, text):
    (folder / "run.toml").write_text(text, encoding="utf-8")
    assert "a key of more than 20 parts" in ask("run", "run.toml").text


@pytest.mark.parametrize("text", [f"# {NUMBERED}", f"a = '{NUMBERED}'", f'a = "see {NUMBERED}"'])
def test_comments_and_strings_may_look_like_them(text):
    assert not config.LONG_KEY.search(text)


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_run_file_at_all(folder, name):
    assert check(folder, WHOLE[name]) == 2


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_from_other_editors_run(folder, ends, mark):
    """Windows' ends of lines and byte order mark change nothing."""
    assert check(folder, mark + TEXTS[0].replace(b"\n", ends)) == 0


def test_a_file_beyond_any_use_is_not_read(folder):
    with open(folder / "run.toml", "wb") as file:
        file.truncate(2**40)
    assert "MiB" in ask("run", "run.toml").text


@pytest.mark.parametrize(
    "name", [".", "missing.toml", "missing/run.toml", "a\0b", "x" * 5000, "/dev/null"]
)
def test_what_is_no_file(folder, name):
    answer = ask("run", name)
    assert answer.clean and answer.code == 2, answer
    assert not list(folder.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_is_not_waited_for(folder):
    import os

    os.mkfifo("run.toml")
    answer = ask("run", "run.toml")
    assert answer.clean and answer.code == 2, answer
