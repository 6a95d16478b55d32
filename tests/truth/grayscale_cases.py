"""Grayscale cases: bit masking, Modality LUT, VOI, Presentation LUT Shape, padding (PS3.3 C.7.6.3, C.11)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.truth import reference
from tests.truth.case import Case
from tests.truth.mosaic import base, mosaic, set_pixels, values

Stored = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RAMP_12 = values(0, 4095, 999, 1000, 1001, 1999, 2000, 2001, 2999, 3000, 3001)
SIGNED_12 = values(-2048, 2047, -161, -160, -159, -1, 0, 1, 39, 40, 41, 239, 240, 241)


def lut_sequence(first_mapped: int, bits: int, entries: npt.NDArray[np.generic], *, signed: bool = False) -> Sequence:
    """One item of a Modality or VOI LUT Sequence; 8-bit entries are packed in OW, PS3.3 C.11.1.1.1."""
    item = Dataset()
    vr = "SS" if signed else "US"
    item.add(DataElement(0x00283002, vr, [len(entries), first_mapped, bits]))
    item.add(DataElement(0x00283006, "OW", entries.astype("<u1" if bits == 8 else "<u2").tobytes()))
    return Sequence([item])


def _case(  # every case differs from the plainest one in one or two of these
    name: str,
    note: str,
    stored: Stored,
    display: Callable[[Floats], Floats],
    *,
    dtype: str = "<u2",
    bits_stored: int | None = 12,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    **attributes: Any,
) -> Case:
    """A native single-frame case; ``display`` maps stored values to 0.0-1.0."""
    dataset = base(name)
    set_pixels(dataset, mosaic(stored.astype(dtype)), bits_stored=bits_stored, signed=signed, photometric=photometric)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    image = mosaic(stored).astype(np.float64)
    return Case(name, dataset, reference.to_bytes(display(image)), note)


def _window_cases() -> list[Case]:
    window: dict[str, Any] = {"WindowCenter": "2000", "WindowWidth": "2000"}
    return [
        _case("no-voi", "C.11.2: nothing given, full range", values(100, 3000), reference.full_range),
        _case(
            "window", "C.11.2.1.2: LINEAR by default", RAMP_12, lambda v: reference.linear(v, 2000, 2000), **window
        ),
        *(
            _case(
                f"window-{function.lower().replace('_', '-')}", "C.11.2.1.2, C.11.2.1.3", RAMP_12,
                lambda v, f=transfer: f(v, 2000, 2000),  # type: ignore[misc]  # default binds the loop's value
                **window, VOILUTFunction=function,
            )
            for function, transfer in (
                ("LINEAR", reference.linear),
                ("LINEAR_EXACT", reference.linear_exact),
                ("SIGMOID", reference.sigmoid),
            )
        ),
        _case(
            "window-width-1", "C.11.2.1.2.1: width 1 is a threshold", RAMP_12,
            lambda v: reference.linear(v, 2001, 1), WindowCenter="2001", WindowWidth="1",
        ),
        _case(
            "window-narrow", "C.11.2.1.2.1: width 4, the half pixel matters", values(1980, 2020),
            lambda v: reference.linear(v, 2000, 4), WindowCenter="2000", WindowWidth="4",
        ),
        _case(
            "window-exact-narrow", "C.11.2.1.3.2: width 4", values(1980, 2020),
            lambda v: reference.linear_exact(v, 2000, 4), WindowCenter="2000", WindowWidth="4",
            VOILUTFunction="LINEAR_EXACT",
        ),
        _case(
            "window-fraction", "C.11.2.1.2: fractional center and width", values(0, 60),
            lambda v: reference.linear(v, 20.5, 30.25), WindowCenter="20.5", WindowWidth="30.25",
        ),
        _case(
            "windows-several", "C.11.2.1.2: the first of several windows is the default", RAMP_12,
            lambda v: reference.linear(v, 1000, 800), WindowCenter=["1000", "3000"], WindowWidth=["800", "200"],
            WindowCenterWidthExplanation=["FIRST", "SECOND"],
        ),
    ]  # fmt: skip


def _lut_cases() -> list[Case]:
    curve_8 = np.floor(255 * np.linspace(0, 1, 2048) ** 2)
    curve_16 = np.floor(65535 * np.linspace(0, 1, 3000) ** 0.5)
    curve_12 = np.floor(4095 * np.linspace(0, 1, 4096) ** 1.5)
    signed_curve = np.floor(65535 * np.linspace(1, 0, 400))
    modality = np.floor(np.linspace(0, 1, 3000) ** 2 * 5000)
    return [
        _case(
            "voi-lut-8", "C.11.2.1.1: 8-bit entries, first value mapped 1000", RAMP_12,
            lambda v: reference.look_up(v, 1000, curve_8) / 255, VOILUTSequence=lut_sequence(1000, 8, curve_8),
        ),
        _case(
            "voi-lut-16", "C.11.2.1.1: 16-bit entries, first value mapped 500", RAMP_12,
            lambda v: reference.look_up(v, 500, curve_16) / 65535, VOILUTSequence=lut_sequence(500, 16, curve_16),
        ),
        _case(
            "voi-lut-12", "C.11.2.1.1: 12-bit entries fill the range of 4095", RAMP_12,
            lambda v: reference.look_up(v, 0, curve_12) / 4095, VOILUTSequence=lut_sequence(0, 12, curve_12),
        ),
        _case(
            "voi-lut-signed", "C.11.2.1.1: signed first value mapped after a negative rescale", RAMP_12,
            lambda v: reference.look_up(v - 1024, -200, signed_curve) / 65535, RescaleIntercept="-1024",
            RescaleSlope="1", VOILUTSequence=lut_sequence(-200, 16, signed_curve, signed=True),
        ),
        _case(
            "modality-lut", "C.11.1.1: Modality LUT Sequence, then the window", RAMP_12,
            lambda v: reference.linear(reference.look_up(v, 400, modality), 2500, 4000),
            ModalityLUTSequence=lut_sequence(400, 16, modality), WindowCenter="2500", WindowWidth="4000",
        ),
        _case(
            "modality-lut-no-voi", "C.11.1.1: full range of the looked-up values", RAMP_12,
            lambda v: reference.full_range(reference.look_up(v, 400, modality)),
            ModalityLUTSequence=lut_sequence(400, 16, modality),
        ),
        _case(
            "modality-lut-signed", "C.11.1.1: signed stored values", SIGNED_12,
            lambda v: reference.linear(reference.look_up(v, -1000, modality), 2500, 4000), dtype="<i2", signed=True,
            ModalityLUTSequence=lut_sequence(-1000, 16, modality, signed=True), WindowCenter="2500",
            WindowWidth="4000",
        ),
    ]  # fmt: skip


def _rescale_cases() -> list[Case]:
    brain: dict[str, Any] = {"WindowCenter": "40", "WindowWidth": "400"}
    return [
        _case(
            "rescale-unsigned", "C.11.1.1.2: negative intercept, unsigned", values(0, 4095, 864, 1264),
            lambda v: reference.linear(v - 1024, 40, 400), RescaleIntercept="-1024", RescaleSlope="1",
            RescaleType="HU", **brain,
        ),
        _case(
            "rescale-signed", "C.11.1.1.2: signed, 16 bits", values(-2000, 3000, -160, 239, 240),
            lambda v: reference.linear(v, 40, 400), dtype="<i2", bits_stored=16, signed=True, RescaleIntercept="0",
            RescaleSlope="1", RescaleType="HU", **brain,
        ),
        _case(
            "rescale-slope", "C.11.1.1.2: fractional slope, no VOI", RAMP_12,
            lambda v: reference.full_range(v * 0.25 - 300.5), RescaleIntercept="-300.5", RescaleSlope="0.25",
        ),
        _case(
            "rescale-negative-slope", "C.11.1.1.2: negative slope", RAMP_12,
            lambda v: reference.linear(v * -1 + 4095, 2000, 2000), RescaleIntercept="4095", RescaleSlope="-1",
            WindowCenter="2000", WindowWidth="2000",
        ),
        _case(
            "rescale-small", "C.11.1.1.2: values far below 1", RAMP_12,
            lambda v: reference.linear_exact(v * 1e-4, 0.2, 0.2), RescaleIntercept="0", RescaleSlope="0.0001",
            WindowCenter="0.2", WindowWidth="0.2", VOILUTFunction="LINEAR_EXACT",
        ),
    ]  # fmt: skip


def _polarity_cases() -> list[Case]:
    window: dict[str, Any] = {"WindowCenter": "2000", "WindowWidth": "2000"}

    def inverted(v: Floats) -> Floats:
        return 1 - reference.linear(v, 2000, 2000)

    return [
        _case("monochrome1", "C.7.6.3.1.2: minimum is white", RAMP_12, inverted, photometric="MONOCHROME1", **window),
        _case(
            "monochrome1-no-voi", "C.7.6.3.1.2", values(100, 3000), lambda v: 1 - reference.full_range(v),
            photometric="MONOCHROME1",
        ),
        _case(
            "monochrome1-rescale", "C.7.6.3.1.2 with C.11.1.1.2", RAMP_12,
            lambda v: 1 - reference.linear(v * 2 - 1000, 1000, 3000), photometric="MONOCHROME1",
            RescaleIntercept="-1000", RescaleSlope="2", WindowCenter="1000", WindowWidth="3000",
        ),
        _case(
            "presentation-inverse", "C.11.6: Presentation LUT Shape INVERSE", RAMP_12, inverted,
            PresentationLUTShape="INVERSE", **window,
        ),
        _case(
            "presentation-identity", "C.11.6: Presentation LUT Shape IDENTITY", RAMP_12,
            lambda v: reference.linear(v, 2000, 2000), PresentationLUTShape="IDENTITY", **window,
        ),
        _case(
            "monochrome1-presentation-inverse", "C.8.11.3.1.2: the usual DX pair inverts once, not twice", RAMP_12,
            inverted, photometric="MONOCHROME1", PresentationLUTShape="INVERSE", **window,
        ),
        _case(
            "monochrome1-presentation-identity", "C.7.6.3.1.2: IDENTITY contradicts it (C.7.6.1)", RAMP_12,
            inverted, photometric="MONOCHROME1", PresentationLUTShape="IDENTITY", **window,
        ),
    ]  # fmt: skip


def _bit_cases() -> list[Case]:
    overlay_bits = (np.arange(128) % 16) << 12
    window: dict[str, Any] = {"WindowCenter": "2000", "WindowWidth": "2000"}
    unmasked = _case(
        "bits-above-high-bit", "C.7.6.3, PS3.5 8.1.1: overlay bits above High Bit are not pixels", RAMP_12,
        lambda v: reference.linear(v, 2000, 2000), **window,
    )  # fmt: skip
    set_pixels(unmasked.dataset, mosaic((RAMP_12 | overlay_bits).astype("<u2")), bits_stored=12)
    masked_signed = _case(
        "bits-signed-12-in-16", "PS3.5 8.1.1: sign bit is High Bit 11; bits above it do not matter", SIGNED_12,
        lambda v: reference.linear(v, 40, 400), WindowCenter="40", WindowWidth="400",
    )  # fmt: skip
    set_pixels(
        masked_signed.dataset, mosaic(((SIGNED_12 & 0xFFF) | overlay_bits).astype("<u2")), bits_stored=12, signed=True
    )
    shifted = _case(
        "bits-high-bit-15", "PS3.5 8.1.1: 12 bits stored in the upper bits (retired, seen in the field)", RAMP_12,
        lambda v: reference.linear(v, 2000, 2000), **window,
    )  # fmt: skip
    set_pixels(shifted.dataset, mosaic(((RAMP_12 << 4) | 5).astype("<u2")), bits_stored=12, high_bit=15)
    return [
        unmasked,
        masked_signed,
        shifted,
        _case(
            "bits-8", "C.7.6.3: 8-bit", values(0, 255), lambda v: reference.linear(v, 128, 256), dtype="u1",
            bits_stored=8, WindowCenter="128", WindowWidth="256",
        ),
        _case(
            "bits-8-signed", "C.7.6.3: 8-bit signed", values(-128, 127), reference.full_range, dtype="i1",
            bits_stored=8, signed=True,
        ),
        _case(
            "bits-16", "C.7.6.3: full 16 bits", values(0, 65535), lambda v: reference.linear(v, 32768, 65536),
            bits_stored=16, WindowCenter="32768", WindowWidth="65536",
        ),
    ]  # fmt: skip


def _padding_cases() -> list[Case]:
    padded = values(200, 3000, *[0] * 20)
    ranged = values(200, 3000, *range(0, 40, 2))
    top = values(200, 3000, *[4095] * 20)
    signed = values(-1000, 1500, *[-2000] * 20)
    return [
        _case(
            "padding", "C.7.5.1.1.2: padding is not part of the range, and black", padded,
            lambda v: np.where(v == 0, 0.0, reference.full_range(v, v != 0)), PixelPaddingValue=0,
        ),
        _case(
            "padding-range", "C.7.5.1.1.2: Pixel Padding Range Limit", ranged,
            lambda v: np.where(v <= 38, 0.0, reference.full_range(v, v > 38)), PixelPaddingValue=0,
            PixelPaddingRangeLimit=38,
        ),
        _case(
            "padding-monochrome1", "C.7.5.1.1.2: black in MONOCHROME1 too", top,
            lambda v: np.where(v == 4095, 0.0, 1 - reference.full_range(v, v != 4095)), photometric="MONOCHROME1",
            PixelPaddingValue=4095,
        ),
        _case(
            "padding-signed-window", "C.7.5.1.1.2: padding stays black whatever the polarity", signed,
            lambda v: np.where(v == -2000, 0.0, 1 - reference.linear(v, 40, 400)), dtype="<i2", bits_stored=16,
            signed=True, PixelPaddingValue=-2000, PresentationLUTShape="INVERSE", WindowCenter="40",
            WindowWidth="400",
        ),
    ]  # fmt: skip


def grayscale_cases() -> list[Case]:
    """All native single-frame grayscale cases."""
    return [
        *_window_cases(), *_lut_cases(), *_rescale_cases(), *_polarity_cases(), *_bit_cases(), *_padding_cases()
    ]  # fmt: skip
