"""The DIMSE conformance statement, made from the node's own tables (PS3.2)."""

from collections.abc import Iterable

from pydicom.uid import UID

from dicom_nodes.scp import contexts
from dicom_nodes.status import Code, store_statuses
from docs import (
    conformance_association,
    conformance_commitment,
    conformance_print,
    conformance_query,
    conformance_services,
    conformance_worklist,
)


def page() -> str:
    """Give docs/conformance-dimse.md."""
    return "\n".join(
        [
            *_association(),
            *_sections(conformance_services.sections()),
            *_storage(),
            *_sections(conformance_query.sections()),
            *_sections(conformance_commitment.sections()),
            *_sections(conformance_worklist.sections()),
            *_sections(conformance_print.sections()),
            "",
        ]
    )


def _association() -> list[str]:
    return [
        "# DIMSE conformance statement",
        "",
        "What a Filmless node offers on the DICOM network (PS3.2). Made from the node's own tables by `make docs`.",
        *_sections(conformance_association.sections()),
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


def _sections(found: Iterable[tuple[str, tuple[str, ...], Iterable[tuple[str, ...]], list[str]]]) -> list[str]:
    lines = []
    for title, head, rows, text in found:
        lines += [*_section(title, head, rows), *text]
    return lines


def _section(title: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["", f"## {title}", "", f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _syntaxes() -> Iterable[tuple[str, ...]]:
    for uid in contexts.TRANSFER_SYNTAXES:
        name = UID(uid).name
        yield ("—" if name == uid else name), f"`{uid}`"


def _statuses() -> Iterable[tuple[str, ...]]:
    yield "0000", "Kept, or the identical instance was here already."
    for kind, code in store_statuses():
        yield f"{code:04X}", " ".join((kind.__doc__ or "").split())
    yield f"{Code.PROCESSING_FAILURE:04X}", "Anything unforeseen; the comment names the entry in the log."
