"""A page of what matches and how much there is, at a cost that does not grow with the archive (PS3.18 §8.3.4.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import or_
from typing import Any

from sqlalchemy import (
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    Column,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Select,
    func,
    select,
    text,
    union,
)
from sqlalchemy.ext.compiler import compiles
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
    order itself narrows it, so it is walked at once. ``head``: so many rows in the order are looked through first where
    what is sought is common (PostgreSQL alone tells). ``collected``: so many matches are worth collecting.
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
        return _walk(connection, search, limit, offset, max(COUNTED, limit + offset) + 1)
    if search.head and connection.dialect.name == "postgresql" and _is_common(connection, search, limit + offset + 1):
        found = _at_the_head(connection, search, limit, offset)
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
    if total <= search.collected:
        return Found(rows, total)
    return _walk(connection, search, limit, offset, limit + offset, least=search.collected + 1)


def _walk(connection: Connection, search: Search, limit: int, offset: int, most: int, *, least: int = 0) -> Found:
    """A page in order, walked as far as ``most`` matches; ``least``: so many there are, as is known already."""
    keys = _keys(search).order_by(*(term.by(term.column) for term in search.order)).limit(most)
    rows, total = _counted(connection, search, keys, limit, offset)
    if total < most:
        return Found(rows, total)
    return Found(rows, max(total, least, offset + len(rows) + 1), exact=False)


def _at_the_head(connection: Connection, search: Search, limit: int, offset: int) -> Found | None:
    """The page, if the head of the order has all of it and a row more."""
    terms = [term.column.label(f"k{number}") for number, term in enumerate(search.order)]
    head = (
        select(search.key.label("id"), *terms, *_read(search))
        .select_from(search.source)
        .order_by(*(term.by(term.column) for term in search.order))
        .limit(search.head)
        .subquery("head")
    )
    ordered = [head.c[f"k{number}"] for number in range(len(terms))]
    keys = (
        select(head.c.id, *ordered)
        .where(*map(ClauseAdapter(head).traverse, search.wanted))
        .order_by(*(term.by(column) for term, column in zip(search.order, ordered, strict=True)))
        .limit(limit + offset + 1)
    )
    rows, total = _counted(connection, search, keys, limit, offset)
    return Found(rows, total, exact=False) if total > limit + offset else None


def _counted(
    connection: Connection, search: Search, keys: Select[Any], limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """The rows of a page of these keys, which are in order, and how many keys there are."""
    hits = keys.cte("hit").prefix_with("MATERIALIZED")
    counted = select(func.count()).select_from(hits)
    order = (term.by(hits.c[f"k{number}"]) for number, term in enumerate(search.order))
    rows = _rows(connection, search, select(hits).order_by(*order), limit, offset, counted.scalar_subquery())
    return rows, int(rows[0]["counted"] if rows else connection.execute(counted).scalar_one())


class _Plan(Executable, ClauseElement):
    """How PostgreSQL would run a statement, as JSON."""

    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Plan)
def _explain(plan: _Plan, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(plan.statement, **options)}"


def _is_common(connection: Connection, search: Search, wanted: int) -> bool:
    """Whether PostgreSQL, from its statistics, expects so many matches at the head of the order."""
    matching = _expected(connection, _keys(search))
    if matching < wanted:
        return False
    return wanted * _expected(connection, select(search.key).select_from(search.source)) <= matching * search.head


def _expected(connection: Connection, statement: Select[Any]) -> int:
    """The rows that PostgreSQL expects of a statement."""
    return int(connection.execute(_Plan(statement)).scalar_one()[0]["Plan"]["Plan Rows"])


def _read(search: Search) -> Iterator[ColumnElement[Any]]:
    """The columns of the source that its conditions read."""
    found: dict[str, Column[Any]] = {}
    for condition in search.wanted:
        for part in iterate(condition):
            if isinstance(part, Column) and part.table is search.source and part is not search.key:
                found[part.name] = part
    yield from found.values()


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
) -> list[dict[str, Any]]:
    """Of the keys in order, those of the page, with all that is shown of them."""
    page = chosen.limit(limit).offset(offset).subquery("page")
    source = search.source if search.beside is None else search.source.join(search.beside, search.joined)
    statement = (
        select(*search.shown, counted.label("counted"))
        .select_from(source.join(page, search.key == page.c.id))
        .order_by(*(term.by(page.c[f"k{number}"]) for number, term in enumerate(search.order)))
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
