"""The metric of two vortices at μ = 1: explicit fields, limits, linear dynamics, bad input."""

import math

import numpy as np
import pytest
from scipy import fft
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import k0

from gl_reference.moduli import moduli_friction
from gl_reference.moving_vortex import vortex_friction
from gl_reference.radial import single_vortex
from gl_reference.taubes import near_critical
from tests.gl_reference.splitting_rate import contact_friction

WIDTH = 1.5


def _loss(positions, velocities, s=1.0):
    """(1/π)∫(|D_tΨ|² + E²/s) of vortices at μ = 1 that are moved, from the fields.

    Gauge-invariant: |Ψ|² = e^h, Q = A − ∇θ = ½(h_y, −h_x), φ̃ = φ + ∂_tθ. ∂_th solves the Taubes
    equation's linearisation; charge conservation is ∇²φ̃ = s e^h φ̃ with the poles of ∂_tθ. Poles are
    cut off as in L with L' = e^{−r²/c²}/r, ∂_th = −2v·∇L and φ̃ = v × ∇L; the rest is smooth.
    """
    solution = near_critical(positions, tolerance=1e-9)
    x, y, h = solution.x, solution.y[:, None], solution.h
    kx = 2 * np.pi * fft.fftfreq(len(x), x[1] - x[0])
    ky = 2 * np.pi * fft.fftfreq(len(y), y[1, 0] - y[0, 0])[:, None]
    density = np.exp(h)
    h_core, potential_core, h_source, potential_source, ex, ey = np.zeros((6, *h.shape))
    for (px, py), (vx, vy) in zip(positions, velocities, strict=True):
        dx, dy = x - px, y - py
        square = dx**2 + dy**2
        gauss = np.exp(-square / WIDTH**2)
        pole = gauss / square
        laplacian = -2 / WIDTH**2 * gauss  # of L
        slope = 4 / WIDTH**4 * gauss  # of that, over r
        h_core -= 2 * (vx * dx + vy * dy) * pole
        potential_core += (vx * dy - vy * dx) * pole
        h_source -= 2 * (vx * dx + vy * dy) * slope
        potential_source += (vx * dy - vy * dx) * slope
        ex += vy * laplacian
        ey -= vx * laplacian

    def multiplied(symbol, values):
        return fft.ifft2(symbol * fft.fft2(values)).real

    def solved(right, s):
        shape, size = h.shape, h.size
        square = kx**2 + ky**2

        def operator(v):
            v = v.reshape(shape)
            return (multiplied(square, v) + s * density * v).ravel()

        def smoother(v):
            return multiplied(1 / (s + square), v.reshape(shape)).ravel()

        found, failed = cg(
            LinearOperator((size, size), operator),
            right.ravel(),
            rtol=1e-11,
            M=LinearOperator((size, size), smoother),
        )
        assert not failed
        return found.reshape(shape)

    h_rest = solved(h_source - density * h_core, 1.0)
    potential_rest = solved(potential_source - s * density * potential_core, s)
    ex = ex - multiplied(1j * ky, h_rest) / 2 - multiplied(1j * kx, potential_rest)
    ey = ey + multiplied(1j * kx, h_rest) / 2 - multiplied(1j * ky, potential_rest)
    condensate = density * ((h_core + h_rest) ** 2 / 4 + (potential_core + potential_rest) ** 2)
    cell = (x[1] - x[0]) * (y[1, 0] - y[0, 0])
    return float((condensate + (ex**2 + ey**2) / s).sum()) * cell / np.pi


def _pair_loss(d, first, second, s=1.0):
    return _loss([(-d / 2, 0.0), (d / 2, 0.0)], [first, second], s)


# ------------------------------------------------------------------ against explicit fields
@pytest.mark.parametrize("d", [0.2, 0.7, 2.0, 5.0, 8.9, 9.1])
def test_against_the_fields_of_moving_pairs(d):
    """The loss of a pair that opens, and of one that turns as fast: the same."""
    assert _pair_loss(d, (-0.5, 0), (0.5, 0)) == pytest.approx(moduli_friction(d), abs=1e-7)
    assert _pair_loss(d, (0, -0.5), (0, 0.5)) == pytest.approx(moduli_friction(d), abs=1e-7)


