"""A page of what matches and how much there is, at a cost that does not grow with the archive (PS3.18 §8.3.4.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import or_
from typing import Any

from sqlalchemy import (
    BinaryExpression,
    BooleanClauseList,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    func,
    literal,
    select,
    text,
    true,
    union,
)
from sqlalchemy.sql.operators import like_op
from sqlalchemy.sql.util import ClauseAdapter
from sqlalchemy.sql.visitors import iterate

# So many matches are counted exactly; of more it is said that there are at least so many.
COUNTED = 2_000
# The best plan of a search depends on its values: plan for these, by an index wherever there is one; compile nothing,
# start no helpers. A plan for any value reads a million rows for the one that is rare.
_PLANNING = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true), "
    "set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true), "
    "set_config('max_parallel_workers_per_gather', '0', true)"
)


@dataclass(frozen=True)
class Term:
    """One column of an order."""

    column: ColumnElement[Any]
    descending: bool = False

    def by(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The term of ORDER BY, of this column or of another that holds the same."""
        return column.desc() if self.descending else column.asc()


@dataclass(frozen=True)
class Found:
    """The rows of a page and how many match in all; if not ``exact``, at least ``total``."""

    rows: list[dict[str, Any]]
    total: int
    exact: bool = True


@dataclass(frozen=True)
class Search:
    """Rows of ``source`` that are ``wanted``, each by its ``key``, which is also the last term of the order.

    ``beside``: a table of which rows are shown too, by ``joined``, or else by a foreign key. ``walk``: nothing but the
    order itself narrows it, so it is walked at once. ``head``: so many rows in the order are looked through before an
    index is asked, which is dear where what is sought is common. ``collected``: so many are worth collecting.
    """

    source: FromClause
    wanted: Sequence[ColumnElement[bool]]
    key: ColumnElement[Any]
    order: Sequence[Term]
    shown: Sequence[ColumnElement[Any]]
    beside: FromClause | None = None
    joined: ColumnElement[bool] | None = None
    walk: bool = False
    head: int = 0
    collected: int = COUNTED


def plan_by_values(connection: Connection) -> None:
    """Until the transaction ends, let PostgreSQL plan each search for its own values; SQLite knows nothing else."""
    if connection.dialect.name == "postgresql":
        connection.execute(_PLANNING)


def page(connection: Connection, search: Search, limit: int, offset: int) -> Found:
    """A page in order, and how many rows match.

    A search that finds little is collected by whatever index finds it, counted and sorted. One that finds much is
    walked in its order instead, which ends soon because what matches is frequent. Neither reads a whole table.
    """
    plan_by_values(connection)
    if search.walk:
        some = select(search.key).select_from(search.source).where(*search.wanted).limit(COUNTED + 1)
        return _walk(connection, search, limit, offset, select(func.count()).select_from(some.subquery()))
    found = _at_the_head(connection, search, limit, offset) if limit and limit + offset < search.head else None
    if found is not None:
        return found
    hits = _some(search).cte("hit").prefix_with("MATERIALIZED")
    counted = select(func.count()).select_from(hits)
    order = (term.by(hits.c[f"k{number}"]) for number, term in enumerate(search.order))
    rows = _rows(connection, search, select(hits).order_by(*order), limit, offset, counted.scalar_subquery())
    if not rows and (offset or not limit):
        total = int(connection.execute(counted).scalar_one())
    else:
        total = int(rows[0]["counted"]) if rows else 0
    return Found(rows, total) if total <= search.collected else _walk(connection, search, limit, offset, None)


