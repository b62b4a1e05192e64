"""For every test: floating-point warnings are errors, figures need no screen, draws repeat."""

import os
import signal

# Before anything imports matplotlib.
os.environ["MPLBACKEND"] = "Agg"
# Before anything imports numpy: the tests' processes share the cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

# Jobs in the background ignore Ctrl-C, and so would all programs that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("vortexmd", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("vortexmd")


@pytest.fixture(autouse=True)
def strict_floating_point():
    """Overflow, division by zero and invalid operations in numpy raise."""
    with np.errstate(all="raise", under="ignore"):
        yield
