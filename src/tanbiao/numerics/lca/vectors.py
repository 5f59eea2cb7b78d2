# mypy: ignore-errors
"""Vector code for the sampler: half a pack of normals or lognormals at once, written for LLVM through numba.

The compiler's own vectors are half as wide here and leave twice the instructions (docs/decisions/0003). Each step is
the step of the same name in `plain`, so the bits are the same.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .plain import COSINE, LOG, POWER, SINE
from .streams import LANES

HALF = LANES // 2
INTEGER, SINGLE = ir.IntType(32), ir.FloatType()
INTEGERS, SINGLES = ir.VectorType(INTEGER, HALF), ir.VectorType(SINGLE, HALF)


class _Code:
    """Vector arithmetic by name."""

    def __init__(self, builder):
        self.b = builder

    def i(self, value):
        value &= 0xFFFFFFFF
        return ir.Constant(INTEGERS, [value - (1 << 32) if value >> 31 else value] * HALF)

    def f(self, value):
        import numpy as np

        return ir.Constant(SINGLES, [float(np.float32(value))] * HALF)

    def all(self, value, kind):
        empty = ir.Constant(kind, ir.Undefined)
        one = self.b.insert_element(empty, value, ir.Constant(INTEGER, 0))
        return self.b.shuffle_vector(one, empty, ir.Constant(ir.VectorType(INTEGER, HALF), [0] * HALF))

    def call(self, name, *arguments):
        kind = ir.FunctionType(SINGLES, [SINGLES] * len(arguments))
        return self.b.call(
            cgutils.get_or_insert_function(self.b.module, kind, f"llvm.{name}.v{HALF}f32"), arguments
        )

    def fma(self, a, b, c):
        return self.call("fma", a, b, c)

    def polynomial(self, coefficients, x):
        p = self.f(coefficients[0])
        for c in coefficients[1:]:
            p = self.fma(p, x, self.f(c))
        return p

    def bits(self, x):
        return self.b.bitcast(x, INTEGERS)

    def single(self, x):
        return self.b.bitcast(x, SINGLES)

    def turned(self, x, by):
        return self.b.xor(x, self.b.lshr(x, self.i(by)))

    def hashes(self, lane, key, other):
        b = self.b
        x = b.mul(b.xor(lane, key), self.i(0x21F0AAAD))
        x = b.add(self.turned(x, 15), other)
        x = self.turned(b.mul(x, self.i(0x735A2D97)), 15)
        return x, self.turned(b.mul(x, self.i(0x85EBCA6B)), 16)

    def normals(self, x, y):
        b = self.b
        v = b.fadd(b.sitofp(b.lshr(x, self.i(8)), SINGLES), self.f(0.5))
        bits = self.bits(v)
        e = b.ashr(b.sub(bits, self.i(0x3F3504F3)), self.i(23))
        m = b.fsub(self.single(b.sub(bits, b.shl(e, self.i(23)))), self.f(1.0))
        z = b.fmul(m, m)
        tail = self.fma(b.fmul(z, m), self.polynomial(LOG, m), self.fma(self.f(-0.5), z, m))
        log = self.fma(b.sitofp(b.sub(e, self.i(24)), SINGLES), self.f(0.69314718), tail)
        square = b.fmul(self.f(-2.0), log)
        square = b.select(b.fcmp_ordered(">", square, self.f(0.0)), square, self.f(0.0))
        radius = self.call("sqrt", square)
        t = b.fmul(b.sitofp(b.ashr(y, self.i(1)), SINGLES), self.f(1.4629180792671596e-09))
        s = b.fmul(t, t)
        sine = self.fma(b.fmul(self.polynomial(SINE, s), s), t, t)
        cosine = self.single(b.xor(self.bits(self.polynomial(COSINE, s)), b.shl(y, self.i(31))))
        return radius, sine, cosine

    def power(self, y):
        b = self.b
        near = b.fsub(b.fadd(y, self.f(12582912.0)), self.f(12582912.0))
        p = self.polynomial(POWER, b.fsub(y, near))
        return self.single(b.add(self.bits(p), b.shl(b.fptosi(near, INTEGERS), self.i(23))))


def _rows(exponential):
    def made(typingctx, lane, key, other, sigma, row):
        def build(context, builder, signature, arguments):
            def data(k):
                return context.make_array(signature.args[k])(context, builder, arguments[k]).data

            c = _Code(builder)
            lanes = builder.load(builder.bitcast(data(0), INTEGERS.as_pointer()), align=4)
            x, y = c.hashes(lanes, c.all(arguments[1], INTEGERS), c.all(arguments[2], INTEGERS))
            radius, sine, cosine = c.normals(x, y)
            if exponential:
                radius = builder.fmul(radius, c.all(arguments[3], SINGLES))
            parts = [builder.fmul(radius, angle) for angle in (sine, cosine)]
            if exponential:
                parts = [c.power(p) for p in parts]
            kind = SINGLES
            if signature.args[4].dtype == types.float64:
                kind = ir.VectorType(ir.DoubleType(), HALF)
                parts = [builder.fpext(p, kind) for p in parts]
            for k, part in enumerate(parts):
                place = builder.gep(data(4), [ir.Constant(ir.IntType(64), k * HALF)])
                builder.store(part, builder.bitcast(place, kind.as_pointer()), align=4)
            return context.get_dummy_value()

        return types.void(lane, types.uint32, types.uint32, types.float32, row), build

    return made


lognormals = intrinsic(_rows(True))
"""lognormals(lane, key, other, sigma * log2(e), row): fill a row of LANES draws e^(sigma z)."""
normals = intrinsic(_rows(False))
"""normals(lane, key, other, 0, row): fill a row of LANES standard normals."""
