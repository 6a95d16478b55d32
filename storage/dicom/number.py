"""A number as the one text that stands for it, however it was written: 1.50, +1.5, 15e-1 (PS3.5 §6.2, DS and IS)."""

import math


def canonical(value: object) -> str:
    """The text of a number; what is none stays as it is."""
    try:
        number = float(str(value))
    except ValueError:
        return str(value)
    if not math.isfinite(number):
        return str(number)
    if isinstance(value, int):
        return str(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
