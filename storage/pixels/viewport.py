"""Which part of an image is shown how large, and which way round (PS3.18 §8.3.5.1.3)."""

from dataclasses import dataclass

from PIL import Image

from storage.errors import NotAcceptable
from storage.pixels.image import MAXIMUM_SAMPLES

MAXIMUM_PIXELS = MAXIMUM_SAMPLES // 8


@dataclass(frozen=True)
class Region:
    """A rectangle of the stored image in pixels from its top left corner; ``None`` reaches to the edge."""

    left: float = 0.0
    top: float = 0.0
    width: float | None = None
    height: float | None = None


@dataclass(frozen=True)
class Viewport:
    """What the picture has to fit in, in pixels, and what of the image it shows.

    Without a ``region`` an image is never enlarged; a region is, because whoever cuts one out wants to see it large.
    """

    width: int
    height: int
    region: Region | None = None
    flipped_horizontally: bool = False
    flipped_vertically: bool = False


def shown(image: Image.Image, aspect: float, viewport: Viewport | None) -> Image.Image:
    """Cut, flip and scale an image; ``aspect`` is the height of its pixels divided by their width.

    Without a viewport the image keeps its size, except that non-square pixels are made square along their longer side.
    Raises NotAcceptable for a region outside the image or a result too large to make.
    """
    box = _box(image, viewport.region if viewport else None)
    across, down = (box[2] - box[0]) * max(1.0, 1 / aspect), (box[3] - box[1]) * max(1.0, aspect)
    scale = 1.0
    if viewport is not None:
        if min(viewport.width, viewport.height) < 1:
            raise NotAcceptable("the viewport must be at least 1 x 1")
        scale = min(viewport.width / across, viewport.height / down)
        scale = scale if viewport.region else min(1.0, scale)
    size = (max(1, round(across * scale)), max(1, round(down * scale)))
    if size[0] * size[1] > MAXIMUM_PIXELS:
        raise NotAcceptable("the image with square pixels is too large to render; ask for a viewport")
    if size != image.size or box != (0, 0, *image.size):
        shrinks = size[0] < box[2] - box[0] or size[1] < box[3] - box[1]
        # LANCZOS rings at hard edges, such as burned-in text; BICUBIC with Pillow's support is area-aware
        image = image.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0 if shrinks else None)
    if viewport is not None and viewport.flipped_horizontally:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if viewport is not None and viewport.flipped_vertically:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return image


def _box(image: Image.Image, region: Region | None) -> tuple[float, float, float, float]:
    """Left, top, right and bottom; what lies outside the image is left out."""
    if region is None:
        return 0, 0, image.width, image.height
    right = image.width if region.width is None else min(image.width, region.left + region.width)
    bottom = image.height if region.height is None else min(image.height, region.top + region.height)
    if right - region.left <= 0 or bottom - region.top <= 0:
        raise NotAcceptable("the source region of the viewport lies outside the image")
    return region.left, region.top, right, bottom
