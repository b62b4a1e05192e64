"""Forces and energies of pinning wells on a range of vortices, eight wells at a time.

Wells lie sorted in horizontal strips, from left to right in each; one that several strips' vortices can
feel lies in all of these. So the wells that vortices of one cell can feel are one run of the arrays. Runs
are evaluated in whole blocks of eight lanes, as vector code of explicit order: the bits of a result depend
on the vortex and the wells alone, not on the caller, the range, or the width of the processor's vectors.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from vortexmd.kernels import compiled

GAUSSIAN, PARABOLIC = 0, 1
LANES = 8
LOG2_E = 1.4426950408889634
# A Gaussian well ends at six radii: exp(−6²) = 2e-16.
_GAUSSIAN_END = -36.0 * LOG2_E
# 2^f for |f| ≤ ½: interpolation at the Chebyshev nodes, relative error 2e-17 before rounding.
_POWER_OF_TWO = (
    1.0,
    0.6931471805599453,
    0.24022650695910158,
    0.055504108664821625,
    0.009618129107587256,
    0.001333355814640647,
    0.00015403530463724353,
    1.5252733841556773e-05,
    1.3215432535912375e-06,
    1.0178057087733941e-07,
    7.074194297288521e-09,
    4.4558179083360645e-10,
)
# Added to a small number, it leaves the nearest integer in the lowest bits of the sum.
_ROUNDER = 1.5 * 2.0**52
# Vortices whose runs are looked up, and on their way into the cache, before the first is evaluated.
_BATCH = 512


class Wells(NamedTuple):
    """Wells sorted for one box; the type is the same for wells of all kinds.

    Behind the last well of each strip there are `LANES` far from everything, for blocks may end in them.
    """

    x: NDArray[np.float64]
    """(K,) in λ."""
    y: NDArray[np.float64]
    """(K,) in λ."""
    scale: NDArray[np.float64]
    """(K,), or (`LANES`,) if all are alike, in 1/λ²: −log₂e/radius² of a Gaussian well, −1/radius² of a
    parabolic one."""
    pull: NDArray[np.float64]
    """Like `scale`, in Ω₀/λ: 2·depth/radius²."""
    runs: NDArray[np.int32]
    """(rows·columns, 2): where the run of each cell begins, and its blocks."""
    each: int
    """0 if all wells are alike in `scale` and `pull`, else 1."""
    kind: int
    """`GAUSSIAN` or `PARABOLIC`."""
    columns: int
    rows: int
    left: float
    """Of the first column, in λ."""
    bottom: float
    """Of the first row, in λ."""
    columns_per_length: float
    """In 1/λ."""
    rows_per_length: float
    """In 1/λ."""
    period_x: float
    """Length of the box in λ; 0 if it is not periodic along x."""
    period_y: float
    turns_x: float
    """1/period_x, or 0."""
    turns_y: float


def _evaluator(kind: int, energies: bool):
    """An intrinsic: the sum over a run of wells on one place.

    ``(x, y, scale, pull, each, first, blocks, px, py)``, as in `Wells`, gives (−Fx, −Fy), or (−U, 0).
    """

    def generate(context, builder, signature, arguments):
        wide = ir.VectorType(ir.DoubleType(), LANES)
        whole, int32 = ir.VectorType(ir.IntType(64), LANES), ir.IntType(32)
        # Always rounded once: a processor without the instruction has the C library do it.
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(wide, [wide] * 3), f"llvm.fma.v{LANES}f64"
        )

        def chosen(one, other, lanes):
            index = ir.Constant(ir.VectorType(int32, len(lanes)), list(lanes))
            return builder.shuffle_vector(one, other, index)

        def all_lanes(value):
            if isinstance(value, float):
                return ir.Constant(wide, [value] * LANES)
            one = builder.insert_element(
                ir.Constant(wide, ir.Undefined), value, ir.Constant(int32, 0)
            )
            return chosen(one, one, [0] * LANES)

        def power_of_two(square, scale):
            """2^(square·scale), between 2^−1000 and 1, to one unit in the last place."""
            shifted = builder.call(fma, [square, scale, all_lanes(_ROUNDER)])
            nearest = builder.fsub(shifted, all_lanes(_ROUNDER))
            rest = builder.call(fma, [square, scale, builder.fsub(all_lanes(-0.0), nearest)])
            # Neighbours in pairs, then pairs: a chain of 12 would keep the units waiting.
            terms = [all_lanes(coefficient) for coefficient in _POWER_OF_TWO]
            factor = rest
            for _ in range(2):
                terms = [
                    builder.call(fma, [factor, high, low])
                    for low, high in zip(terms[::2], terms[1::2], strict=True)
                ]
                factor = builder.fmul(factor, factor)
            power = terms.pop()
            while terms:
                power = builder.call(fma, [factor, power, terms.pop()])
            exponent = builder.shl(
                builder.bitcast(shifted, whole), ir.Constant(whole, [52] * LANES)
            )
            return builder.bitcast(builder.add(builder.bitcast(power, whole), exponent), wide)

        def sums_of_lanes(one, other):
            """Both sums as two lanes: neighbours, then halves."""
            even, odd = (
                [lane for k in range(start, LANES, 2) for lane in (k, k + LANES)]
                for start in (0, 1)
            )
            total = builder.fadd(chosen(one, other, even), chosen(one, other, odd))
            for width in (LANES // 2, LANES // 4):
                halves = range(width), range(width, 2 * width)
                total = builder.fadd(*[chosen(total, total, half) for half in halves])
            return [builder.extract_element(total, ir.Constant(int32, k)) for k in (0, 1)]

        *arrays, each, first, blocks, px, py = arguments
        data = [
            context.make_array(kind_of_array)(context, builder, array).data
            for kind_of_array, array in zip(signature.args, arrays, strict=False)
        ]
        px, py = all_lanes(px), all_lanes(py)
        sums = [cgutils.alloca_once_value(builder, all_lanes(0.0)) for _ in range(2)]
        with cgutils.for_range(builder, blocks) as loop:
            own = builder.add(first, builder.mul(loop.index, loop.index.type(LANES)))
            common = builder.mul(own, each)
            x, y, scale, pull = (
                builder.load(
                    builder.bitcast(builder.gep(place, [index]), wide.as_pointer()), align=8
                )
                for place, index in zip(data, (own, own, common, common), strict=True)
            )
            dx, dy = builder.fsub(px, x), builder.fsub(py, y)
            square = builder.call(fma, [dx, dx, builder.fmul(dy, dy)])
            t = builder.fmul(square, scale)
            if kind == GAUSSIAN:
                near = builder.fcmp_ordered(">=", t, all_lanes(_GAUSSIAN_END))
                shape = power_of_two(square, scale)
            else:
                near = builder.fcmp_ordered(">", t, all_lanes(-1.0))
                shape = builder.fadd(all_lanes(1.0), t) if energies else all_lanes(1.0)
            slope = builder.select(near, builder.fmul(pull, shape), all_lanes(0.0))
            if energies:
                # pull/scale = −2·depth, over log₂e for a Gaussian well.
                half = 0.5 * LOG2_E if kind == GAUSSIAN else 0.5
                terms = [(builder.fdiv(slope, scale), all_lanes(-half))]
            else:
                terms = [(slope, dx), (slope, dy)]
            for total, (one, other) in zip(sums, terms, strict=False):
                builder.store(builder.call(fma, [one, other, builder.load(total)]), total)
        pair = sums_of_lanes(*[builder.load(total) for total in sums])
        return context.make_tuple(builder, signature.return_type, pair)

    @intrinsic
    def evaluate(typing_context, x, y, scale, pull, each, first, blocks, px, py):
        real, index = types.float64, types.intp
        signature = types.UniTuple(real, 2)(x, y, scale, pull, index, index, index, real, real)
        return signature, generate

    return evaluate


_gaussian_force = _evaluator(GAUSSIAN, False)
_gaussian_energy = _evaluator(GAUSSIAN, True)
_parabolic_force = _evaluator(PARABOLIC, False)
_parabolic_energy = _evaluator(PARABOLIC, True)


def _prefetching(typing_context, array, index):
    """An intrinsic's parts: ask for the cache line of array[index], which need not exist."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place, int32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (place,), ir.FunctionType(ir.VoidType(), [place, int32, int32, int32])
        )
        address = builder.bitcast(builder.gep(data, [arguments[1]]), place)
        # To read, to be kept in all caches, data.
        builder.call(prefetch, [address, int32(0), int32(3), int32(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


_prefetch: Any = intrinsic(_prefetching)


@compiled()
def _place(positions, wells, x, y, start, blocks):
    """Positions of vortices, folded along periodic axes, and the runs of their cells."""
    period_x, period_y = wells.period_x, wells.period_y
    turns_x, turns_y = wells.turns_x, wells.turns_y
    left, bottom = wells.left, wells.bottom
    per_x, per_y = wells.columns_per_length, wells.rows_per_length
    last_column, last_row = wells.columns - 1.0, wells.rows - 1.0
    columns = wells.columns
    for k in range(len(positions)):
        px = positions[k, 0]
        py = positions[k, 1]
        px -= period_x * np.floor(px * turns_x)
        py -= period_y * np.floor(py * turns_y)
        u = (px - left) * per_x
        v = (py - bottom) * per_y
        # Clamped before it is made whole, as it may be anything; beyond the last cell nothing is felt.
        u = u if u > 0.0 else 0.0
        v = v if v > 0.0 else 0.0
        u = u if u < last_column else last_column
        v = v if v < last_row else last_row
        x[k] = px
        y[k] = py
        start[k] = np.int64(v) * columns + np.int64(u)
    runs = wells.runs
    for k in range(len(positions)):
        # Unsigned, for an index that may be negative costs a comparison.
        cell = np.uint64(start[k])
        start[k] = runs[cell, 0]
        blocks[k] = runs[cell, 1]
        _prefetch(wells.x, start[k])
        _prefetch(wells.y, start[k])
        if wells.each:
            _prefetch(wells.scale, start[k])
            _prefetch(wells.pull, start[k])


@compiled()
def add_well_forces(positions, first, last, wells, out):
    """Add the wells' forces in Ω₀ on vortices first … last − 1 to the same rows of `out`.

    Parameters
    ----------
    positions
        (N, 2) in λ, folded into the box or not.
    first, last
        The rows to do.
    wells
        `Wells` of the box.
    out
        (N, 2) in Ω₀.
    """
    a, b, c, d, each = wells.x, wells.y, wells.scale, wells.pull, wells.each
    gaussian = wells.kind == GAUSSIAN
    x, y = np.empty(_BATCH), np.empty(_BATCH)
    start, blocks = np.empty(_BATCH, np.int64), np.empty(_BATCH, np.int64)
    for begin in range(first, last, _BATCH):
        end = min(begin + _BATCH, last)
        here, forces = positions[begin:end], out[begin:end]
        _place(here, wells, x, y, start, blocks)
        for k in range(len(here)):
            if gaussian:
                fx, fy = _gaussian_force(a, b, c, d, each, start[k], blocks[k], x[k], y[k])
            else:
                fx, fy = _parabolic_force(a, b, c, d, each, start[k], blocks[k], x[k], y[k])
            forces[k, 0] -= fx
            forces[k, 1] -= fy


@compiled()
def well_energies(positions, first, last, wells, energies):
    """Add the wells' energies in ε₀ of vortices first … last − 1 to the same rows of `energies` (N,).

    Other parameters as in `add_well_forces`.
    """
    a, b, c, d, each = wells.x, wells.y, wells.scale, wells.pull, wells.each
    gaussian = wells.kind == GAUSSIAN
    x, y = np.empty(_BATCH), np.empty(_BATCH)
    start, blocks = np.empty(_BATCH, np.int64), np.empty(_BATCH, np.int64)
    for begin in range(first, last, _BATCH):
        end = min(begin + _BATCH, last)
        here, sums = positions[begin:end], energies[begin:end]
        _place(here, wells, x, y, start, blocks)
        for k in range(len(here)):
            if gaussian:
                well = _gaussian_energy(a, b, c, d, each, start[k], blocks[k], x[k], y[k])[0]
            else:
                well = _parabolic_energy(a, b, c, d, each, start[k], blocks[k], x[k], y[k])[0]
            sums[k] -= well
