"""The DIMSE conformance statement, made from the node's own tables (PS3.2)."""

from collections.abc import Iterable

from pydicom.uid import UID

from dicom_nodes.scp import associations, contexts
from dicom_nodes.scp.dispatch import SERVICES
from dicom_nodes.status import Code, store_statuses
from docs import conformance_query

_REJECTIONS = (
    (associations.CALLED_AE_UNKNOWN, "The called AE title is not ours (`FILMLESS_REQUIRE_CALLED_AET`)."),
    (
        associations.CALLING_AE_UNKNOWN,
        "The calling AE title is not registered for this address; the log says how.",
    ),
    (associations.CONGESTION, "The index cannot be reached now."),
    (
        associations.LOCAL_LIMIT_EXCEEDED,
        "The limit of open associations is reached (`FILMLESS_MAXIMUM_ASSOCIATIONS`).",
    ),
)


def page() -> str:
    """Give docs/conformance-dimse.md."""
    return "\n".join([*_association(), *_services(), *_storage(), *_query()])


def _association() -> list[str]:
    return [
        "# DIMSE conformance statement",
        "",
        "What a Filmless node offers on the DICOM network (PS3.2). Made from the node's own tables by `make docs`.",
        *_section("Association", ("Result", "Source", "Reason", "When"), _rejections()),
        "",
        "Maximum PDU 128 KB. Asynchronous operations are not negotiated. SCU/SCP role selection is accepted for",
        "storage classes, as C-GET needs it. Every process of a node shares the port.",
    ]


def _services() -> list[str]:
    return [
        *_section("Services", ("Service", "SOP class", "UID"), _service_rows()),
        "",
        "Storage (C-STORE) as SCP for every storage SOP class of the standard, the retired ones included, and for",
        "private ones by policy (`FILMLESS_UNKNOWN_SOP_CLASSES`). Level of conformance 2 (full): all attributes are",
        "kept, the data set byte for byte. As SCU: C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET.",
    ]


def _storage() -> list[str]:
    return [
        *_section("Transfer syntaxes of storage, in order of preference", ("Transfer syntax", "UID"), _syntaxes()),
        "",
        "Other services: Explicit VR Little Endian, Implicit VR Little Endian, Explicit VR Big Endian.",
        *_section("Statuses of C-STORE", ("Status", "When"), _statuses()),
        "",
        "Error Comment (0000,0902) has the reason. Success is answered when the instance is on disk, synced, and",
        "indexed. An instance of a kept SOP Instance UID and the same data set is a success and kept once; one with",
        "another data set is answered 0111 and [put aside](how-to/quarantine.md), or A700 if the quarantine is full.",
        "Nothing is coerced: attributes that contradict study or series are kept as sent and reported to the",
        "administrator, with status 0000.",
    ]


def _query() -> list[str]:
    lines = []
    for title, head, rows, text in conformance_query.sections():
        lines += [*_section(title, head, rows), *text]
    return [*lines, ""]


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["", f"## {title}", "", f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _rejections() -> Iterable[tuple[str, ...]]:
    for rejection, reason in _REJECTIONS:
        yield str(rejection.result), str(rejection.source), str(rejection.reason), reason


def _service_rows() -> Iterable[tuple[str, ...]]:
    rows = ((service.operation.__name__, uid) for service in SERVICES for uid in service.abstract_syntaxes)
    for operation, uid in sorted(set(rows)):
        yield operation.replace("_", "-"), UID(uid).name, f"`{uid}`"


def _syntaxes() -> Iterable[tuple[str, ...]]:
    for uid in contexts.TRANSFER_SYNTAXES:
        name = UID(uid).name
        yield ("—" if name == uid else name), f"`{uid}`"


def _statuses() -> Iterable[tuple[str, ...]]:
    yield "0000", "Kept, or the identical instance was here already."
    for kind, code in store_statuses():
        yield f"{code:04X}", " ".join((kind.__doc__ or "").split())
    yield f"{Code.PROCESSING_FAILURE:04X}", "Anything unforeseen; the comment names the entry in the log."
