"""The display-truth cases shared by the server's ``rendered`` tests and the viewer's browser suite.

``cases()`` answers all of them. Each is a mosaic of 16 x 8 flat blocks of 32 x 32 pixels (512 columns x 256 rows), so a
screenshot can be sampled in block middles (:func:`block_middles`) at any zoom; the tolerance is ±1 of 255. Every data
set is a series of its own (Series Description = the data set's name) in one study, ``mosaic.STUDY_INSTANCE_UID``; UIDs
are the same in every run. Save one with ``case.dataset.save_as(path, enforce_file_format=True)``; cases of one
multi-frame object share a data set and differ in ``frame``. Pixel values sit on the default display: header's first
window or LUT, otherwise the full range (see :func:`tests.truth.reference.full_range`); padding is black.
"""

import functools

import numpy as np
import numpy.typing as npt

from tests.truth.case import Case
from tests.truth.colour_cases import colour_cases
from tests.truth.compressed_cases import compressed_cases
from tests.truth.grayscale_cases import grayscale_cases
from tests.truth.mosaic import BLOCK
from tests.truth.multiframe_cases import multiframe_cases
from tests.truth.shutter_cases import shutter_cases

__all__ = ["Case", "block_middles", "cases"]


@functools.cache
def _all() -> tuple[Case, ...]:
    return (*grayscale_cases(), *colour_cases(), *multiframe_cases(), *compressed_cases(), *shutter_cases())


def cases() -> list[Case]:
    """Every case, in a fixed order; names are unique."""
    return list(_all())


def block_middles(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The middle pixel of each block: 8 x 16 (x 3)."""
    return image[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK]
