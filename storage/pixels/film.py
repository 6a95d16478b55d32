"""A film as pictures: the image of each box, the whole page as laid out (PS3.3 §C.11.4, §C.13.3 to §C.13.7, PS3.14).

Values of a picture are P-Values: 0 is black, the most is white. The page is as fine as its most demanding image: where
that fills its box, each of its pixels is one pixel of the page, untouched. Images that are smaller are magnified as
their Magnification Type says (cubic where it says nothing), none is made larger for type NONE.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from storage.dicom.film import Film, FilmImage, PresentationLUT
from storage.dicom.film_format import PITCH_MM, Placement, Rectangle, film_size, image_boxes, placement
from storage.errors import NotAcceptable, PixelError
from storage.pixels.annotation import font_of
from storage.pixels.image import PixelArray

MOST_PAGE_PIXELS: Final = 64_000_000
ANNOTATION_BOXES: Final = 6
"""Three along the upper edge (left, centre, right), then three along the lower one."""

_COARSEST: Final = 3.0
"""Pixels a mm below which a page could not be read; its images are then shown by whole multiples of their pixels."""

_STRIP_MM: Final = 9.0
_TEXT_MM: Final = 4.5
_WIDE_BITS: Final = 12
_RESAMPLING: Final = {
    "REPLICATE": Image.Resampling.NEAREST,
    "BILINEAR": Image.Resampling.BILINEAR,
    "CUBIC": Image.Resampling.BICUBIC,
}
# PS3.14 §7.1: the JND index of a luminance in cd/m².
_JND: Final = (
    *(71.498068, 94.593053, 41.912053, 9.8247004),
    *(0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845),
)


@dataclass(frozen=True)
class Picture:
    """Pixels of rows x columns, or rows x columns x 3; ``photometric``: MONOCHROME1, MONOCHROME2 or RGB."""

    array: PixelArray
    bits_stored: int
    photometric: str


@dataclass(frozen=True)
class Page:
    """A whole film: grey values or RGB, white is the most; its size in mm; where each image stands, in pixels."""

    array: PixelArray
    bits_stored: int
    width_mm: float
    height_mm: float
    places: tuple[tuple[int, int, int, int], ...] = ()  # left, top, width, height, in the order of the images

    @property
    def spacing(self) -> tuple[float, float]:
        """Height and width of a pixel in mm."""
        return self.height_mm / self.array.shape[0], self.width_mm / self.array.shape[1]

    def eight_bits(self) -> PixelArray:
        """The page in eight bits."""
        if self.bits_stored == 8:
            return self.array
        most = (1 << self.bits_stored) - 1
        return np.asarray((self.array.astype(np.uint32) * 255 + most // 2) // most, dtype=np.uint8)


def box_picture(image: FilmImage, film: Film) -> Picture:
    """The image of a box as it was sent; where the print says how to turn or to map its values, as it is on film.

    A reversed polarity changes the Photometric Interpretation and no pixel. A Presentation LUT is applied.

    Raises:
        PixelError: its pixels do not have the size of its attributes.
    """
    lut = image.lut or film.lut
    if image.is_colour:
        array = _samples(image)
        return Picture(255 - array if image.polarity == "REVERSE" else array, 8, "RGB")
    if lut is not None and lut.shape != "IDENTITY":
        values, bits = printed_values(image, film)
        return Picture(values, bits, "MONOCHROME2")
    return Picture(_samples(image), image.bits_stored, "MONOCHROME1" if _is_inverted(image) else "MONOCHROME2")


def printed_values(image: FilmImage, film: Film) -> tuple[PixelArray, int]:
    """P-Values of an image box, and of how many bits they are.

    Raises:
        PixelError: its pixels do not have the size of its attributes.
    """
    array = _samples(image)
    if image.is_colour:
        return (255 - array if image.polarity == "REVERSE" else array), 8
    most = (1 << image.bits_stored) - 1
    if _is_inverted(image):
        array = np.asarray(most - array, dtype=array.dtype)
    lut = image.lut or film.lut
    if lut is None or lut.shape == "IDENTITY":
        return array, image.bits_stored
    return np.asarray(_table(lut, film, most)[array]), _WIDE_BITS


def p_value(density: str, film: Film, most: int) -> int:
    """The P-Value of BLACK, WHITE or a density in hundredths; of anything else, black."""
    name = density.strip().upper()
    if name == "WHITE":
        return most
    if not name.isdigit():
        return 0
    between = min(max(int(name), film.min_density), film.max_density)
    return int(_brightness(np.array([between / 100]), film)[0] * most + 0.5)


def page_of(film: Film) -> Page:
    """The film as its machine laid it out.

    Raises:
        InvalidRequest: its display format is not printed here.
        PixelError: the pixels of an image do not have the size of its attributes.
    """
    width, height = film_size(film.size, film.orientation)
    above, below = _strips(film)
    boxes = image_boxes(film.display_format, width, height, above=above, below=below)
    placed = [(image, boxes[image.position - 1], _placed(image, boxes[image.position - 1])) for image in film.images]
    scale = _scale([(image, place) for image, _, place in placed], width, height)
    bits = 8 if all(_bits(image, film) == 8 for image in film.images) else _WIDE_BITS
    colour = any(image.is_colour for image in film.images)
    canvas = _canvas(film, boxes, scale, (width, height), bits, colour)
    places = tuple(_print(canvas, film, image, box, place, scale, bits) for image, box, place in placed)
    canvas = _annotated(canvas, film, scale, bits)
    return Page(canvas, bits, width, height, places)


def _samples(image: FilmImage) -> PixelArray:
    kind = np.dtype("<u2") if image.bits_allocated == 16 else np.dtype(np.uint8)
    shape = (image.rows, image.columns, 3) if image.is_colour else (image.rows, image.columns)
    if len(image.pixels) != math.prod(shape) * kind.itemsize:
        raise PixelError("The pixels of a printed image do not have the size of its attributes.")
    array = np.frombuffer(image.pixels, kind).reshape(shape)
    most = (1 << image.bits_stored) - 1
    return np.asarray(np.bitwise_and(array, most), dtype=kind)


def _is_inverted(image: FilmImage) -> bool:
    """Whether the least value is white, after the polarity that was asked for."""
    return (image.photometric_interpretation == "MONOCHROME1") != (image.polarity == "REVERSE")


def _bits(image: FilmImage, film: Film) -> int:
    lut = image.lut or film.lut
    if lut is not None and lut.shape != "IDENTITY" and not image.is_colour:
        return _WIDE_BITS
    return image.bits_stored


def _table(lut: PresentationLUT, film: Film, most: int) -> PixelArray:
    """P-Values of 12 bits for each value up to ``most``."""
    white = (1 << _WIDE_BITS) - 1
    values = np.arange(most + 1, dtype=np.float64) / most
    if lut.shape == "LIN OD":
        density = (film.min_density + values * (film.max_density - film.min_density)) / 100
        return np.asarray(_brightness(density, film) * white + 0.5, dtype=np.uint16)
    entries = np.array(lut.entries, dtype=np.float64) / ((1 << lut.bits) - 1)
    taken = entries[np.asarray(values * (len(entries) - 1) + 0.5, dtype=np.int64)]
    return np.asarray(np.clip(taken, 0, 1) * white + 0.5, dtype=np.uint16)


def _brightness(density: PixelArray, film: Film) -> PixelArray:
    """P-Values from 0 to 1 of optical densities, as seen on the light box (PS3.14 §7, PS3.3 §C.13.3)."""

    def jnd(found: PixelArray) -> PixelArray:
        light = film.ambient_light + film.illumination * np.power(10.0, -found)
        exponent = np.log10(np.maximum(light, 0.05))
        return np.asarray(sum(factor * exponent**power for power, factor in enumerate(_JND)))

    darkest, brightest = jnd(np.array([film.max_density / 100, film.min_density / 100]))
    return np.asarray(np.clip((jnd(density) - darkest) / max(brightest - darkest, 1e-6), 0, 1))


def _strips(film: Film) -> tuple[float, float]:
    """What the annotations take above and below the images, in mm."""
    return tuple(  # type: ignore[return-value]  # two of them
        _STRIP_MM if any(place in places and text for place, text in film.annotations) else 0.0
        for places in (range(1, 4), range(4, ANNOTATION_BOXES + 1))
    )


def _placed(image: FilmImage, box: Rectangle) -> Placement:
    return placement(box, image.columns, image.rows, image.aspect, image.requested_width, image.behaviour)


def _scale(images: list[tuple[FilmImage, Placement]], width: float, height: float) -> float:
    """Pixels a mm of the page."""
    finest = max((image.columns / place.width for image, place in images), default=_COARSEST)
    finest = max(finest, *(image.rows / place.height for image, place in images), _COARSEST / 100)
    if finest < _COARSEST:
        finest *= math.ceil(_COARSEST / finest)
    return min(finest, 1 / PITCH_MM, math.sqrt(MOST_PAGE_PIXELS / (width * height)))


def _canvas(
    film: Film, boxes: list[Rectangle], scale: float, size: tuple[float, float], bits: int, colour: bool
) -> PixelArray:
    """The page without images: its ground, and the ground of boxes that are empty."""
    most = (1 << bits) - 1
    shape: tuple[int, ...] = (max(1, math.ceil(size[1] * scale)), max(1, math.ceil(size[0] * scale)))
    canvas = np.full(
        (*shape, 3) if colour else shape,
        p_value(film.border_density, film, most),
        dtype=np.uint8 if bits == 8 else np.uint16,
    )
    filled = {image.position for image in film.images}
    empty = p_value(film.empty_density, film, most)
    for position, box in enumerate(boxes, 1):
        if position not in filled:
            left, top, width, height = _in_pixels(box, scale)
            canvas[top : top + height, left : left + width] = empty
    return canvas


def _in_pixels(box: Rectangle, scale: float) -> tuple[int, int, int, int]:
    left, top = math.floor(box.left * scale + 1e-6), math.floor(box.top * scale + 1e-6)
    right, bottom = math.ceil((box.left + box.width) * scale - 1e-6), math.ceil((box.top + box.height) * scale - 1e-6)
    return left, top, right - left, bottom - top


def _print(
    canvas: PixelArray, film: Film, image: FilmImage, box: Rectangle, place: Placement, scale: float, bits: int
) -> tuple[int, int, int, int]:
    """Put one image into the middle of its box; where it stands."""
    values, own = printed_values(image, film)
    if own != bits:
        most, own_most = (1 << bits) - 1, (1 << own) - 1
        values = np.asarray((values.astype(np.uint32) * most + own_most // 2) // own_most, dtype=np.uint16)
    drawn = _magnified(values, image, film, place, scale)
    if canvas.ndim == 3 and drawn.ndim == 2:
        drawn = np.repeat(drawn[:, :, None], 3, axis=2)
    left, top, width, height = _in_pixels(box, scale)
    drawn = _middle(drawn, width, height)
    left += (width - drawn.shape[1]) // 2
    top += (height - drawn.shape[0]) // 2
    drawn = drawn[: canvas.shape[0] - top, : canvas.shape[1] - left]
    canvas[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    if film.trim:
        _trim(canvas, left, top, drawn.shape[1], drawn.shape[0], _ink(film, bits))
    return left, top, drawn.shape[1], drawn.shape[0]


def _magnified(values: PixelArray, image: FilmImage, film: Film, place: Placement, scale: float) -> PixelArray:
    """The image at the size it is printed at; as it is where that is its own size."""
    width, height = max(1, round(place.width * scale)), max(1, round(place.height * scale))
    magnification = (image.magnification or film.magnification).upper()
    smaller = width < image.columns - 1 or height < image.rows - 1
    as_it_is = abs(width - image.columns) <= 1 and abs(height - image.rows) <= 1
    if as_it_is or (magnification == "NONE" and not smaller and not image.requested_width):
        return values
    method = _RESAMPLING.get(magnification, Image.Resampling.BICUBIC)
    if values.dtype == np.uint8:
        return np.asarray(Image.fromarray(values).resize((width, height), method))
    resized = np.asarray(Image.fromarray(values.astype(np.float32)).resize((width, height), method))
    return np.asarray(np.clip(resized + 0.5, 0, (1 << _WIDE_BITS) - 1), dtype=np.uint16)


def _middle(drawn: PixelArray, width: int, height: int) -> PixelArray:
    """What of a picture is seen through a box of this size: its middle."""
    left, top = max(0, (drawn.shape[1] - width) // 2), max(0, (drawn.shape[0] - height) // 2)
    return drawn[top : top + height, left : left + width]


def _trim(canvas: PixelArray, left: int, top: int, width: int, height: int, ink: int) -> None:
    """A line around an image, outside of it."""
    bottom, right = top + height, left + width
    for row in (top - 1, bottom):
        if 0 <= row < canvas.shape[0]:
            canvas[row, max(0, left - 1) : right + 1] = ink
    for column in (left - 1, right):
        if 0 <= column < canvas.shape[1]:
            canvas[max(0, top - 1) : bottom + 1, column] = ink


def _ink(film: Film, bits: int) -> int:
    """What is seen best on the ground of the film."""
    most = (1 << bits) - 1
    return 0 if p_value(film.border_density, film, most) > most // 2 else most


def _annotated(canvas: PixelArray, film: Film, scale: float, bits: int) -> PixelArray:
    """Write the annotations into their strips."""
    texts = [(position, text) for position, text in film.annotations if 1 <= position <= ANNOTATION_BOXES and text]
    if not texts:
        return canvas
    ink = _ink(film, bits)
    strip, edge = round(_STRIP_MM * scale), round((_STRIP_MM - _TEXT_MM) / 2 * scale)
    try:
        font = font_of(max(9, round(_TEXT_MM * scale)))
    except NotAcceptable:
        return canvas
    rows, columns = canvas.shape[:2]
    share = columns // 3
    for position, text in texts:
        alone = sum(1 for other, _ in texts if (other - 1) // 3 == (position - 1) // 3) == 1
        top = 0 if position <= 3 else rows - strip
        left, width = (0, columns) if alone else ((position - 1) % 3 * share, share)
        mask = _written(text, font, (width, strip), edge, (position - 1) % 3)
        part = canvas[top : top + strip, left : left + width]
        cover = np.asarray(mask, dtype=np.float32) / 255
        cover = cover[:, :, None] if canvas.ndim == 3 else cover
        part[:] = np.asarray(part * (1 - cover) + ink * cover + 0.5, dtype=canvas.dtype)
    return canvas


def _written(text: str, font: ImageFont.FreeTypeFont, size: tuple[int, int], edge: int, alignment: int) -> Image.Image:
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    room = size[0] - 2 * edge
    while len(text) > 1 and font.getlength(text) > room:
        text = text[:-2].rstrip() + "…"
    place = (edge, size[0] / 2, size[0] - edge)[alignment]
    draw.text((place, size[1] / 2), text, 255, font, anchor=("lm", "mm", "rm")[alignment])
    return mask
