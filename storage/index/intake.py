"""The quick way in: instances of series that are known already, added by many threads in one transaction."""

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import bindparam, select, update

from storage.dicom.search_value import NONE, SearchValues
from storage.errors import StoreUnavailable
from storage.fault_point import reached
from storage.index.engine import CommitUnknown, Conflict, Index
from storage.index.instances import insert_or_ignore_in
from storage.index.prepared import Cursor, Prepared
from storage.index.schema import discrepancy, instance, instance_header, series, study
from storage.index.searchable_schema import instance_value, series_value, study_value

MOST_AT_ONCE = 128


class Outcome(Enum):
    """What became of an addition that raised nothing."""

    ADDED = auto()
    TAKEN = auto()  # its SOP Instance UID is kept already; nothing was written
    STALE = auto()  # its study or series is not what it was thought to be; nothing was written


@dataclass(frozen=True, slots=True)
class Addition:
    """One instance for a study whose row is known; ``instance`` holds the columns of its row.

    ``series_id``: the row of its series, or ``None`` for one that is new, with the columns of ``series``; its modality
    must be one that the study has already.
    """

    study_id: int
    study_instance_uid: str
    series_id: int | None
    series_instance_uid: str
    series: Mapping[str, Any]
    instance: Mapping[str, Any]
    header: bytes
    frames: bytes
    now: datetime
    noted: tuple[str, ...] = ()  # keys of the discrepancies that this is one more case of
    values: SearchValues = NONE  # what is searched beside the columns and has no rows yet


@dataclass(slots=True)
class _Ticket:
    addition: Addition
    outcome: Outcome | None = None
    series_id: int = 0
    error: Exception | None = field(default=None)


class _StaleError(Exception):
    """A row that was to be counted up is not there."""


