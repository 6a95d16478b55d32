"""Query and retrieval in the DIMSE conformance statement, made from the node's own tables (PS3.2, PS3.4 Annex C)."""

from collections.abc import Iterable

from pydicom.uid import UID

from dicom_nodes.scp.extended import SUPPORTED
from dicom_nodes.status import Code, query_statuses
from storage.dicom.attributes import ATTRIBUTES, Level

Row = tuple[str, ...]

# Bytes of the service class application information (PS3.4 Tables C.5-2 and C.5-4).
_OPTIONS = ("Relational queries or retrieval", "Combined date and time matching", "Fuzzy matching of names")

_KEYS_TEXT = """
So are attributes inside the Request Attributes Sequence of a series, item by item, and what an administrator
[adds](how-to/searchable-attributes.md).

Matching: single value, wildcard, list of UIDs, multiple values, range, sequence, universal. Names match
without regard to case and diacritics. A key that cannot be matched is passed over and the answers say so (FF01),
unless nothing else narrows the query: that is refused with A900, as is one without any key. One with more than
`FILMLESS_MAXIMUM_QUERY_RESULTS` matches ends with A700 after so many. Queries are hierarchical: a level needs one
UID of each level above, Patient ID excepted, unless relational queries are negotiated. Answers are in ISO_IR 192
unless the asker's Specific Character Set asks for another that can hold them, code extensions included.
""".splitlines()

_RETRIEVAL_TEXT = """
Error Comment (0000,0902) has the reason. Sub-operations are counted exactly; the final answer lists what failed in
Failed SOP Instance UID List (0008,0058). C-CANCEL ends a request after the instance under way.

C-MOVE goes to registered AEs, over up to `FILMLESS_MOVE_ASSOCIATIONS` associations at once. C-MOVE and C-GET send
what is stored, byte for byte, where the destination takes that transfer syntax; else it is decompressed or written
anew with the same values; else it counts as failed. Only colours that were compressed with loss are rounded when
they are decompressed, for a destination that takes no compression; that counts as a warning, never as a success.
""".splitlines()


def key_rows() -> Iterable[Row]:
    """The keys of C-FIND and where they belong."""
    for attribute in ATTRIBUTES:
        if attribute.matchable:
            tag = f"({attribute.tag >> 16:04X},{attribute.tag & 0xFFFF:04X})"
            yield attribute.keyword, tag, attribute.vr, Level(attribute.level).name


def option_rows() -> Iterable[Row]:
    """What can be agreed on by extended negotiation."""
    for uid, information in SUPPORTED.items():
        yes = (option for option, value in zip(_OPTIONS, information, strict=False) if value)
        yield UID(uid).name, "; ".join(yes)


def status_rows() -> Iterable[Row]:
    """Statuses of C-FIND, C-MOVE and C-GET."""
    yield f"{Code.SUCCESS:04X}", "All matches were answered; everything was sent and kept without a warning."
    yield f"{Code.PENDING:04X}", "A match follows; sub-operations go on."
    yield f"{Code.PENDING_WITHOUT_OPTIONAL_KEYS:04X}", "A match follows, and a key of the query was passed over."
    yield f"{Code.CANCEL:04X}", "The asker has taken the request back, or this node is stopping."
    yield f"{Code.SUB_OPERATIONS_WITH_FAILURES:04X}", "Some instances could not be sent, or were kept with a warning."
    yield f"{Code.CANNOT_PERFORM_SUB_OPERATIONS:04X}", "Nothing at all could be sent."
    yield f"{Code.DESTINATION_UNKNOWN:04X}", "The destination of a C-MOVE is not registered."
    for kind, code in query_statuses():
        yield f"{code:04X}", " ".join((kind.__doc__ or "").split())


def sections() -> list[tuple[str, Row, Iterable[Row], list[str]]]:
    """Title, head, rows and the text behind them."""
    return [
        ("Keys of C-FIND", ("Attribute", "Tag", "VR", "Level"), key_rows(), _KEYS_TEXT),
        ("Extended negotiation", ("SOP class", "Accepted"), option_rows(), []),
        ("Statuses of C-FIND, C-MOVE and C-GET", ("Status", "When"), status_rows(), _RETRIEVAL_TEXT),
    ]
