"""The part of the DIMSE conformance statement on print management, made from the node's own tables (PS3.2)."""

from pydicom.uid import UID

from dicom_nodes.scp import print_film, print_session
from dicom_nodes.scp.print_service import ACTS
from storage.archive import film
from storage.dicom import film_format
from storage.pixels.film import ANNOTATION_BOXES

Section = tuple[str, tuple[str, ...], list[tuple[str, ...]], list[str]]


def sections() -> list[Section]:
    """Title, head and rows of a table, and the text behind it."""
    return [("Print management as SCP", ("SOP class", "Operations"), _operations(), _text())]


def _operations() -> list[tuple[str, ...]]:
    classes: dict[str, list[str]] = {}
    for operation, sop_class in ACTS:
        classes.setdefault(sop_class, []).append(operation.__name__.replace("_", "-"))
    return [(UID(uid).name, ", ".join(sorted(operations))) for uid, operations in classes.items()]


def _text() -> list[str]:
    mega, giga = 1024**2, 1024**3
    sizes, magnifications = ", ".join(film_format.SIZES), ", ".join(print_film.MAGNIFICATIONS)
    return [
        "",
        "The virtual film printer: what is printed becomes images in a study, as [the guide](how-to/print.md) tells.",
        "N-ACTION is answered with success when the film is on disk and indexed; the print job is done then, and where",
        "the class Print Job is negotiated an N-EVENT-REPORT (3, Done) follows on the association. Copies are not",
        "multiplied.",
        "",
        "- Display formats: `STANDARD`, `ROW`, `COL`, `SLIDE`, `SUPERSLIDE`,",
        f"  at most {film_format.MOST_IMAGE_BOXES} boxes; `CUSTOM` is refused (0106).",
        f"- Film sizes: {sizes};",
        "  others of the form `24CMX30CM` are printed at that size with 0116.",
        f"- Magnification: {magnifications} (cubic where nothing is said). The page is as fine as its",
        f"  finest image, down to dots of {film_format.PITCH_MM} mm; what is finer, or wider than its box by Requested",
        "  Image Size, is decimated, cropped or refused as asked for.",
        f"- Densities from {print_film.LEAST_DENSITY} to {print_film.MOST_DENSITY} (hundredths). Presentation LUTs:",
        "  IDENTITY, LIN OD and tables, for the film or an image.",
        "- Images: MONOCHROME1 and MONOCHROME2 of 8 to 16 bits, RGB of 8 by plane or by pixel.",
        f"- Annotations: any Annotation Display Format ID gives {ANNOTATION_BOXES} boxes: 1 to 3 along the upper edge",
        "  (left, centre, right), 4 to 6 along the lower one.",
        f"- Limits: {print_session.MOST_FILM_BYTES // mega} MB a film, {print_session.MOST_BYTES // giga} GB and",
        f"  {print_session.MOST_FILM_BOXES} film boxes an association,",
        f"  {film.MOST_WAITING_BYTES // giga} GB of films that wait.",
    ]