class Intake:
    """Adds instances; whoever comes while a transaction commits is taken along by the next one (group commit).

    The thread that leads works for all that wait, so a lone sender pays for no hand-over. Safe to share between
    threads, not across a fork.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._waiting: deque[_Ticket] = deque()
        self._leading = threading.Lock()
        self._connection: Any = None
        dialect = index.engine.dialect
        self._add_series = Prepared(
            insert_or_ignore_in(dialect, series)
            .values({name: bindparam(name) for name in _SERIES_COLUMNS})
            .returning(series.c.id),
            dialect,
            _SERIES_COLUMNS,
        )
        self._series_elsewhere = Prepared(_SERIES_ELSEWHERE, dialect, ())
        self._add = Prepared(
            insert_or_ignore_in(dialect, instance)
            .values({name: bindparam(name) for name in _COLUMNS})
            .returning(instance.c.id),
            dialect,
            _COLUMNS,
        )
        self._add_header = Prepared(
            insert_or_ignore_in(dialect, instance_header), dialect, ("instance_fk", "header", "frames")
        )
        self._add_value = [
            Prepared(insert_or_ignore_in(dialect, table), dialect, _VALUE_COLUMNS)
            for table in (study_value, series_value, instance_value)
        ]
        self._count_series = Prepared(_COUNT_SERIES, dialect, ())
        self._count_study = Prepared(_COUNT_STUDY, dialect, ())
        self._count_discrepancy = Prepared(_COUNT_DISCREPANCY, dialect, ())
        # Known to the driver, not to SQLAlchemy: this module speaks to the driver itself.
        self._driver: Any = dialect.loaded_dbapi

    def add(self, addition: Addition) -> tuple[Outcome, int]:
        """Add an instance, and count it in its series and study; committed when this returns, with the series' row.

        Raises:
            StoreUnavailable: the index cannot be reached; nothing was written.
            CommitUnknown: the index was lost while it committed.
        """
        ticket = _Ticket(addition)
        self._waiting.append(ticket)
        with self._leading:
            if ticket.outcome is None and ticket.error is None:
                self._lead()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.outcome is not None
        return ticket.outcome, ticket.series_id

    def close(self) -> None:
        """Give the connection back."""
        with self._leading:
            self._disconnect()

    def _lead(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        try:
            self._commit(batch)
        except (_StaleError, Conflict):
            # One of them, or somebody else, is in the way: each for itself.
            for ticket in batch:
                self._commit_alone(ticket)
        except Exception as error:  # noqa: BLE001  it belongs to those who wait, each in a thread of its own
            for ticket in batch:
                ticket.error = error

    def _commit_alone(self, ticket: _Ticket) -> None:
        try:
            self._commit([ticket])
        except (_StaleError, Conflict):
            ticket.outcome = Outcome.STALE
        except Exception as error:  # noqa: BLE001  as above
            ticket.error = error

    def _commit(self, batch: Sequence[_Ticket]) -> None:
        with self._index.turn():
            try:
                outcomes = self._transaction(batch)
            except self._driver.Error as error:
                self._give_up()
                self._translate(error)
            except BaseException:
                self._give_up()
                raise
        for ticket, outcome in zip(batch, outcomes, strict=True):
            ticket.outcome = outcome

    def _transaction(self, batch: Sequence[_Ticket]) -> list[Outcome]:
        cursor = self._begin()
        outcomes = []
        in_series: Counter[tuple[int, str, int]] = Counter()
        in_study: Counter[tuple[int, str]] = Counter()
        new_series: Counter[int] = Counter()
        noted: Counter[str] = Counter()
        made: dict[tuple[int, str], int] = {}
        said: set[tuple[Any, ...]] = set()
        now = batch[0].addition.now
        for ticket in batch:
            one = ticket.addition
            series_id = one.series_id or made.get((one.study_id, one.series_instance_uid))
            if series_id is None:
                series_id = self._new_series(cursor, one)
                made[one.study_id, one.series_instance_uid] = series_id
                new_series[one.study_id] += 1
            ticket.series_id = series_id
            self._add.run(cursor, {**one.instance, "series_fk": series_id})
            row = cursor.fetchone()
            if row is None:
                if made:
                    raise _StaleError  # the careful way does not make a series for nothing
                outcomes.append(Outcome.TAKEN)
                continue
            self._add_header.run(cursor, {"instance_fk": row[0], "header": one.header, "frames": one.frames})
            in_series[series_id, one.series_instance_uid, one.study_id] += 1
            in_study[one.study_id, one.study_instance_uid] += 1
            noted.update(one.noted)
            if one.values is not NONE:
                said.update(_value_rows(one, series_id, row[0]))
            now = max(now, one.now)
            outcomes.append(Outcome.ADDED)
        # In this order everywhere, so that two processes do not wait for each other.
        for table, *value in sorted(said):
            self._add_value[table].run(cursor, dict(zip(_VALUE_COLUMNS, value, strict=True)))
        for (study_id, uid), number in sorted(in_study.items()):
            self._count(
                self._count_study,
                cursor,
                {"id_": study_id, "uid": uid, "number": number, "new": new_series[study_id], "now": now},
            )
        for (series_id, uid, study_id), number in sorted(in_series.items()):
            values = {"id_": series_id, "uid": uid, "study": study_id, "number": number, "now": now}
            self._count(self._count_series, cursor, values)
        for key, number in sorted(noted.items()):
            self._count_discrepancy.run(cursor, {"key_": key, "number": number, "now": now})
        reached("index: before commit")
        try:
            self._connection.commit()
        except self._driver.Error as error:
            if getattr(error, "sqlstate", None) in Index.RETRYABLE:
                raise
            self._disconnect()
            raise CommitUnknown("The index was lost while it was committing.") from error
        reached("index: committed")
        return outcomes

    def _new_series(self, cursor: Cursor, one: Addition) -> int:
        """Add a series that nobody has, in no study at all."""
        self._series_elsewhere.run(cursor, {"uid": one.series_instance_uid})
        if cursor.fetchone() is not None:
            raise _StaleError
        values = {
            **one.series,
            "study_fk": one.study_id,
            "series_instance_uid": one.series_instance_uid,
            "received_at": one.now,
            "updated_at": one.now,
        }
        self._add_series.run(cursor, values)
        row = cursor.fetchone()
        if row is None:
            raise _StaleError
        return int(row[0])

    @staticmethod
    def _count(statement: Prepared, cursor: Cursor, values: Mapping[str, Any]) -> None:
        """Count up a row, which must still be the one of this UID: an id may have been given anew."""
        statement.run(cursor, values)
        if cursor.rowcount != 1:
            raise _StaleError

    def _begin(self) -> Cursor:
        """A cursor in a new transaction; a connection that died while it was idle is replaced."""
        if self._connection is not None:
            try:
                return self._start()
            except self._driver.Error:
                self._disconnect()
        self._connection = self._index.driver_connection()
        return self._start()

    def _start(self) -> Cursor:
        cursor: Cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self._index.is_sqlite else "SELECT 1")
        return cursor

    def _give_up(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.rollback()
        except self._driver.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._driver.Error):
                connection.close()

    def _translate(self, error: Exception) -> None:
        if isinstance(error, self._driver.IntegrityError):
            raise _StaleError from error  # the study or series was removed
        if getattr(error, "sqlstate", None) in Index.RETRYABLE:
            raise Conflict("The index is too busy.") from error
        raise StoreUnavailable("The index cannot be reached now.") from error


def _value_rows(one: Addition, series_id: int, instance_id: int) -> Iterator[tuple[Any, ...]]:
    """Number of the table, and columns, of each value."""
    yield from ((0, one.study_id, *row) for row in one.values.study)
    yield from ((1, series_id, *row) for row in one.values.series)
    yield from ((2, instance_id, *row) for row in one.values.instance)


_VALUE_COLUMNS = ("owner_fk", "attribute_id", "item", "leaf", "value")
_COLUMNS = (
    *("series_fk", "sop_instance_uid", "sop_class_uid", "instance_number", "rows", "columns", "bits_allocated"),
    *("number_of_frames", "transfer_syntax_uid", "size", "dataset_offset", "dataset_sha256", "location", "spool_name"),
    *("object_key", "source_ae_title", "facility_id", "received_at"),
)
_SERIES_COLUMNS = (
    *("study_fk", "series_instance_uid", "modality", "series_number", "series_description", "series_date"),
    *("series_time", "body_part_examined", "laterality", "performed_procedure_step_start_date"),
    *("performed_procedure_step_start_time", "received_at", "updated_at"),
)
_SERIES_ELSEWHERE = select(series.c.id).where(series.c.series_instance_uid == bindparam("uid"))
_COUNT_SERIES = (
    update(series)
    .where(
        series.c.id == bindparam("id_"),
        series.c.series_instance_uid == bindparam("uid"),
        series.c.study_fk == bindparam("study"),
    )
    .values(
        number_of_instances=series.c.number_of_instances + bindparam("number"),
        revision=series.c.revision + bindparam("number"),
        updated_at=bindparam("now"),
    )
)
_COUNT_STUDY = (
    update(study)
    .where(study.c.id == bindparam("id_"), study.c.study_instance_uid == bindparam("uid"))
    .values(
        number_of_instances=study.c.number_of_instances + bindparam("number"),
        number_of_series=study.c.number_of_series + bindparam("new"),
        updated_at=bindparam("now"),
    )
)
_COUNT_DISCREPANCY = (
    update(discrepancy)
    .where(discrepancy.c.key == bindparam("key_"))
    .values(number_of_instances=discrepancy.c.number_of_instances + bindparam("number"), last_seen_at=bindparam("now"))
)
