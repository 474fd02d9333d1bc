# SPDX-License-Identifier: Apache-2.0
"""Kubernetes' quantities a second time, in fractions (apimachinery/pkg/api/resource)."""

import math
import re
from fractions import Fraction

from document import Number

BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
SPELLING = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))")


def _parts(value):
    """(value, format): the format is "binary", "decimal" or "exponent"."""
    text = value.digits if isinstance(value, Number) else str(value)
    found = SPELLING.fullmatch(text)
    if not found:
        raise ValueError(f"no quantity: {text}")
    sign, digits, binary, suffix, exponent = found.groups()
    number = Fraction(digits if not digits.startswith(".") else "0" + digits)
    if binary:
        number *= Fraction(1024) ** BINARY[binary]
    elif exponent is not None:
        number *= Fraction(10) ** int(exponent)
    else:
        number *= Fraction(10) ** DECIMAL[suffix]
    kind = "binary" if binary else "exponent" if exponent is not None else "decimal"
    return (-number if sign == "-" else number), kind


def _round_up(number, steps):
    """Away from zero, to a multiple of 1/steps."""
    rounded = Fraction(math.ceil(abs(number) * steps), steps)
    return -rounded if number < 0 else rounded


def parse(value):
    """The value, rounded as parsing does: up to nano-units."""
    return _round_up(_parts(value)[0], 10**9)


def milli(value):
    """The value as defaulting leaves it in a ResourceList: rounded up to thousandths."""
    return _round_up(parse(value), 1000)


def _write(number, kind):
    sign, number = ("-" if number < 0 else ""), abs(number)
    if kind == "binary" and number >= 1024:
        whole, power = math.ceil(number), 0
        while whole % 1024 == 0 and power < 6:
            whole, power = whole // 1024, power + 1
        return sign + str(whole) + ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]
    if number == 0:
        return "0"
    mantissa, exponent = int(number * 10**9), -9
    while mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    while exponent % 3:
        mantissa, exponent = mantissa * 10, exponent - 1
    if kind == "exponent":
        return f"{sign}{mantissa}" + (f"e{exponent}" if exponent else "")
    while exponent > 18:
        mantissa, exponent = mantissa * 1000, exponent - 3
    return sign + str(mantissa) + next(s for s, e in DECIMAL.items() if e == exponent)


def canonical(value, rounds=False):
    """As the API server writes it; `rounds`: in a ResourceList, which defaulting rounds."""
    return _write(milli(value) if rounds else parse(value), _parts(value)[1])
