"""Use case: search the Modality Worklist: which scheduled steps meet these keys (PS3.4 Annex K, PS3.18 §14)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.order_row import order_values, step_values
from storage.dicom import worklist as rules
from storage.dicom.matching import Range, Values
from storage.dicom.order import State
from storage.dicom.work_item import DicomJson
from storage.dicom.work_item_matching import Tree, matches
from storage.dicom.worklist import Wanted
from storage.errors import Forbidden, TooLarge
from storage.index import orders as rows

# Keys that only a look into each step can answer are asked of so many at most.
MOST_LOOKED_AT = 50_000


@dataclass(frozen=True)
class Worklist:
    """The items that match, whole; ``total`` counts those over the limit too. ``unsupported``: tags no item has."""

    items: list[DicomJson]
    total: int
    unsupported: tuple[str, ...] = ()


def search(
    archive: Archive,
    keys: Mapping[str, str],
    wanted: Wanted | None,
    principal: Principal,
    *,
    ae_title: str = "",
    in_ascii: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> Worklist:
    """The open steps in the principal's reach that meet the keys, by the time they are scheduled; one audit row.

    ``keys``: value by path of tags. ``wanted``: what is told of each; ``None``: everything. ``ae_title``: of the asking
    machine, which is told as the station of steps that any machine may do. ``in_ascii``: it cannot read Unicode.

    Raises:
        Forbidden: the principal may not read the worklist.
        InvalidQuery: a key cannot be understood.
        TooLarge: too many steps would have to be looked at; a day, a patient or a machine narrows it.
    """
    try:
        permission.may_anywhere(principal, Action.READ_WORKLIST)
    except Forbidden:
        with archive.index.write() as connection:
            audit.record(connection, principal, Action.READ_WORKLIST, "refused", detail={"level": "WORKLIST"})
        raise
    tree = rules.tree_of_keys(keys)
    station = rules.station_of(keys)
    items: list[DicomJson] = []
    total = 0
    with archive.index.read() as connection:
        for row, step in _walk(connection, principal, tree, station):
            made = rules.item(order_values(row), step_values(step), State(step["state"]))
            made = rules.any_station(made, station or ae_title)
            if in_ascii:
                made = rules.in_ascii(made)
            if not matches(made, tree):
                continue
            if total >= offset and (limit is None or len(items) < limit):
                items.append(made if wanted is None else rules.told(made, wanted))
            total += 1
    with archive.index.write() as connection:
        detail: audit.Detail = {"level": "WORKLIST", "keys": sorted(keys), "matches": total}
        audit.record(connection, principal, Action.READ_WORKLIST, detail=detail)
    return Worklist(items, total, tuple(rules.unsupported(wanted)) if wanted else ())


def _walk(
    connection: rows.Connection, principal: Principal, tree: Tree, station: str
) -> Iterator[tuple[rows.Row, rows.Row]]:
    days = rules.of_step(tree, rules.START_DATE)
    narrowed = rows.Narrowed(
        modalities=_values(rules.of_step(tree, rules.MODALITY)),
        station=station,
        patient_ids=_values(tree.get("00100020")),
        accession_numbers=_values(tree.get("00080050")),
        studies=_values(tree.get("0020000D")),
        date_from=days.low if isinstance(days, Range) else "",
        date_to=days.high if isinstance(days, Range) else "",
    )
    for looked_at, found in enumerate(rows.walk(connection, permission.reach(principal), narrowed)):
        if looked_at >= MOST_LOOKED_AT:
            raise TooLarge("The worklist is too long for this query; narrow it by day, patient or machine.")
        yield found


def _values(match: object) -> tuple[str, ...]:
    # What is not ASCII may be told differently than it is kept.
    return match.values if isinstance(match, Values) and all(value.isascii() for value in match.values) else ()