def _at_the_head(connection: Connection, search: Search, limit: int, offset: int) -> Found | None:
    """The page, if the head of the order has all of it and a row more."""
    terms = (term.column.label(f"k{number}") for number, term in enumerate(search.order))
    head = (
        select(search.key.label("id"), *terms, *_read(search))
        .select_from(search.source)
        .order_by(*(term.by(term.column) for term in search.order))
        .limit(search.head)
        .cte("head")
        .prefix_with("MATERIALIZED")
    )
    seen = ClauseAdapter(head)
    keys = [head.c.id, *(head.c[f"k{number}"] for number in range(len(search.order)))]
    hits = select(*keys).where(*map(seen.traverse, search.wanted)).cte("hit").prefix_with("MATERIALIZED")
    order = (term.by(hits.c[f"k{number}"]) for number, term in enumerate(search.order))
    # Of one that is not full nothing is hidden behind it.
    is_all = select(func.count() < search.head).select_from(head).scalar_subquery()
    counted = select(func.count()).select_from(hits).scalar_subquery()
    rows = _rows(connection, search, select(hits).order_by(*order), limit, offset, counted, is_all)
    if not rows or not (rows[0]["is_all"] or rows[0]["counted"] > limit + offset):
        return None
    return Found(rows, int(rows[0]["counted"]), exact=bool(rows[0]["is_all"]))


def _read(search: Search) -> Iterator[ColumnElement[Any]]:
    """The columns of the source that its conditions read."""
    found: dict[str, Column[Any]] = {}
    for condition in search.wanted:
        for part in iterate(condition):
            if isinstance(part, Column) and part.table is search.source and part is not search.key:
                found[part.name] = part
    yield from found.values()


def _walk(connection: Connection, search: Search, limit: int, offset: int, counted: Select[Any] | None) -> Found:
    """A page in order; ``counted`` counts as far as it is worth, ``None``: there are more than that."""
    keys = _keys(search).order_by(*(term.by(term.column) for term in search.order))
    rows = _rows(connection, search, keys, limit, offset, literal(0))
    seen = offset + len(rows)
    # A page that is not full is the last one.
    if len(rows) < limit and (rows or not offset):
        return Found(rows, seen)
    total = int(connection.execute(counted).scalar_one()) if counted is not None else COUNTED + 1
    return Found(rows, total) if total <= COUNTED else Found(rows, max(total, seen + 1), exact=False)


def _keys(search: Search) -> Select[Any]:
    """What orders the rows, without what they show: an index may hold it all."""
    terms = (term.column.label(f"k{number}") for number, term in enumerate(search.order))
    return select(search.key.label("id"), *terms).select_from(search.source).where(*search.wanted)


def _some(search: Search) -> Select[Any]:
    """The keys of as many rows as are counted and one more, in no order.

    Where one of several patterns is to match, the rows of each are a range of an index; of all at once PostgreSQL would
    rather read the whole index.
    """
    for number, term in enumerate(search.wanted):
        if isinstance(term, BooleanClauseList) and term.operator is or_ and all(map(_is_pattern, term.clauses)):
            others = [*search.wanted[:number], *search.wanted[number + 1 :]]
            ranges = (
                select(_keys(replace(search, wanted=[*others, one])).limit(search.collected + 1).subquery())
                for one in term.clauses
            )
            return select(union(*ranges).subquery()).limit(search.collected + 1)
    return _keys(search).limit(search.collected + 1)


def _is_pattern(term: Any) -> bool:
    return isinstance(term, BinaryExpression) and term.operator is like_op and isinstance(term.left, Column)


def _rows(
    connection: Connection,
    search: Search,
    chosen: Select[Any],
    limit: int,
    offset: int,
    counted: ColumnElement[int],
    is_all: ColumnElement[bool] | None = None,
) -> list[dict[str, Any]]:
    """Of the keys in order, those of the page, with all that is shown of them."""
    page = chosen.limit(limit).offset(offset).subquery("page")
    source = search.source if search.beside is None else search.source.join(search.beside, search.joined)
    statement = (
        select(*search.shown, counted.label("counted"), (true() if is_all is None else is_all).label("is_all"))
        .select_from(source.join(page, search.key == page.c.id))
        .order_by(*(term.by(page.c[f"k{number}"]) for number, term in enumerate(search.order)))
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
