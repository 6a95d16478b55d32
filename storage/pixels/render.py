"""One frame as a picture to look at (PS3.18 §8.3.5, §10.4.1.1.3): pipeline, viewport, annotation, encoding."""

import io
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from storage.errors import NotAcceptable, PixelError
from storage.pixels.annotation import Annotation, burn
from storage.pixels.colour import to_rgb
from storage.pixels.colour_profile import IccProfile, with_profile
from storage.pixels.decode import comes_out_rgb, decode_frame
from storage.pixels.element import numbers_of
from storage.pixels.functional_groups import functional_group_item
from storage.pixels.grayscale import GrayscalePipeline, VoiFunction, Window, stored_values
from storage.pixels.image import MAXIMUM_SAMPLES, ImageFormat, PixelArray
from storage.pixels.overlay import painted
from storage.pixels.palette import Palette
from storage.pixels.shutter import Shutter
from storage.pixels.viewport import Viewport, shown

MediaType = Literal["image/jpeg", "image/png"]
_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
_MAXIMUM_ASPECT: Final = 16.0
"""Pixels longer than this are a wrong header, not a shape."""


@dataclass(frozen=True)
class RenderOptions:
    """What a client may ask of a rendered frame.

    ``window``: center, width (modality units) and VOI LUT Function instead of the header's; ignored for colour.
    ``quality``: of JPEG. ``annotations``: texts burnt in. ``icc_profile``: of colour pictures.
    """

    window: tuple[float, float, VoiFunction] | None = None
    viewport: Viewport | None = None
    quality: int = 90
    format: MediaType = "image/jpeg"
    annotations: frozenset[Annotation] = frozenset()
    icc_profile: IccProfile = "no"


def render(
    array: PixelArray,
    dataset: Dataset,
    frame: int,
    options: RenderOptions,
    fmt: ImageFormat | None = None,
    own_profile: bytes | None = None,
) -> bytes:
    """Encode a decoded frame as it is to be looked at.

    ``frame`` is 1-based. ``fmt`` is the format that ``array`` was decoded with; None: native, as ``dataset`` says.
    ``own_profile``: the image's ICC profile.
    Raises PixelError when a table of the header is damaged, NotAcceptable for another media type or a bad option.
    """
    fmt = fmt or ImageFormat.of(dataset, _EXPLICIT_VR_LITTLE_ENDIAN)
    return _encode(picture(array, dataset, frame, options, fmt), options, own_profile)


def picture(array: PixelArray, dataset: Dataset, frame: int, options: RenderOptions, fmt: ImageFormat) -> Image.Image:
    """A decoded frame as :func:`render` encodes it: grey (L) or RGB, cut, scaled and annotated. Raises as that does."""
    pixels = display(array, dataset, frame, fmt, options.window)
    aspect = _aspect(dataset, frame)
    stored = array if fmt.samples_per_pixel == 1 else None
    shutter = Shutter.of(dataset, frame, (fmt.rows, fmt.columns), aspect, stored)
    if shutter is not None:
        pixels = shutter.shut(pixels)
    pixels = painted(pixels, dataset, frame, stored)
    image = shown(Image.fromarray(pixels), aspect, options.viewport)
    return burn(image, dataset, options.annotations) if options.annotations else image


def render_frame(  # what has to be known of one stored frame
    encoded: bytes,
    dataset: Dataset,
    fmt: ImageFormat,
    frame: int,
    options: RenderOptions,
    *,
    bit_offset: int = 0,
    maximum_samples: int = MAXIMUM_SAMPLES,
    own_profile: bytes | None = None,
) -> bytes:
    """Decode and render one stored frame; raises as ``decode_frame`` and ``render`` do."""
    array = decode_frame(encoded, fmt, bit_offset=bit_offset, maximum_samples=maximum_samples)
    return render(array, dataset, frame, options, fmt, own_profile)


def display(
    array: PixelArray,
    dataset: Dataset,
    frame: int,
    fmt: ImageFormat,
    window: tuple[float, float, VoiFunction] | None = None,
) -> PixelArray:
    """8-bit display values at the stored size: rows x columns, or rows x columns x 3 (RGB)."""
    if array.shape != fmt.shape:
        raise PixelError("the frame's samples do not have the size of its header")
    if fmt.samples_per_pixel == 3:
        return to_rgb(array, "RGB" if comes_out_rgb(fmt) else fmt.photometric_interpretation, fmt.bits_stored)
    if fmt.photometric_interpretation == "PALETTE COLOR":
        return _palette_colour(array, dataset, fmt)
    pipeline = GrayscalePipeline.of(dataset, frame, fmt)
    if window is not None:
        pipeline = pipeline.with_window(Window(*window))
    return pipeline.display(array, fmt)


def _palette_colour(array: PixelArray, dataset: Dataset, fmt: ImageFormat) -> PixelArray:
    if fmt.is_float or fmt.bits_stored > 16:
        raise PixelError("a palette needs stored values of at most 16 bits")
    stored = stored_values(array, fmt)
    lowest = -(1 << (fmt.bits_stored - 1)) if fmt.pixel_representation else 0
    table = Palette.of(dataset).table(np.arange(lowest, lowest + (1 << fmt.bits_stored)))
    return table[stored.astype(np.int32) - lowest]


def pixel_aspect(dataset: Dataset, frame: int) -> float:
    """Height of a pixel divided by its width; 1.0 when unknown or absurd (PS3.3 10.7.1.3, C.7.6.3.1.7)."""
    measures = functional_group_item(dataset, frame, "PixelMeasuresSequence")
    for source, keyword in (
        (measures, "PixelSpacing"),
        (dataset, "PixelSpacing"),
        (dataset, "ImagerPixelSpacing"),
        (dataset, "NominalScannedPixelSpacing"),
        (dataset, "PixelAspectRatio"),
    ):
        pair = numbers_of(source, keyword) if source is not None else []
        if len(pair) == 2 and min(pair) > 0 and 1 / _MAXIMUM_ASPECT <= pair[0] / pair[1] <= _MAXIMUM_ASPECT:
            return pair[0] / pair[1]
    return 1.0


def _aspect(dataset: Dataset, frame: int) -> float:
    aspect = pixel_aspect(dataset, frame)
    return 1.0 if abs(aspect - 1) < 0.001 else aspect


def _encode(image: Image.Image, options: RenderOptions, own_profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    image, profile = with_profile(image, options.icc_profile, own_profile)
    if options.format == "image/png":
        image.save(buffer, "PNG", compress_level=1, icc_profile=profile)
    elif options.format == "image/jpeg":
        if not 1 <= options.quality <= 100:
            raise NotAcceptable("the quality must be 1 to 100")
        extra: dict[str, Any] = {"subsampling": 0} if image.mode == "RGB" and options.quality >= 90 else {}
        image.save(buffer, "JPEG", quality=options.quality, icc_profile=profile, **extra)
    else:
        raise NotAcceptable(f"images are rendered as image/jpeg or image/png, not {options.format}")
    return buffer.getvalue()
