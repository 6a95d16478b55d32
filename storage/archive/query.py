"""Use case: search at every level, one engine for QIDO-RS and C-FIND (PS3.18 §10.6, PS3.4 §C.4.1)."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.manifest import StudyManifest, study_manifest
from storage.archive.study_list import (
    StudyFilter,
    StudyPage,
    StudyRow,
    changed_studies,
    count_studies,
    list_studies,
)
from storage.dicom.attributes import BY_KEYWORD, BY_TAG, DATE_OF, Attribute, Level
from storage.dicom.identifier import (
    DEPTH,
    INSTANCE_AVAILABILITY,
    SPECIFIC_CHARACTER_SET,
    Columns,
    JsonDataset,
    add_from_header,
    element,
    paths_of_everything,
    returned,
    upto,
)
from storage.dicom.json import decode
from storage.dicom.matching import Match, Range, Universal, Values, match_of
from storage.dicom.search_value import SearchAttribute
from storage.dicom.sequence_part import Parts, part_of
from storage.errors import Forbidden, InvalidQuery
from storage.index import search as rows
from storage.index import search_attributes

__all__ = [
    "Query",
    "QueryResult",
    "StudyFilter",
    "StudyManifest",
    "StudyPage",
    "StudyRow",
    "changed_studies",
    "count_studies",
    "list_studies",
    "search",
    "study_manifest",
]

# No answer is longer, whatever is asked: the rest is said to be there and can be had with an offset.
MAXIMUM_ROWS = 20_000
_TABLES = {level: table.name for level, table in rows.TABLES.items()}
_PATIENT_TOTALS = dict(zip(rows.PATIENT_TOTALS, ("00201200", "00201202", "00201204"), strict=True))
# Made by the edges or constant: never looked for in a header.
_NOT_KEPT = frozenset({INSTANCE_AVAILABILITY, 0x00080005, 0x00080052, 0x00080054, 0x00081190})
# PS3.18 Table 10.6.1-5: what a search for series matches and gives of the request.
REQUEST_ATTRIBUTES = frozenset({"00400275.00400009", "00400275.00401001"})
_REQUEST = "00400275"
_CHARACTER_SET, _UTF8 = f"{SPECIFIC_CHARACTER_SET:08X}", element("CS", "ISO_IR 192")
_ONLINE = element("CS", "ONLINE")
_OF_REQUEST = {path.partition(".")[2] for path in REQUEST_ATTRIBUTES}
_TAG = re.compile(r"[0-9A-Fa-f]{8}")


@dataclass(frozen=True)
class Query:
    """What is searched.

    ``keys``: value by keyword, by tag (``00100010``) or by path (``00400275.00400009``); an empty value only asks for
    the attribute. ``include``: tags or paths of more attributes of the answer, or ``"all"``. ``fuzzy``: names match
    word by word in any order; if nothing does, with one typing error. ``empty``: two quotation marks ask for no value.
    ``order``: keywords, with True for descending. ``defaults``: give what QIDO-RS gives unasked.
    ``combined_datetime``: ranges of a date and its time are one range (C-FIND only where negotiated).
    """

    level: Level | Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
    keys: Mapping[str, str] = field(default_factory=dict)
    include: Collection[int | str] | Literal["all"] = frozenset()
    fuzzy: bool = False
    empty: bool = False
    limit: int | None = None
    offset: int = 0
    order: tuple[tuple[str, bool], ...] = ()
    defaults: bool = True
    combined_datetime: bool = True


@dataclass(frozen=True)
class QueryResult:
    """Rows as DICOM JSON, how many there are in all, and what could not be done as asked.

    ``exact``: there are ``total``; else at least as many, where counting on would take longer than the search.
    ``unmatched``: keywords or paths of keys whose value was not used.
    """

    rows: list[JsonDataset]
    total: int
    truncated: bool
    warnings: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    exact: bool = True


@dataclass
class _Plan:
    """A query resolved against the attribute table."""

    level: Level
    conditions: list[rows.Condition | rows.ValueCondition] = field(default_factory=list)
    asked: list[Attribute] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    parts: Parts = field(default_factory=dict)  # of sequences, what is wanted of their items
    unmatched: list[str] = field(default_factory=list)
    filling: list[str] = field(default_factory=list)


def search(archive: Archive, query: Query, principal: Principal) -> QueryResult:
    """Find what matches in the facilities that the principal reaches; one audit row.

    Raises:
        Forbidden: the principal may not search.
        InvalidQuery: an unknown attribute, a value that is none of its VR, or values none of which can be matched: the
            search would find everything instead.
        StoreUnavailable: the index cannot be reached.
    """
    searchable = archive.searchable.current()
    plan = _plan(query, searchable)
    limit = MAXIMUM_ROWS if query.limit is None else max(0, min(query.limit, MAXIMUM_ROWS))
    page = rows.Page(_order(plan.level, query.order), limit, max(0, query.offset))
    try:
        permission.may(principal, Action.SEARCH, None)
    except Forbidden:
        with archive.index.write() as connection:
            _record(connection, principal, query, "refused", 0)
        raise

    def read(connection: rows.Connection) -> tuple[rows.Found, dict[int, JsonDataset], dict[int, dict[str, Any]]]:
        found = _matches(connection, plan, query, permission.reach(principal), page)
        headers = _headers(connection, plan, query, found.rows)
        return found, headers, _requests(connection, plan, query, found.rows, searchable)

    page_found, headers, requests = archive.index.read_and_note(
        read, lambda connection, told: _record(connection, principal, query, "success", told[0].total)
    )
    found, total = page_found.rows, page_found.total
    answers, number = _Answers(plan, query), f"{_TABLES[plan.level]}.id"
    return QueryResult(
        rows=[answers.tell(row, headers.get(key := row[number]), requests.get(key)) for row in found],
        total=total,
        exact=page_found.exact,
        truncated=page.offset + len(found) < total,
        warnings=(
            *(f"{name} cannot be matched here; it was passed over." for name in plan.unmatched),
            *(f"{name} was made searchable just now; matches may be missing." for name in plan.filling),
        ),
        unmatched=tuple(plan.unmatched),
    )


def _matches(
    connection: rows.Connection, plan: _Plan, query: Query, reach: Collection[int] | None, page: rows.Page
) -> rows.Found:
    found = None
    for misspelt in (False, True) if query.fuzzy else (False,):
        found = rows.matches(
            connection,
            plan.level,
            plan.conditions,
            reach,
            page,
            fuzzy=query.fuzzy,
            combined=query.combined_datetime,
            misspelt=misspelt,
        )
        if found.total:
            break
    assert found is not None
    return found


def _plan(query: Query, searchable: Iterable[SearchAttribute]) -> _Plan:
    try:
        plan = _Plan(Level(query.level))
    except ValueError:
        raise InvalidQuery("The level of a query is PATIENT, STUDY, SERIES or IMAGE.") from None
    by_path = {attribute.path: attribute for attribute in searchable}
    for name, value in query.keys.items():
        _add_key(plan, name, value, by_path, empty=query.empty)
    _check_times(plan, combined=query.combined_datetime)
    if plan.unmatched and not plan.conditions:
        raise InvalidQuery(f"{', '.join(plan.unmatched)} cannot be matched here, and nothing else narrows the search.")
    if query.include != "all":
        for wanted in query.include:
            _ask(plan, f"{wanted:08X}" if isinstance(wanted, int) else wanted)
    return plan


def _check_times(plan: _Plan, *, combined: bool) -> None:
    """A range of times that ends before it begins is one of several days, or none.

    Raises:
        InvalidQuery: no range of days goes with it.
    """
    ranges = {getattr(one.attribute, "keyword", one.attribute.path): one for one in plan.conditions}
    for keyword, one in ranges.items():
        match = one.match
        if one.attribute.vr != "TM" or not isinstance(match, Range) or not match.high or match.low <= match.high:
            continue
        days = ranges.get(DATE_OF.get(keyword, ""))
        if not combined or days is None or not isinstance(days.match, Range) or days.match.low == days.match.high:
            raise InvalidQuery("A time range of the query ends before it begins.")


def _add_key(plan: _Plan, name: str, value: str, by_path: Mapping[str, SearchAttribute], *, empty: bool) -> None:
    steps = [_tag(step, name) for step in name.split(".")]
    path = ".".join(f"{step:08X}" for step in steps)
    _ask(plan, path)
    attribute = BY_TAG.get(steps[0]) if len(steps) == 1 else None
    found: Attribute | SearchAttribute | None = attribute or by_path.get(path)
    usable = found is not None and _within(found, plan.level) and getattr(found, "matchable", True)
    if found is None or not usable:
        if value.strip(" \x00*") and steps[-1] not in _NOT_KEPT:
            plan.unmatched.append(keyword_for_tag(steps[-1]) or name)
        return
    match = match_of(found.vr, value, empty=empty)
    if isinstance(match, Universal):
        return
    if isinstance(found, Attribute):
        plan.conditions.append(rows.Condition(found, match))
        return
    plan.conditions.append(rows.ValueCondition(found, match))
    if not found.ready:
        plan.filling.append(keyword_for_tag(steps[-1]) or name)


def _tag(step: str, name: str) -> int:
    tag = int(step, 16) if _TAG.fullmatch(step) else tag_for_keyword(step)
    if not step or tag is None:
        raise InvalidQuery(f"There is no attribute {name[:64]!r}.")
    return tag


def _within(attribute: Attribute | SearchAttribute, level: Level) -> bool:
    return DEPTH[attribute.level] <= DEPTH[level]


def _ask(plan: _Plan, path: str) -> None:
    """Note what an answer must hold: a column, an element of the header, or parts of a sequence."""
    root, _, inner = path.partition(".")
    attribute = BY_TAG.get(int(root, 16))
    if inner:
        plan.parts.setdefault(root, set()).add(inner)
    elif attribute is not None and _within(attribute, plan.level):
        plan.asked.append(attribute)
    else:
        plan.paths.append(root)


def _order(level: Level, order: Sequence[tuple[str, bool]]) -> list[tuple[Attribute, bool]]:
    chosen = []
    for keyword, descending in order:
        attribute = BY_KEYWORD.get(keyword)
        if attribute is None or not _within(attribute, level):
            raise InvalidQuery(f"An answer cannot be ordered by {keyword[:64]!r}.")
        chosen.append((attribute, descending))
    return chosen


def _headers(
    connection: rows.Connection, plan: _Plan, query: Query, found: Sequence[Mapping[str, Any]]
) -> dict[int, JsonDataset]:
    """The headers that the answer needs: none, where columns hold all that is asked for."""
    kept = [path for path in plan.paths if int(path, 16) not in _NOT_KEPT]
    if query.include != "all" and not kept and not plan.parts:
        return {}
    keys = [row[f"{_TABLES[plan.level]}.id"] for row in found]
    return {key: decode(header) for key, header in rows.headers(connection, plan.level, keys).items()}


def _requests(
    connection: rows.Connection,
    plan: _Plan,
    query: Query,
    found: Sequence[Mapping[str, Any]],
    searchable: Iterable[SearchAttribute],
) -> dict[int, dict[str, Any]]:
    """The Request Attributes Sequence of each series, which an answer holds unasked (PS3.18 Table 10.6.3-4)."""
    if not query.defaults or plan.level is not Level.SERIES or query.include == "all":
        return {}
    wanted = {attribute.id: attribute for attribute in searchable if attribute.path in REQUEST_ATTRIBUTES}
    keys = [row["series.id"] for row in found]
    return {
        key: {"vr": "SQ", "Value": items}
        for key, items in search_attributes.items_of_series(connection, keys, wanted).items()
    }


class _Answers:
    """The answers to one query: what all of them hold is found out once."""

    def __init__(self, plan: _Plan, query: Query) -> None:
        self._level, self._defaults, self._everything = plan.level, query.defaults, query.include == "all"
        wanted = list(plan.asked)
        if self._everything:
            wanted += upto(plan.level)
        elif query.defaults:
            named = {one.attribute.keyword for one in plan.conditions if _is_one(one)}
            wanted += returned(plan.level, study="StudyInstanceUID" in named, series="SeriesInstanceUID" in named)
        else:
            wanted += [one for one in upto(plan.level) if one.vr == "UI" and one.keyword.endswith("InstanceUID")]
        self._columns = Columns(wanted, _TABLES)
        self._paths = [path for path in plan.paths if int(path, 16) not in _NOT_KEPT]
        self._parts = {
            root: (
                parts | (_OF_REQUEST if root == _REQUEST and query.defaults else set()),
                [] if query.fuzzy else _keys_of(plan, root),
            )
            for root, parts in plan.parts.items()
        }
        self._available = query.defaults or f"{INSTANCE_AVAILABILITY:08X}" in plan.paths
        self._totals = {name: path for name, path in _PATIENT_TOTALS.items() if query.defaults or path in plan.paths}

    def tell(self, row: Mapping[str, Any], header: JsonDataset | None, request: dict[str, Any] | None) -> JsonDataset:
        """One answer; ``header`` where more than columns is asked for, ``request`` that of a series."""
        made = self._columns.tell(row)
        if self._defaults:
            made[_CHARACTER_SET] = _UTF8
        if self._available:
            made[f"{INSTANCE_AVAILABILITY:08X}"] = _ONLINE
        if self._level is Level.PATIENT:
            made.update((path, element("IS", row[name])) for name, path in self._totals.items())
        paths = self._paths
        if self._everything:
            paths = [*paths, *paths_of_everything(self._level, header or {})]
        add_from_header(made, header, paths)
        for root, (parts, keys) in self._parts.items():
            if root not in paths:
                made[root] = part_of((header or {}).get(root), parts, keys)
        if self._defaults and self._level is Level.SERIES:
            made.setdefault(_REQUEST, request or {"vr": "SQ"})
        return dict(sorted(made.items()))


def _keys_of(plan: _Plan, root: str) -> list[tuple[SearchAttribute, Match]]:
    """The keys inside a sequence."""
    return [
        (one.attribute, one.match)
        for one in plan.conditions
        if isinstance(one, rows.ValueCondition) and one.attribute.root == root
    ]


def _is_one(condition: rows.Condition | rows.ValueCondition) -> TypeGuard[rows.Condition]:
    return (
        isinstance(condition, rows.Condition)
        and isinstance(condition.match, Values)
        and len(condition.match.values) == 1
    )


def _record(
    connection: rows.Connection, principal: Principal, query: Query, outcome: audit.Outcome, total: int
) -> None:
    asked = [f"{name}={value}" for name, value in query.keys.items() if value]
    audit.record(
        connection,
        principal,
        Action.SEARCH,
        outcome,
        detail={"level": str(query.level), "keys": asked, "offset": query.offset, "matches": total},
    )
