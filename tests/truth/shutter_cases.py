"""Display shutters: shapes, bitmaps, and the grey or colour that covers (PS3.3 C.7.6.11, C.7.6.15, C.10.7.1.1)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.truth import reference
from tests.truth.case import Case
from tests.truth.mosaic import BLOCK, BLOCK_COLUMNS, BLOCK_ROWS, COLUMNS, ROWS, base, mosaic, set_pixels, values

Mask = npt.NDArray[np.bool_]

# Colours of sRGB as CIELab under D50 (by the formulas of CIE 15 and the Bradford matrix), L* 0-100.
RED = (54.2917, 80.8125, 69.8851)
TEAL = (47.9855, -30.3910, -8.9806)


def encoded(lab: tuple[float, float, float]) -> list[int]:
    """L*, a*, b* in 16 bits (C.10.7.1.1)."""
    return [round(lab[0] / 100 * 65535), *(round((part + 128) / 255 * 65535) for part in lab[1:])]


def _case(name: str, note: str, covered: Mask, colour: tuple[int, ...], **attributes: Any) -> Case:
    """An 8-bit ramp of which blocks are covered: by a grey (one value) or a colour (three)."""
    dataset = base(name)
    stored = values(0, 255)
    set_pixels(dataset, mosaic(stored.astype("u1")), bits_stored=8)
    dataset.WindowCenter, dataset.WindowWidth = "128", "256"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    shown = reference.to_bytes(reference.linear(mosaic(stored).astype(np.float64), 128, 256))
    if len(colour) == 3:
        shown = np.repeat(shown[:, :, np.newaxis], 3, axis=2)
    shown[covered] = colour
    return Case(name, dataset, shown, note)


def _with_plane(case: Case, group: int, plane: Mask) -> Case:
    bits = np.packbits(plane, bitorder="little").tobytes()
    for element, vr, value in (
        (0x0010, "US", ROWS), (0x0011, "US", COLUMNS), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", bits),
    ):  # fmt: skip
        case.dataset.add_new((group, element), vr, value)
    return case


def shutter_cases() -> list[Case]:
    """A rectangle in colour; bitmaps of every third block in grey and in colour."""
    outside = np.ones((ROWS, COLUMNS), np.bool_)
    outside[BLOCK : ROWS - BLOCK, 2 * BLOCK : COLUMNS - BLOCK] = False
    rectangle = {
        "ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2 * BLOCK + 1,
        "ShutterRightVerticalEdge": COLUMNS - BLOCK, "ShutterUpperHorizontalEdge": BLOCK + 1,
        "ShutterLowerHorizontalEdge": ROWS - BLOCK,
    }  # fmt: skip
    third = (np.arange(BLOCK_ROWS * BLOCK_COLUMNS) % 3 == 1).reshape(BLOCK_ROWS, BLOCK_COLUMNS)
    plane = third.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    bitmap = {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6002, "ShutterPresentationValue": 0x8080}
    return [
        _case("shutter-rectangle", "C.7.6.11: a grey", outside, (4,), **rectangle, ShutterPresentationValue=0x0404),
        _case(
            "shutter-rectangle-colour", "C.7.6.11: the colour goes before the grey on a colour display", outside,
            (255, 0, 0), **rectangle, ShutterPresentationValue=0x4040,
            ShutterPresentationColorCIELabValue=encoded(RED),
        ),
        _with_plane(
            _case("shutter-bitmap", "C.7.6.15: 1 is covered, and is no overlay", plane, (128,), **bitmap), 0x6002, plane
        ),
        _with_plane(
            _case(
                "shutter-bitmap-colour", "C.7.6.15 with C.10.7.1.1", plane, (0, 128, 128), **bitmap,
                ShutterPresentationColorCIELabValue=encoded(TEAL),
            ), 0x6002, plane,
        ),
    ]  # fmt: skip
