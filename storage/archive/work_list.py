"""Use case: search the worklist: which work items meet these keys (PS3.4 §CC.2.8, PS3.18 §11.9)."""

from collections.abc import Iterator
from dataclasses import dataclass

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.query import Query
from storage.archive.work_item_row import decode
from storage.dicom import work_item as rules
from storage.dicom.matching import Range, Values
from storage.dicom.work_item import DicomJson
from storage.dicom.work_item_matching import Tree, matches, tree_of
from storage.errors import TooLarge
from storage.index import work_items as rows

# Keys that only a look into each work item can answer are asked of so many at most.
MOST_LOOKED_AT = 50_000
_COLUMNS = {
    rules.SOP_INSTANCE: "sop_instance_uid",
    rules.STATE: "state",
    rules.PATIENT_ID: "patient_id",
    rules.STUDY: "study_instance_uid",
}
# What every answer has (PS3.4 Table CC.2.5-3, return keys of type 1 and 2).
_RETURNED = frozenset(
    {
        *("00080016", "00080018", "00080005", "00100010", "00100020", "00100021", "00100030", "00100040", "0020000D"),
        *("00380010", "00380014", "00404005", "00404010", "00404011", "00404018", "00404021", "00404025", "00404026"),
        *("00404027", "00404034", "00404041", "0040A370", "00741000", "00741200", "00741202", "00741204", "00741224"),
    }
)


@dataclass(frozen=True)
class WorkList:
    """The work items of one page; ``total``: of all that match."""

    found: list[DicomJson]
    total: int


def search(archive: Archive, query: Query, principal: Principal) -> WorkList:
    """The work items in the principal's reach that meet the keys, by the time they are scheduled; one audit row.

    Raises:
        Forbidden: the principal may not search.
        InvalidQuery: a key cannot be understood, or asks for what only the owner knows.
        TooLarge: too many would have to be looked at; a state, a day or a patient narrows it.
    """
    permission.may_anywhere(principal, Action.SEARCH)
    tree = tree_of(query.keys, empty=query.empty)
    reach = permission.reach(principal)
    page: list[DicomJson] = []
    total = 0
    with archive.index.read() as connection:
        for found in _matching(connection, reach, tree):
            if total >= query.offset and (query.limit is None or len(page) < query.limit):
                page.append(_returned(found, query))
            total += 1
    with archive.index.write() as connection:
        detail: audit.Detail = {"level": "WORK ITEM", "keys": sorted(query.keys), "matches": total}
        audit.record(connection, principal, Action.SEARCH, detail=detail)
    return WorkList(page, total)


def _matching(connection: rows.Connection, reach: frozenset[int] | None, tree: Tree) -> Iterator[DicomJson]:
    equal = {column: match.values for tag, column in _COLUMNS.items() if isinstance(match := tree.get(tag), Values)}
    start = tree.get(rules.SCHEDULED_START)
    scheduled = (start.low, start.high) if isinstance(start, Range) else None
    for looked_at, row in enumerate(rows.walk(connection, reach, equal, scheduled)):
        if looked_at >= MOST_LOOKED_AT:
            raise TooLarge("The worklist is too long for this search; narrow it by state, patient or day.")
        found = decode(row)
        if matches(found, tree):
            yield found


def _returned(found: DicomJson, query: Query) -> DicomJson:
    if query.include == "all":
        return found
    asked = {str(path).split(".")[0] for path in (*query.keys, *query.include)}
    return {tag: element for tag, element in found.items() if tag in _RETURNED or tag in asked}
