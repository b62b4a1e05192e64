"""Compiled code is kept between processes, never outlives its sources, and is not needed to be kept."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vortexmd
from vortexmd import kernels

# A package of the real one's layout whose loops compile in no time; the caller does not change.
CALLER = """
from vortexmd.kernels import compiled
from vortexmd.kernels.callee import number

@compiled()
def burst(x):
    return x + number()
"""
CALLEE = """
from vortexmd.kernels import compiled

@compiled()
def number():
    return {}
"""
RUN = """
import json, warnings
{before}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    from vortexmd import kernels
from vortexmd.kernels.burst import burst
said = []
with kernels.announced(lambda: said.append(1)):
    value = burst(1)
stats = burst.stats
print(json.dumps(dict(
    value=value,
    said=len(said),
    hits=sum(stats.cache_hits.values()),
    compiled=sum(stats.cache_misses.values()),
    folder=str(stats.cache_path),
    warned=[str(warning.message) for warning in warned],
)))
"""


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "vortexmd" / "kernels"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    shutil.copy(kernels.__file__, folder)
    (folder / "burst.py").write_text(CALLER)
    (folder / "callee.py").write_text(CALLEE.format(1))
    return tmp_path


def run(package, before="", **environment):
    """What a new process finds."""
    keep = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(before=before)],
        cwd=package,
        env=keep | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def stamps(folder):
    return {path.name.split("-")[0][-8:] for path in Path(folder).glob("*.nb[ic]")}


def test_compiled_code_is_kept_until_any_source_changes(package):
    first = run(package)
    assert (first["value"], first["compiled"], first["said"]) == (2, 1, 1)
    again = run(package)
    assert (again["value"], again["hits"], again["compiled"], again["said"]) == (2, 1, 0, 0)
    before = stamps(first["folder"])
    assert len(before) == 1

    # Neither size nor time of the callee's file tells that it has changed, and the caller's has not.
    callee = package / "vortexmd" / "kernels" / "callee.py"
    times = callee.stat()
    callee.write_text(CALLEE.format(7))
    os.utime(callee, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert callee.stat().st_size == times.st_size
    edited = run(package)
    assert (edited["value"], edited["compiled"], edited["said"]) == (8, 1, 1)
    # The former code is gone.
    after = stamps(first["folder"])
    assert len(after) == 1
    assert after != before


def test_runs_where_nothing_can_be_kept(package):
    """Neither beside the sources nor with the user: numba itself refuses to start there."""
    before = (
        "from numba.core import caching\n"
        "caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]"
    )
    found = run(package, before)
    assert found["value"] == 2
    assert len(found["warned"]) == 1
    assert "NUMBA_CACHE_DIR" in found["warned"][0]
    # What stood in for it does not stay behind.
    assert not Path(found["folder"]).exists()


@pytest.mark.slow
def test_other_checkouts_keep_theirs_in_a_shared_cache(package, tmp_path):
    shared = str(tmp_path / "shared")
    other = tmp_path / "other"
    shutil.copytree(package / "vortexmd", other / "vortexmd")
    (other / "vortexmd" / "kernels" / "callee.py").write_text(CALLEE.format(3))
    assert run(package, NUMBA_CACHE_DIR=shared)["value"] == 2
    assert run(other, NUMBA_CACHE_DIR=shared)["value"] == 4
    assert run(package, NUMBA_CACHE_DIR=shared)["compiled"] == 0


@pytest.mark.slow
def test_a_first_run_says_that_it_compiles_and_the_second_does_not(tmp_path):
    for name in ("vortexmd", "potentials"):
        source = Path(vortexmd.__file__).parent.parent / name
        shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "a.toml").write_text(
        '[start]\nkind = "random"\nn = 100\ndensity = 0.1\nmin_distance = 1.0\nseed = 1\n'
        '[pair_force]\ntype = "London"\nf0 = 2.0\n'
        '[run]\nsteps = 10\ndt = 0.01\nseed = 1\n[output]\nfile = "a.h5"\nevery = 5\n'
    )
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "vortexmd.cli", "run", "a.toml", "--force"],
            cwd=tmp_path,
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        said.append(done.stderr)
    assert "compiling" in said[0]
    assert said[1] == ""
