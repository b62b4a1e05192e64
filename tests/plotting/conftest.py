"""A trajectory as plots need it, made of frames in memory."""

import numpy as np
import pytest

from vortexmd.vortices import Vortices


class FrameList(list):
    """Frames with the series that a trajectory file holds, from simple formulas."""

    regions = None

    def __init__(self, frames):
        super().__init__(frames)
        steps = np.arange(len(frames))
        self.times = np.array([frame.time for frame in frames], dtype=float)
        self.count = np.array([len(frame) for frame in frames], dtype=np.int64)
        self.energy = self.count * (2.0 + np.exp(-steps / 5))
        self.temperature = np.full(len(frames), 0.05)
        self.mean_velocity = np.column_stack((0.1 + 0.01 * steps, -0.02 * steps))
        self.mean_velocity[:1] = np.nan
        self.winding_velocity = self.mean_velocity.copy()


@pytest.fixture
def drifting():
    """drifting(start, frames, velocity, dt): a trajectory of the same vortices on straight paths."""

    def make(start, frames=5, velocity=(0.3, 0.1), dt=2.0):
        return FrameList(
            [
                Vortices(
                    start.positions + k * dt * np.array(velocity),
                    start.winding,
                    start.box,
                    ids=start.ids,
                    step=10 * k,
                    time=k * dt,
                )
                for k in range(frames)
            ]
        )

    return make


@pytest.fixture
def thinning():
    """thinning(start, frames): a trajectory that loses one vortex of either sign a frame."""

    def make(start, frames=5, dt=2.0):
        kept = [np.arange(len(start))]
        for _ in range(frames - 1):
            signs = np.sign(start.winding[kept[-1]])
            lost = [np.flatnonzero(signs == sign)[:1] for sign in (1, -1)]
            kept.append(np.delete(kept[-1], np.concatenate(lost)))
        return FrameList(
            [
                Vortices(
                    start.positions[rows],
                    start.winding[rows],
                    start.box,
                    ids=start.ids[rows],
                    time=k * dt,
                )
                for k, rows in enumerate(kept)
            ]
        )

    return make
