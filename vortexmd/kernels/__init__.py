"""The compiled loops of a step, and what compiles and keeps them.

Loops here call each other across files. Numba's cache on the disk looks at a function's own file only, so
that an edited callee would live on in its callers: `compiled` files each function under a stamp of the
whole folder instead. What is filed under former stamps is removed once the sources have changed.
"""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core import event


def _stamp() -> str:
    """Eight digits that change with any source of this folder."""
    digest = hashlib.blake2b(digest_size=4)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


STAMP = _stamp()
_FILED = re.compile(r"_([0-9a-f]{8})-[0-9]+\.[^/]*\.nb[ic]")


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, cached on the disk until any file of this folder changes; without the GIL.

    Parameters
    ----------
    options
        Of `numba.njit`, such as `fastmath`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        # The cache's file is named after it.
        function.__qualname__ += f"_{STAMP}"
        # Nobody takes a loop's address in C, and its wrapper takes time to compile.
        options.setdefault("no_cfunc_wrapper", True)
        return njit(cache=True, nogil=True, error_model="numpy", **options)(function)

    return decorate


@contextmanager
def announced(say: Callable[[], None]) -> Iterator[None]:
    """Call `say` once before the loops of a step are compiled, if they are, while this lasts."""
    listener = _FirstCompilation(say)
    with event.install_listener("numba:compile", listener):
        yield


class _FirstCompilation(event.Listener):
    """Calls `say` when the first of `kernels.burst`'s loops, which are most of the work, is compiled."""

    def __init__(self, say: Callable[[], None]):
        self._say: Callable[[], None] | None = say

    def on_start(self, event: Any) -> None:
        if event.data["dispatcher"].py_func.__module__ == f"{__name__}.burst":
            say, self._say = self._say, None
            if say is not None:
                say()

    def on_end(self, event: Any) -> None:
        """Nothing is said then."""


def _probe() -> None:
    """A function to ask numba where it would keep code."""


def _folder() -> Path:
    """Where numba keeps what is compiled here; a folder of this process alone if it can write nowhere."""
    try:
        return Path(str(njit(cache=True)(_probe).stats.cache_path))
    except RuntimeError:
        # Numba refuses to cache, and `cache=True` fails in all of vortexmd.
        own = tempfile.mkdtemp(prefix="vortexmd-")
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        numba.config.CACHE_DIR = own  # type: ignore[attr-defined]
        warnings.warn(
            "compiled code cannot be kept, as neither vortexmd's folder nor the user's cache can be written: "
            "every start compiles for half a minute; set NUMBA_CACHE_DIR to a folder that can",
            stacklevel=2,
        )
        return Path(own)


def _remove_former(folder: Path) -> None:
    """Remove code of other stamps, if there is none of this one yet: the sources have changed.

    Another process that still compiles under such a stamp loses what it has kept, and nothing else.
    """
    stamps = {
        path: found[1] for path in folder.glob("*.nb[ic]") if (found := _FILED.search(path.name))
    }
    if STAMP not in stamps.values():
        for path in stamps:
            path.unlink(missing_ok=True)


_remove_former(_folder())
