"""One frame as a JPEG or PNG to look at (PS3.18 §8.3.5, §10.4.1.1.4): pipeline, pixel shape, viewport, encoding."""

import io
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from storage.errors import NotAcceptable, PixelError
from storage.pixels.colour import to_rgb
from storage.pixels.decode import comes_out_rgb, decode_frame
from storage.pixels.element import numbers_of
from storage.pixels.functional_groups import functional_group_item
from storage.pixels.grayscale import GrayscalePipeline, VoiFunction, Window, stored_values
from storage.pixels.image import MAXIMUM_SAMPLES, ImageFormat, PixelArray
from storage.pixels.palette import Palette

MediaType = Literal["image/jpeg", "image/png"]
_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
_MAXIMUM_ASPECT: Final = 16.0
"""Pixels longer than this are a wrong header, not a shape."""


@dataclass(frozen=True)
class RenderOptions:
    """What a client may ask of a rendered frame.

    ``window``: center, width (modality units) and VOI LUT Function instead of the header's; ignored for colour.
    ``viewport``: width and height in pixels that the image has to fit in; it is never enlarged. ``quality``: of JPEG.
    """

    window: tuple[float, float, VoiFunction] | None = None
    viewport: tuple[int, int] | None = None
    quality: int = 90
    format: MediaType = "image/jpeg"


def render(
    array: PixelArray, dataset: Dataset, frame: int, options: RenderOptions, fmt: ImageFormat | None = None
) -> bytes:
    """Encode a decoded frame as it is to be looked at.

    ``frame`` is 1-based. ``fmt`` is the format that ``array`` was decoded with; None: native, as ``dataset`` says.
    Without a viewport the image keeps its size, except that non-square pixels are made square along their longer side.
    Raises PixelError when a table of the header is damaged, NotAcceptable for another media type or a bad option.
    """
    fmt = fmt or ImageFormat.of(dataset, _EXPLICIT_VR_LITTLE_ENDIAN)
    return _encode(_resize(display(array, dataset, frame, fmt, options.window), dataset, frame, options), options)


def render_frame(  # what has to be known of one stored frame
    encoded: bytes,
    dataset: Dataset,
    fmt: ImageFormat,
    frame: int,
    options: RenderOptions,
    *,
    bit_offset: int = 0,
    maximum_samples: int = MAXIMUM_SAMPLES,
) -> bytes:
    """Decode and render one stored frame; raises as ``decode_frame`` and ``render`` do."""
    array = decode_frame(encoded, fmt, bit_offset=bit_offset, maximum_samples=maximum_samples)
    return render(array, dataset, frame, options, fmt)


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


def _resize(pixels: PixelArray, dataset: Dataset, frame: int, options: RenderOptions) -> Image.Image:
    image = Image.fromarray(pixels)
    aspect = pixel_aspect(dataset, frame)
    if abs(aspect - 1) < 0.001:
        aspect = 1.0
    width, height = image.width * max(1.0, 1 / aspect), image.height * max(1.0, aspect)
    scale = 1.0
    if options.viewport is not None:
        if min(options.viewport) < 1:
            raise NotAcceptable("the viewport must be at least 1 x 1")
        scale = min(1.0, options.viewport[0] / width, options.viewport[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == image.size:
        return image
    if size[0] * size[1] > MAXIMUM_SAMPLES // 8:
        raise NotAcceptable("the image with square pixels is too large to render; ask for a viewport")
    shrinks = size[0] < image.width or size[1] < image.height
    # LANCZOS rings at hard edges, such as burned-in text; BICUBIC with Pillow's support is area-aware when shrinking
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0 if shrinks else None)


def _encode(image: Image.Image, options: RenderOptions) -> bytes:
    buffer = io.BytesIO()
    if options.format == "image/png":
        image.save(buffer, "PNG", compress_level=1)
    elif options.format == "image/jpeg":
        if not 1 <= options.quality <= 100:
            raise NotAcceptable("the quality must be 1 to 100")
        extra: dict[str, Any] = {"subsampling": 0} if image.mode == "RGB" and options.quality >= 90 else {}
        image.save(buffer, "JPEG", quality=options.quality, **extra)
    else:
        raise NotAcceptable(f"images are rendered as image/jpeg or image/png, not {options.format}")
    return buffer.getvalue()
