"""Where a file comes from: program, libraries, processor, revision, date.

Nothing here can fail: what cannot be found out is left out or reads "unknown".
"""

from __future__ import annotations

import datetime
import getpass
import platform
import subprocess
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "numba", "scipy", "h5py")


def provenance() -> dict[str, Any]:
    """Versions, git revision, processor and start date of a run, JSON-able.

    ``run`` is a random identifier: two files with the same one hold the same run.
    """
    return {
        "run": uuid.uuid4().hex,
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "vortexmd": version(),
        "python": platform.python_version(),
        **{name: _library_version(name) for name in LIBRARIES},
        "git_revision": git_revision(),
        "processor": processor(),
        "machine": platform.machine(),
        "system": platform.platform(),
    }


def version() -> str:
    """Version of vortexmd."""
    from vortexmd import __version__

    return __version__


def author() -> str:
    """Login name of whoever runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def git_revision() -> str | None:
    """Commit of the checkout the package runs from, "-dirty" if changed; None outside one."""
    here = Path(__file__).resolve()
    # A package installed below somebody's own checkout must not be given that one's revision.
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return None
    return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def processor() -> str:
    """Name of the processor, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def _library_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