@pytest.mark.parametrize("d", [0.2, 3.0])
def test_explicit_fields_of_a_pair_moved_as_a_whole(d):
    """They carry the mass of two, whatever their separation (and so test `_loss`)."""
    assert _pair_loss(d, (0.6, 0.8), (0.6, 0.8)) == pytest.approx(2, abs=1e-8)
    # The centre's motion and the separation's do not mix.
    both = _pair_loss(d, (0.5, 0), (1.5, 0))
    assert both == pytest.approx(2 + moduli_friction(d), abs=1e-7)
    assert _pair_loss(d, (0.5, 0.5), (-0.5, -0.5)) == pytest.approx(
        2 * moduli_friction(d), abs=1e-7
    )


@pytest.mark.parametrize("s", [0.2, 5.0])
def test_other_conductivities(s):
    """The linear dynamics of the giant vortex at one end, single vortices at the other.

    In between, turning and opening cost the same at s = 1 only.
    """
    together = _pair_loss(0.1, (-0.5, 0), (0.5, 0), s)
    assert together == pytest.approx(contact_friction(1.0, s) * 0.01, rel=1e-4)
    assert _pair_loss(0.1, (0, -0.5), (0, 0.5), s) == pytest.approx(together, rel=1e-4)
    apart = _pair_loss(12.0, (-0.5, 0), (0.5, 0), s)
    assert apart == pytest.approx(vortex_friction(1, 1.0, s=s).friction / 2, rel=5e-3)
    ratio = _pair_loss(3.0, (0, -0.5), (0, 0.5), s) / _pair_loss(3.0, (-0.5, 0), (0.5, 0), s)
    assert 0.8 < ratio < 0.95


@pytest.mark.parametrize(
    ("s", "d", "across", "centre"), [(0.1, 4.0, 0.81, 1.26), (10.0, 3.0, 0.89, 0.78)]
)
def test_what_the_friction_of_pairs_leaves_out(s, d, across, centre):
    """Off s = 1, as docs/gl_dynamics.md says: friction across over along, and of the centre.

    The centre's at contact is also that of the giant vortex, from its radial equation.
    """
    along = _pair_loss(d, (-0.5, 0), (0.5, 0), s)
    assert _pair_loss(d, (0, -0.5), (0, 0.5), s) / along == pytest.approx(across, abs=0.006)
    alone = vortex_friction(1, 1.0, s=s).friction
    together = _pair_loss(0.05, (1, 0), (1, 0), s)
    assert together == pytest.approx(vortex_friction(2, 1.0, s=s).friction, rel=1e-3)
    assert together / (2 * alone) == pytest.approx(centre, abs=0.006)


# ------------------------------------------------------------------ limits
def test_together():
    """η/d² tends to what the linearised equations of the n = 2 vortex say (no Taubes equation)."""
    d = np.array([0.01, 0.05, 0.1])
    assert moduli_friction(d) / d**2 == pytest.approx([contact_friction(1.0)] * 3, rel=3e-5)
    assert moduli_friction(0.0) == 0


def test_far_apart():
    """½ − η over 2K₀(d) tends to γ₂² of a single vortex, from the fields too."""
    gamma2 = single_vortex(1, 1.0).gamma2
    missing = [
        (0.5 - _pair_loss(d, (-0.5, 0), (0.5, 0))) / (2 * gamma2**2 * k0(d)) - 1 for d in (4, 6, 8)
    ]
    assert np.abs(missing) == pytest.approx([0, 0, 0], abs=0.1)
    assert abs(missing[2]) < 2e-4 and abs(missing[1]) < abs(missing[0]) / 5
    assert moduli_friction([9.5, np.inf]) == pytest.approx([0.5 - 2 * gamma2**2 * k0(9.5), 0.5])


def test_any_separations():
    d = np.linspace(0, 15, 301)
    eta = moduli_friction(d)
    assert np.all(np.diff(eta) > 0)
    assert moduli_friction(d.reshape(7, 43)) == pytest.approx(eta.reshape(7, 43), abs=0)
    assert moduli_friction(2).shape == ()
    assert moduli_friction([]).shape == (0,)


@pytest.mark.parametrize(
    "d, message",
    [
        (-1.0, "d.*zero or positive"),
        ([1.0, math.nan], "d.*zero or positive"),
        ("far", "give real numbers"),
        ([1 + 1j], "give real numbers"),
    ],
)
def test_bad_input(d, message):
    with pytest.raises(ValueError, match=message):
        moduli_friction(d)
