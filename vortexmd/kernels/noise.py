"""Thermal noise: Philox4x32-10 and Box–Muller, as loops that run in vector lanes.

Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011). A number is a
function of (seed, stream, step, id) alone, so that neither threads nor restarts can change it.

Logarithm, sine and cosine are written out, as calls into the C library keep a loop scalar: argument
reduction and minimax polynomials of fdlibm (e_log.c, k_sin.c, k_cos.c; Sun Microsystems 1993). Nothing but
IEEE additions, products, quotients and roots, none of them contracted or reordered: the bits are the same in
a vector lane, in the rows that are left over, and on every processor.
"""

from __future__ import annotations

import numpy as np

from vortexmd.kernels import compiled

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)

# ln 2 in two parts: the upper one times an exponent is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# Bits of a float64: 1, √½ (its upper word), the mantissa.
_ONE = np.int64(0x3FF0000000000000)
_ROOT_HALF = np.int64(0x3FE6A09E00000000)
_MANTISSA = np.int64(0x000FFFFFFFFFFFFF)

# In units of 2⁻⁵³ turns: the power of two that is a quarter turn, and an eighth.
_QUARTER = np.int64(51)
_EIGHTH = np.int64(1 << 50)

# Rows at a time.
_BLOCK = 256


@compiled(forceinline=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox on counter (c0, c1, c2, c3) and key (k0, k1): four uint32."""
    # 32-bit words in 64-bit lanes, where vector units multiply them to 64 bits.
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    key0, key1 = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * x0
        p1 = np.uint64(0xCD9E8D57) * x2
        x0, x1, x2, x3 = (
            (p1 >> _32) ^ x1 ^ key0,
            p1 & _LOW,
            (p0 >> _32) ^ x3 ^ key1,
            p0 & _LOW,
        )
        key0 = (key0 + np.uint64(0x9E3779B9)) & _LOW
        key1 = (key1 + np.uint64(0xBB67AE85)) & _LOW
    return np.uint32(x0), np.uint32(x1), np.uint32(x2), np.uint32(x3)


@compiled(forceinline=True)
def word_pairs(w0, w1, w2, w3):
    """Two integers of 53 bits, as int64, from four words."""
    a = (np.uint64(w0) << np.uint64(21)) ^ (np.uint64(w1) >> np.uint64(11))
    b = (np.uint64(w2) << np.uint64(21)) ^ (np.uint64(w3) >> np.uint64(11))
    return np.int64(a), np.int64(b)


@compiled(forceinline=True)
def bits_of(x):
    """The bits of a float64, as an int64."""
    return np.float64(x).view(np.int64)


@compiled(forceinline=True)
def float_of(bits):
    """The float64 of these bits (int64)."""
    return np.int64(bits).view(np.float64)


@compiled(forceinline=True)
def logarithm(x):
    """ln x of a normal, positive float64, to within an ulp."""
    # x = 2ᵏ(1 + f) with √½ ≤ 1 + f < √2; exact, and k = 0 next to 1.
    bits = bits_of(x) + (_ONE - _ROOT_HALF)
    k = np.float64((bits >> np.int64(52)) - np.int64(1023))
    f = float_of((bits & _MANTISSA) + _ROOT_HALF) - 1.0
    # ln(1 + f) = 2 artanh s.
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (
        3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    odd = z * (
        6.666666666666735130e-01
        + w
        * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + (even + odd)) + k * _LN2_LOW)) - f)


@compiled(forceinline=True)
def turn(b):
    """Cosine and sine of 2πb·2⁻⁵³, b an int64 in 0 … 2⁵³ − 1, to within two ulp."""
    # The nearest quarter turn is taken off exactly; |rest| ≤ an eighth.
    quarter = (b + _EIGHTH) >> _QUARTER
    x = (2.0 * np.pi) * (np.float64(b - (quarter << _QUARTER)) * 2.0**-53)
    z = x * x
    sine = x + x * z * (
        -1.66666666666666324348e-01
        + z
        * (
            8.33333333332248946124e-03
            + z
            * (
                -1.98412698298579493134e-04
                + z
                * (
                    2.75573137070700676789e-06
                    + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
                )
            )
        )
    )
    tail = (
        z
        * z
        * (
            4.16666666666666019037e-02
            + z
            * (
                -1.38888888888741095749e-03
                + z
                * (
                    2.48015872894767294178e-05
                    + z
                    * (
                        -2.75573143513906633035e-07
                        + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)
                    )
                )
            )
        )
    )
    half = 0.5 * z
    most = 1.0 - half
    cosine = most + (((1.0 - most) - half) + tail)
    odd = (quarter & np.int64(1)) != 0
    c = sine if odd else cosine
    s = cosine if odd else sine
    # Signs by their bit: quarters 1 and 2 turn the cosine, 2 and 3 the sine.
    c_sign = ((quarter + np.int64(1)) & np.int64(2)) << np.int64(62)
    s_sign = (quarter & np.int64(2)) << np.int64(62)
    return float_of(bits_of(c) ^ c_sign), float_of(bits_of(s) ^ s_sign)


@compiled()
def normal_pairs(seed, step, stream, ids, first, last, out):
    """Two independent standard normal numbers for each of the vortices in slots first … last − 1.

    Box–Muller on the four words of counter (id low, step low, step high, stream and id high). A row depends
    on its id alone, not on where the rows are cut.

    Parameters
    ----------
    seed, step
        uint64.
    stream
        uint32, below 256.
    ids
        (N,) int64, below 2⁵⁶.
    first, last
        Slots.
    out
        (N, 2), rows first … last − 1 overwritten.
    """
    step_low, step_high = step & _LOW, step >> _32
    seed_low, seed_high = seed & _LOW, seed >> _32
    pairs = out.reshape(-1)
    # Two loops over rows that stay in the first cache: shorter chains, of which a processor runs several.
    for start in range(first, last, _BLOCK):
        names = ids[start : min(start + _BLOCK, last)]
        flat = pairs[2 * start : 2 * start + 2 * names.shape[0]]
        for i in range(names.shape[0]):
            name = np.uint64(names[i])
            # Streams are few: ids beyond 32 bits use the rest of their word.
            high = (np.uint64(stream) | ((name >> _32) << np.uint64(8))) & _LOW
            w0, w1, w2, w3 = philox4x32(name & _LOW, step_low, step_high, high, seed_low, seed_high)
            a, b = word_pairs(w0, w1, w2, w3)
            # Where the result will be, they wait as bits.
            flat[2 * i] = float_of(a)
            flat[2 * i + 1] = float_of(b)
        for i in range(names.shape[0]):
            # In (0, 1], so that its logarithm is finite.
            u = (np.float64(bits_of(flat[2 * i])) + 1.0) * 2.0**-53
            cosine, sine = turn(bits_of(flat[2 * i + 1]))
            radius = np.sqrt(-2.0 * logarithm(u))
            flat[2 * i] = radius * cosine
            flat[2 * i + 1] = radius * sine


@compiled()
def uniform_blocks(seed, step, stream, first, out):
    """Row k: the eight words of counters (2(first + k), …) and (2(first + k) + 1, …), two a number."""
    for k in range(out.shape[0]):
        for half in range(2):
            counter = np.uint64(2) * (first + np.uint64(k)) + np.uint64(half)
            w0, w1, w2, w3 = philox4x32(
                counter & _LOW,
                step & _LOW,
                step >> _32,
                stream,
                seed & _LOW,
                seed >> _32,
            )
            a, b = word_pairs(w0, w1, w2, w3)
            out[k, 2 * half] = (np.float64(a) + 1.0) * 2.0**-53
            out[k, 2 * half + 1] = (np.float64(b) + 1.0) * 2.0**-53
