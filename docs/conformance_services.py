"""What is provided and used in the DIMSE conformance statement, made from the node's own tables (PS3.2)."""

from collections.abc import Iterable

from pydicom.uid import UID

from dicom_nodes.scp import print_class
from dicom_nodes.scp.dispatch import SERVICES
from dicom_nodes.status import Code, normalized_statuses

Row = tuple[str, ...]

_META = (print_class.FILM_SESSION, print_class.FILM_BOX, *sorted(print_class.IMAGE_BOXES))
_META_TEXT = ["", f"The meta classes of print management carry {', '.join(UID(uid).name for uid in _META)}."]
STORAGE_TEXT = """
Storage (C-STORE) as SCP for every storage SOP class of the standard, the retired ones included, and for
private ones by policy (`FILMLESS_UNKNOWN_SOP_CLASSES`). Level of conformance 2 (full): all attributes are
kept, the data set byte for byte.
""".splitlines()

# Service, class of the service, and what uses it here.
_USED = (
    ("C-ECHO", "1.2.840.10008.1.1", "`pacs echo`, the test of a machine"),
    ("C-STORE", "", "C-MOVE, C-GET, forwarding, `pacs send`; every storage SOP class"),
    ("C-FIND", "1.2.840.10008.5.1.4.1.2.2.1", "`pacs find`, the test of a machine"),
    ("C-FIND", "1.2.840.10008.5.1.4.31", "`pacs worklist`"),
    ("C-MOVE", "1.2.840.10008.5.1.4.1.2.2.2", "`pacs move`"),
    ("C-GET", "1.2.840.10008.5.1.4.1.2.2.3", "`pacs get`"),
    ("N-ACTION", "1.2.840.10008.1.20.1", "`pacs commit`, forwarding rules that want it confirmed"),
    ("N-EVENT-REPORT", "1.2.840.10008.1.20.1", "results of storage commitment, on the same or a new association"),
    ("N-CREATE", "1.2.840.10008.5.1.4.33", "Instance Availability Notification, by the policy of the AE"),
)
_PRINT = (0xB6, 0xC6)  # first two digits of the statuses of print management (PS3.4 §H.4)


def provided_rows() -> Iterable[Row]:
    """Every class that is served, and the operations on it."""
    classes = sorted({uid for service in SERVICES for uid in service.abstract_syntaxes})
    for uid in classes:
        operations = {service.operation.__name__ for service in SERVICES if uid in service.abstract_syntaxes}
        yield UID(uid).name, f"`{uid}`", ", ".join(sorted(operations)).replace("_", "-")


def used_rows() -> Iterable[Row]:
    """Every operation and class that this node asks others for."""
    for service, uid, where in _USED:
        yield service, UID(uid).name if uid else "Storage", where


def normalized_rows() -> Iterable[Row]:
    """Statuses of N-services."""
    yield f"{Code.SUCCESS:04X}", "Done."
    for kind, code in normalized_statuses():
        yield f"{code:04X}", " ".join((kind.__doc__ or "").split())
    for code in sorted(Code):
        if code >> 8 in _PRINT:
            yield f"{code:04X}", f"Print management: {code.name.replace('_', ' ').lower()}."


def sections() -> list[tuple[str, Row, Iterable[Row], list[str]]]:
    """Title, head, rows and the text behind them."""
    return [
        ("Services provided (SCP)", ("SOP class", "UID", "Operations"), provided_rows(), [*_META_TEXT, *STORAGE_TEXT]),
        ("Services used (SCU)", ("Service", "SOP class", "Where"), used_rows(), []),
        ("Statuses of N-services", ("Status", "When"), normalized_rows(), []),
    ]
