"""Header values of senders that do not keep to their VR: an unreadable value is an absent one (PS3.5 6.2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset


def value_of(dataset: Dataset, keyword: str | int) -> Any:
    """The value of an element, None when it is absent, empty or cannot be parsed."""
    try:
        value = dataset.get(keyword)
    except (ValueError, TypeError, OverflowError, ArithmeticError, NotImplementedError):
        return None
    return None if isinstance(value, str | bytes) and not value else value


def numbers_of(dataset: Dataset, keyword: str) -> list[float]:
    """The finite numbers of an element, one or several; empty as soon as one of them is not a number."""
    value = value_of(dataset, keyword)
    if value is None:
        return []
    several = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
    try:
        found = [float(number) for number in several]
    except (TypeError, ValueError, OverflowError):
        return []
    return found if np.isfinite(found).all() else []


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """The first number of an element, None when there is none."""
    return next(iter(numbers_of(dataset, keyword)), None)
