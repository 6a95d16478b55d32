"""One display-truth case: an image, and what must be on screen when it is opened and nothing is touched."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset


@dataclass(frozen=True)
class Case:
    """``dataset`` (ready to save as Part 10), the 1-based ``frame``, and its ``expected`` 8-bit display values.

    ``expected`` is rows x columns, or rows x columns x 3 (RGB) for colour. ``note`` names the section of the standard.
    Cases of one multi-frame object share one ``dataset``.
    """

    name: str
    dataset: Dataset
    expected: npt.NDArray[np.uint8]
    note: str
    frame: int = 1
