"""Text burnt into a picture: whose image it is and how it was made (PS3.18 §8.3.5.1.1)."""

import importlib.util
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset

from storage.errors import NotAcceptable
from storage.pixels.element import numbers_of, value_of

Annotation = Literal["patient", "technique"]

# Of the picture's longer side; text smaller than this many pixels cannot be read.
_HEIGHT, _SMALLEST, _LARGEST = 1 / 36, 11, 64
_SEXES = {"M": "M", "F": "F", "O": "O"}


def burn(image: Image.Image, dataset: Dataset, wanted: Iterable[Annotation]) -> Image.Image:
    """The picture with what is wanted in it: the patient in the upper left corner, the technique in the lower left.

    Each letter is white with a black edge, so that it is readable on any ground. Raises NotAcceptable when the picture
    is too small to write in.
    """
    wanted = frozenset(wanted)
    lines = {
        "la": patient_lines(dataset) if "patient" in wanted else [],
        "ld": technique_lines(dataset) if "technique" in wanted else [],
    }
    size = max(_SMALLEST, min(_LARGEST, round(max(image.size) * _HEIGHT)))
    if image.width < 10 * _SMALLEST or image.height < 1.4 * size * max(1, sum(map(len, lines.values()))):
        raise NotAcceptable("the picture is too small for annotations; ask for a larger viewport")
    written = image.copy()
    draw, font, margin = ImageDraw.Draw(written), font_of(size), size // 2
    white, black = ((255, 255, 255), (0, 0, 0)) if image.mode == "RGB" else (255, 0)
    for anchor, text in lines.items():
        top = margin if anchor == "la" else image.height - margin - round(1.3 * size) * len(text)
        for number, line in enumerate(text):
            fitting = _shortened(line, font, image.width - 2 * margin)
            place = (margin, top + round(1.3 * size) * number)
            draw.text(place, fitting, white, font, stroke_width=max(1, size // 12), stroke_fill=black)
    return written


def patient_lines(dataset: Dataset) -> list[str]:
    """Name, identifier, birth date, sex and age, as far as the header tells them."""
    name = str(value_of(dataset, "PatientName") or "").split("=")[0]
    born = _date(dataset, "PatientBirthDate")
    sex = _SEXES.get(_text(dataset, "PatientSex"), "")
    return _present([" ".join(name.replace("^", " ").split()), _text(dataset, "PatientID")]) + _present(
        ["  ".join(_present([born, sex, _text(dataset, "PatientAge")]))]
    )


def technique_lines(dataset: Dataset) -> list[str]:
    """What was examined when and how: description, date, modality and the figures of the exposure or sequence."""
    when = " ".join(_present([_date(dataset, "StudyDate"), _time(dataset, "StudyTime")]))
    figures = [
        (("KVP", "kV"), ("XRayTubeCurrent", "mA"), ("Exposure", "mAs")),
        (("RepetitionTime", "ms TR"), ("EchoTime", "ms TE"), ("SliceThickness", "mm")),
    ]
    told = [
        [f"{numbers_of(dataset, key)[0]:g} {unit}" for key, unit in row if numbers_of(dataset, key)] for row in figures
    ]
    return _present(
        [
            _text(dataset, "InstitutionName"),
            "  ".join(_present([_text(dataset, "Modality"), _text(dataset, "StudyDescription")])),
            "  ".join(_present([when, _text(dataset, "SeriesDescription")])),
            "  ".join(told[0] + told[1]),
        ]
    )


def _present(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text]


def _text(dataset: Dataset, keyword: str) -> str:
    value = value_of(dataset, keyword)
    return "" if value is None else " ".join(str(value).split())[:200]


def _date(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else text


def _time(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword)
    return f"{text[:2]}:{text[2:4]}" if text[:4].isdigit() and len(text) >= 4 else text


def _shortened(line: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """As much of a line as fits, with a sign that something is missing."""
    if font.getlength(line) <= width:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(line[:middle] + "…") <= width else (low, middle - 1)
    return line[:low] + "…"


@lru_cache(64)
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Open Sans: it has every letter of Vietnamese, which the font that Pillow brings has not."""
    package = importlib.util.find_spec("ttf_opensans")
    if package is None or package.origin is None:
        raise NotAcceptable("the font of annotations is not installed")
    return ImageFont.truetype(Path(package.origin).parent / "ttf" / "OpenSans-SemiBold.ttf", size)
