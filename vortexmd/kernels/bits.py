"""Bits of whole numbers, and atomic ones that threads share."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INT64 = ir.IntType(64)
# Of its type numba says more than mypy makes of it.
emitted: Any = intrinsic
# The instruction by which a waiting thread leaves the core to its twin.
_PAUSES = {"x86_64": "llvm.x86.sse2.pause", "AMD64": "llvm.x86.sse2.pause"}


@emitted
def lowest_bit(typingctx: Any, word: Any) -> Any:
    """Number of the lowest bit that is set in an int64 other than 0."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), codegen


@emitted
def highest_bit(typingctx: Any, word: Any) -> Any:
    """Number of the highest bit that is set in an int64 other than 0."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        above = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))
        return builder.sub(ir.Constant(INT64, 63), above)

    return types.int64(types.int64), codegen


@emitted
def multiply_add(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c of float64, rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(cgutils.create_struct_proxy(kind)(context, builder, array).data, [index])


@emitted
def add_atomically(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Add to an item of an int64 array; returns what it was before."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.atomic_rmw("add", place, arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), codegen


@emitted
def read_atomically(typingctx: Any, array: Any, index: Any) -> Any:
    """An item of an int64 array, as others have written it last."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array, types.int64), codegen


@emitted
def pause(typingctx: Any) -> Any:
    """Leave the core to its twin for a moment, where there is an instruction for that."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        name = _PAUSES.get(platform.machine())
        if name is not None:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.none(), codegen
