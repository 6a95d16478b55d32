"""The part of the DIMSE conformance statement on worklist and performed procedure steps (PS3.2)."""

from collections.abc import Iterable, Iterator

from pydicom.datadict import keyword_for_tag

from dicom_nodes.status import Code
from storage.archive.order_matching import KEPT, QUIET
from storage.dicom import vr
from storage.dicom.worklist import SUPPORTED, Wanted

Row = tuple[str, ...]

_WORKLIST_TEXT = """
Every attribute is a matching key and a return key. Matching: single value, wildcard, list of UIDs, multiple
values, range of days or hours, sequence, universal. Names match without regard to case and diacritics. A query
of universal keys alone is answered with the whole worklist of the facility, at most
`FILMLESS_MAXIMUM_QUERY_RESULTS` items, then A700. An attribute that is not in the table is left out and answered
with FF01. A step is on the worklist while it is SCHEDULED or STARTED. A step that any machine of its modality
may do is told with the AE title that was asked for, or that of the asker.

Answers are in ISO_IR 192, or in the asker's Specific Character Set if that has all their characters. A machine
whose policy says `worklist_charset` `ascii` is told everything in the default repertoire: without diacritics, đ
as d, of names the alphabetic group; its keys are matched against what it is told.
""".splitlines()

_STATUSES: tuple[tuple[str, Code, str], ...] = (
    ("N-CREATE", Code.DUPLICATE_SOP_INSTANCE, "A performed step of this UID is there."),
    ("N-CREATE", Code.MISSING_ATTRIBUTE, "A type 1 attribute of PS3.4 Table F.7.2-1 is missing."),
    ("N-CREATE, N-SET", Code.MISSING_ATTRIBUTE_VALUE, "It is empty; to complete a step, end and series must be there."),
    ("N-CREATE, N-SET", Code.INVALID_ATTRIBUTE_VALUE, "The status is none, or a new step is not IN PROGRESS."),
    ("N-SET", Code.PROCESSING_FAILURE, "The step has ended; Error ID A710."),
    ("N-SET", Code.ATTRIBUTE_LIST_ERROR, "Warning: what is said once, at N-CREATE, stays as it was; the rest is set."),
    ("N-SET, N-GET", Code.NO_SUCH_SOP_INSTANCE, "There is no performed step of this UID."),
    ("N-GET", Code.OPTIONAL_ATTRIBUTES_NOT_SUPPORTED, "Warning: an attribute that was asked for is not there."),
    ("all", Code.NOT_AUTHORISED, "The policy of this machine does not let it report."),
)


def sections() -> Iterator[tuple[str, Row, Iterable[Row], list[str]]]:
    """Title, head and rows of a table, and the text behind it."""
    yield "Keys of the Modality Worklist", ("Attribute", "Tag", "VR", "Inside"), _keys(SUPPORTED), _WORKLIST_TEXT
    statuses = [(operation, f"{code:04X}", meaning) for operation, code, meaning in _STATUSES]
    yield "Statuses of performed procedure steps", ("Operation", "Status", "When"), statuses, _matching()


def _keys(level: Wanted, inside: str = "") -> Iterator[Row]:
    for tag, below in level.items():
        name = keyword_for_tag(int(tag, 16))
        yield name, f"({tag[:4]},{tag[4:]})", vr.of_tag(int(tag, 16)), inside
        yield from _keys(below, name)


def _matching() -> list[str]:
    return f"""
A scheduled step follows what is performed for it. A study or performed step is put to an order when that is
certain: by Study Instance UID, else by accession number, else by patient and modality where one order alone
waits; and never where the patient is another one. Names are compared without diacritics, so that what comes
back in ASCII is known. Where a machine reports nothing, the order is in progress when its first image arrives
and completed when none has come for {QUIET.seconds // 60} minutes. Finished orders, and reports that are of no
order, are kept for {KEPT.days} days, and longer while a study of the order is kept.
""".splitlines()
