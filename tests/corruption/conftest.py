"""One process reads all damaged files, unless it is lost."""

import pytest

from tests.corruption import originals
from tests.corruption.examiner import Examiner


@pytest.fixture(scope="session")
def examiner():
    with Examiner() as examiner:
        yield examiner


@pytest.fixture(scope="session")
def trajectories(tmp_path_factory):
    """Undamaged trajectories by name."""
    folder = tmp_path_factory.mktemp("trajectories")
    return {name: originals.trajectory(name, folder) for name in originals.KINDS}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Undamaged checkpoints by name."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {name: originals.checkpoint(name, folder) for name in originals.CHECKPOINTS}
