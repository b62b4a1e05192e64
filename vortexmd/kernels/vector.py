"""Vector code for AVX-512: one vortex against runs of slots, 16 at a time in float32, or 8 in float64.

A *chunk* is as many consecutive slots as there are lanes, with a mask of those that count. The pair law is a
polynomial whose bin is read off the top bits of r² and whose coefficients lie in registers, permuted into
place by the bin: no gather, no square root, no division, so that any smooth law costs the same. Coordinates
are whole numbers whose differences wrap as the box does.

What numba's own loops cannot say is written here as LLVM code, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BOOL, INT32, INT64 = (ir.IntType(bits) for bits in (1, 32, 64))


class Lanes:
    """The vector types of one precision, and how the bins of its laws are read off a number's bits.

    Attributes
    ----------
    count
        Lanes of a vector, and slots of a chunk.
    inner, outer
        Bins are 2⁻ⁱⁿⁿᵉʳ of an octave of s wide below s = 1, 2⁻ᵒᵘᵗᵉʳ above (see `vortexmd.vector_tables`).
    degree
        Of the polynomials.
    """

    def __init__(self, bits: int, inner: int, outer: int, degree: int):
        single = bits == 32
        self.count, self.inner, self.outer, self.degree = 512 // bits, inner, outer, degree
        self.bits, self.bins = bits, 2 * self.count
        self.mantissa, self.bias = (23, 127) if single else (52, 1023)
        self.real = ir.FloatType() if single else ir.DoubleType()
        self.integer, self.mask = ir.IntType(bits), ir.IntType(self.count)
        self.reals = ir.VectorType(self.real, self.count)
        self.integers = ir.VectorType(self.integer, self.count)
        self.flags = ir.VectorType(BOOL, self.count)
        self.suffix = f"v{self.count}f{bits}"
        self.permute = f"llvm.x86.avx512.vpermi2var.{'ps' if single else 'pd'}.512"
        self.number = types.float32 if single else types.float64
        self.whole = types.int32 if single else types.int64

    @property
    def shift(self) -> int:
        """What brings the finer bins above s = 1 behind the coarser ones."""
        return self.bias * ((1 << self.outer) - (1 << self.inner))

    @property
    def row(self) -> int:
        """Numbers of a law's row: a vector of scalars, and two vectors a coefficient."""
        return self.count + self.bins * (self.degree + 1)


SINGLE = Lanes(32, inner=2, outer=4, degree=5)
DOUBLE = Lanes(64, inner=1, outer=4, degree=7)


class _Code:
    """Writes vector instructions of one precision."""

    def __init__(self, context: Any, builder: Any, lanes: Lanes):
        self.context, self.builder, self.lanes = context, builder, lanes

    def pointer(self, array_type: Any, array: Any) -> Any:
        """To the first item of an array."""
        return cgutils.create_struct_proxy(array_type)(self.context, self.builder, array).data

    def at(self, pointer: Any, index: Any, kind: Any) -> Any:
        """To an item as such a kind."""
        return self.builder.bitcast(self.builder.gep(pointer, [index]), kind.as_pointer())

    def wide(self, pointer: Any, index: Any, kind: Any, *, fixed: bool = False) -> Any:
        """A vector from anywhere in an array; `fixed`: nobody writes there, the register can be kept."""
        loaded = self.builder.load(self.at(pointer, index, kind), align=self.lanes.bits // 8)
        if fixed:
            loaded.set_metadata("invariant.load", self.builder.module.add_metadata([]))
        return loaded

    def all(self, value: Any, kind: Any) -> Any:
        """One value in all lanes."""
        if not isinstance(value, ir.Value):
            return ir.Constant(kind, [value] * kind.count)
        one = self.builder.insert_element(
            ir.Constant(kind, ir.Undefined), value, ir.Constant(INT32, 0)
        )
        zeros = ir.Constant(ir.VectorType(INT32, kind.count), [0] * kind.count)
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)

    def call(self, name: str, result: Any, *arguments: Any, **options: Any) -> Any:
        """An LLVM intrinsic."""
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments, **options)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a·b + c."""
        return self.call(f"llvm.fma.{self.lanes.suffix}", self.lanes.reals, a, b, c)

    def sum(self, vector: Any) -> Any:
        """Of all lanes, by halves."""
        zero = ir.Constant(self.lanes.real, -0.0)
        name = f"llvm.vector.reduce.fadd.{self.lanes.suffix}"
        return self.call(name, self.lanes.real, zero, vector, fastmath=("reassoc",))

    def difference(self, place: Any, pointer: Any, j: Any, scale: Any) -> Any:
        """Scaled separations along an axis from one place to a chunk's slots."""
        lanes = self.lanes
        whole = self.builder.sub(place, self.wide(pointer, j, lanes.integers))
        return self.builder.fmul(self.builder.sitofp(whole, lanes.reals), scale)

    def squared(self, a: Any, b: Any, more: Any) -> Any:
        """a² + b² and something more."""
        return self.fma(a, a, self.fma(b, b, more))

    def polynomial(self, s: Any, coefficients: list[tuple[Any, Any]]) -> Any:
        """The law at s, of the bins that its bits tell."""
        builder, lanes = self.builder, self.lanes
        bits = builder.bitcast(s, lanes.integers)
        coarse = builder.lshr(bits, self.all(lanes.mantissa - lanes.inner, lanes.integers))
        fine = builder.lshr(bits, self.all(lanes.mantissa - lanes.outer, lanes.integers))
        fine = builder.sub(fine, self.all(lanes.shift, lanes.integers))
        name = f"llvm.smax.v{lanes.count}i{lanes.bits}"
        bins = self.call(name, lanes.integers, coarse, fine)
        # The place within the coarse bin, counted from its middle.
        within = builder.and_(
            bits, self.all((1 << (lanes.mantissa - lanes.inner)) - 1, lanes.integers)
        )
        within = builder.or_(within, self.all(lanes.bias << lanes.mantissa, lanes.integers))
        middle = self.all(1 + 2.0 ** -(lanes.inner + 1), lanes.reals)
        t = builder.fsub(builder.bitcast(within, lanes.reals), middle)
        value = None
        for low, high in reversed(coefficients):
            chosen = self.call(lanes.permute, lanes.reals, low, bins, high)
            value = chosen if value is None else self.fma(value, t, chosen)
        return value


