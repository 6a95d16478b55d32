"""What a presentation state repeats of the image it shows, read from its header (PS3.3 §C.10.4, §C.11.1)."""

from pydicom.dataset import Dataset

from storage.archive.instance_bytes import InstanceRow
from storage.dicom.presentation_state import ShownImage
from storage.dicom.saved_instance import Referenced
from storage.errors import InvalidRequest
from storage.pixels.colour_profile import srgb
from storage.pixels.element import number_of, numbers_of, value_of
from storage.pixels.functional_groups import functional_group_item

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
_OVERLAYS = range(0x6000, 0x6020, 2)
_OVERLAY_ROWS = 0x0010


def shown_image(reference: Referenced, header: Dataset, row: InstanceRow, frame: int) -> ShownImage:
    """The frame of an image, counted from 1.

    Raises:
        InvalidRequest: it has no pixels that could be shown.
    """
    if not row.rows or not row.columns:
        raise InvalidRequest("This image cannot be shown, so its view cannot be saved.")
    colour = photometric(header) not in _GREY
    aspect = numbers_of(header, "PixelAspectRatio")
    return ShownImage(
        reference,
        header,
        row.rows,
        row.columns,
        colour,
        is_inverse(header),
        _rescale(header, frame),
        _spacing(header, frame),
        (int(aspect[0]), int(aspect[1])) if len(aspect) == 2 and min(aspect) >= 1 else (1, 1),
        tuple(group for group in _OVERLAYS if (group, _OVERLAY_ROWS) in header),
        srgb() if colour else b"",
    )


def photometric(header: Dataset) -> str:
    """The photometric interpretation."""
    return str(value_of(header, "PhotometricInterpretation") or "").strip().upper()


def is_inverse(header: Dataset) -> bool:
    """The polarity that the viewer shows an image in by itself (as ``polarity`` of its grayscale pipeline)."""
    shape = str(value_of(header, "PresentationLUTShape") or "").strip().upper()
    return shape == "INVERSE" or photometric(header) == "MONOCHROME1"


def _rescale(header: Dataset, frame: int) -> tuple[float, float, str] | None:
    source = functional_group_item(header, frame, "PixelValueTransformationSequence") or header
    slope, intercept = number_of(source, "RescaleSlope"), number_of(source, "RescaleIntercept")
    if slope is None and intercept is None:
        return None
    return slope or 1.0, intercept or 0.0, str(value_of(source, "RescaleType") or "")


def _spacing(header: Dataset, frame: int) -> tuple[float, float] | None:
    measures = functional_group_item(header, frame, "PixelMeasuresSequence")
    for source, keyword in ((measures, "PixelSpacing"), (header, "PixelSpacing"), (header, "ImagerPixelSpacing")):
        found = numbers_of(source, keyword) if source is not None else []
        if len(found) == 2 and min(found) > 0:
            return found[0], found[1]
    return None