def _chunk_forces(lanes: Lanes) -> Any:
    """The intrinsic that adds the forces between a vortex and the chunks of one law.

    ``(qa, qb, fa, fb, shift, chunk, mask, k, end, a, b, laws, law, scale_a, scale_b, close, count, i)``:
    vortex i with whole-number coordinates a, b against the chunks k … end − 1 of `chunk` (first slots) and
    `mask`, whose coordinates are in qa, qb. Forces on partners j are taken off fa[j + shift] and
    fb[j + shift]; the force on i is returned. Law: row `law` of `laws`. Chunks with partners that are nearer
    than the law's table reaches give no force for these; (i, first slot, their mask) is added to the rows of
    `close` instead, and to count[0], up to count[1].
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _Code(context, builder, lanes)
        kinds = signature.args
        (qa, qb, fa, fb, shift, chunk, mask, k_first, k_end, a, b) = arguments[:11]
        (laws, law, scale_a, scale_b, close, count, i) = arguments[11:]
        qa, qb, fa, fb = (
            code.pointer(kind, array)
            for kind, array in zip(kinds[:4], (qa, qb, fa, fb), strict=True)
        )
        chunk, mask = code.pointer(kinds[5], chunk), code.pointer(kinds[6], mask)
        close, count = code.pointer(kinds[15], close), code.pointer(kinds[16], count)
        laws = code.pointer(kinds[11], laws)
        row = builder.mul(law, ir.Constant(INT64, lanes.row))

        def scalar(n: int) -> Any:
            value = builder.load(builder.gep(laws, [builder.add(row, ir.Constant(INT64, n))]))
            value.set_metadata("invariant.load", builder.module.add_metadata([]))
            return value

        def vector(n: int) -> Any:
            start = builder.add(row, ir.Constant(INT64, n * lanes.count))
            return code.wide(laws, start, lanes.reals, fixed=True)

        per_unit = scalar(0)
        cut, near, origin = (code.all(scalar(n), lanes.reals) for n in (1, 2, 3))
        step_a = code.all(builder.fmul(scale_a, per_unit), lanes.reals)
        step_b = code.all(builder.fmul(scale_b, per_unit), lanes.reals)
        coefficients = [(vector(2 * n + 1), vector(2 * n + 2)) for n in range(lanes.degree + 1)]
        place_a, place_b = code.all(a, lanes.integers), code.all(b, lanes.integers)
        zero = code.all(0.0, lanes.reals)

        entry = builder.block
        blocks = [
            builder.append_basic_block(name) for name in ("next", "pairs", "close", "on", "end")
        ]
        following, pairs, found, on, end = blocks
        builder.branch(following)
        builder.position_at_end(following)
        k = builder.phi(INT64)
        sum_a, sum_b = builder.phi(lanes.reals), builder.phi(lanes.reals)
        for phi, value in ((k, k_first), (sum_a, zero), (sum_b, zero)):
            phi.add_incoming(value, entry)
        builder.cbranch(builder.icmp_signed("<", k, k_end), pairs, end)

        builder.position_at_end(pairs)
        j = builder.sext(builder.load(builder.gep(chunk, [k])), INT64)
        counted = builder.bitcast(builder.load(builder.gep(mask, [k])), lanes.flags)
        da = code.difference(place_a, qa, j, step_a)
        db = code.difference(place_b, qb, j, step_b)
        s = code.squared(da, db, origin)
        too_near = builder.and_(counted, builder.fcmp_ordered("<", s, near))
        acts = builder.and_(counted, builder.fcmp_ordered("<", s, cut))
        acts = builder.and_(acts, builder.fcmp_ordered(">=", s, near))
        pull = builder.select(acts, code.polynomial(s, coefficients), zero)
        new_a, new_b = code.fma(pull, da, sum_a), code.fma(pull, db, sum_b)
        push = builder.fneg(pull)
        other = builder.add(j, shift)
        for forces, d in ((fa, da), (fb, db)):
            total = code.fma(push, d, code.wide(forces, other, lanes.reals))
            builder.store(total, code.at(forces, other, lanes.reals), align=lanes.bits // 8)
        who = builder.bitcast(too_near, lanes.mask)
        builder.cbranch(builder.icmp_unsigned("!=", who, ir.Constant(lanes.mask, 0)), found, on)

        builder.position_at_end(found)
        so_far = builder.load(count)
        line = builder.mul(so_far, ir.Constant(INT64, 3))
        for n, value in enumerate((i, j, builder.zext(who, INT64))):
            place = builder.gep(close, [builder.add(line, ir.Constant(INT64, n))])
            builder.store(builder.trunc(value, INT32), place)
        room = builder.load(builder.gep(count, [ir.Constant(INT64, 1)]))
        # Where there is no room the last line is written over, and the count stays at what there is.
        more = builder.zext(builder.icmp_signed("<", so_far, room), INT64)
        builder.store(builder.add(so_far, more), count)
        builder.branch(on)

        builder.position_at_end(on)
        k.add_incoming(builder.add(k, ir.Constant(INT64, 1)), on)
        sum_a.add_incoming(new_a, on)
        sum_b.add_incoming(new_b, on)
        builder.branch(following)

        builder.position_at_end(end)
        sums = [code.sum(sum_a), code.sum(sum_b)]
        return context.make_tuple(builder, signature.return_type, sums)

    def typed(
        context, qa, qb, fa, fb, shift, chunk, mask, k, end, a, b, laws, law, scale_a, scale_b,
        close, count, i,
    ):  # fmt: skip
        whole, number = lanes.whole, lanes.number
        signature = types.UniTuple(number, 2)(
            qa, qb, fa, fb, types.int64, chunk, mask, types.int64, types.int64, whole, whole,
            laws, types.int64, number, number, close, count, types.int64,
        )  # fmt: skip
        return signature, codegen

    return intrinsic(typed)


def _near_bits(lanes: Lanes) -> Any:
    """The intrinsic ``(qa, qb, j, a, b, scale_a, scale_b, limit)``: which slots of a chunk are near a place.

    Bits of int64: whose squared distance (whole-number coordinates times scales) is below the limit.
    """

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _Code(context, builder, lanes)
        qa, qb, j, a, b, scale_a, scale_b, limit = arguments
        qa, qb = (code.pointer(signature.args[n], array) for n, array in enumerate((qa, qb)))
        place_a, place_b = code.all(a, lanes.integers), code.all(b, lanes.integers)
        da = code.difference(place_a, qa, j, code.all(scale_a, lanes.reals))
        db = code.difference(place_b, qb, j, code.all(scale_b, lanes.reals))
        squared = code.squared(da, db, code.all(0.0, lanes.reals))
        near = builder.fcmp_ordered("<", squared, code.all(limit, lanes.reals))
        return builder.zext(builder.bitcast(near, lanes.mask), INT64)

    def typed(context, qa, qb, j, a, b, scale_a, scale_b, limit):
        whole, number = lanes.whole, lanes.number
        signature = types.int64(qa, qb, types.int64, whole, whole, number, number, number)
        return signature, codegen

    return intrinsic(typed)


chunk_forces_single: Callable[..., Any] = _chunk_forces(SINGLE)
chunk_forces_double: Callable[..., Any] = _chunk_forces(DOUBLE)
near_bits_single: Callable[..., Any] = _near_bits(SINGLE)
near_bits_double: Callable[..., Any] = _near_bits(DOUBLE)
