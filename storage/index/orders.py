"""Orders, their steps and the studies that came of them, as SQL."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select, update

from storage.dicom.text import tokens
from storage.index.instances import insert_or_ignore
from storage.index.order_schema import imaging_order, order_step, order_study, performed_order, performed_step
from storage.index.prepared import Ready
from storage.index.schema import facility, series, study

Row = dict[str, Any]

__all__ = ["Connection", "Row", "Wanted"]

_PAGE = 500
_OPEN = ("scheduled", "in-progress")


@dataclass(frozen=True)
class Wanted:
    """Which orders are shown: with every word of ``text``, in one of ``states``, for a modality, in a range of days."""

    text: str = ""
    states: Sequence[str] = ()
    modality: str = ""
    date_from: str = ""
    date_to: str = ""


def add(connection: Connection, values: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> int | None:
    """Add an order with its steps; ``None`` when its study is another order's."""
    statement = insert_or_ignore(connection, imaging_order).returning(imaging_order.c.id)
    made = connection.execute(statement, dict(values)).scalar()
    if made is None:
        return None
    add_steps(connection, made, steps)
    return int(made)


def add_steps(connection: Connection, order: int, steps: Sequence[Mapping[str, Any]]) -> None:
    """Add steps to an order."""
    connection.execute(insert(order_step), [{**one, "order_fk": order} for one in steps])


def replace_steps(connection: Connection, order: int, steps: Sequence[Mapping[str, Any]]) -> None:
    """Give an order other steps; those that stay, by their place, keep what was reported of them."""
    statement = select(order_step.c.id).where(order_step.c.order_fk == order).order_by(order_step.c.id)
    identities = list(connection.execute(statement).scalars())
    for identity, values in zip(identities, steps, strict=False):
        connection.execute(update(order_step).where(order_step.c.id == identity).values(**values))
    if surplus := identities[len(steps) :]:
        connection.execute(delete(order_step).where(order_step.c.id.in_(surplus)))
    if new := steps[len(identities) :]:
        add_steps(connection, order, new)


def change(connection: Connection, order: int, values: Mapping[str, Any]) -> None:
    """Replace columns of an order; its version grows."""
    statement = update(imaging_order).where(imaging_order.c.id == order)
    connection.execute(statement.values(**values, version=imaging_order.c.version + 1))


def number(connection: Connection, order: int, values: Mapping[str, Any]) -> None:
    """Give a new order the numbers that nobody gave it."""
    connection.execute(update(imaging_order).where(imaging_order.c.id == order).values(**values))


def number_step(connection: Connection, step: int, step_id: str) -> None:
    """Give a new step the number that nobody gave it."""
    connection.execute(update(order_step).where(order_step.c.id == step).values(step_id=step_id))


def change_steps(connection: Connection, steps: Collection[int], state: str) -> None:
    """Put steps into a state."""
    connection.execute(update(order_step).where(order_step.c.id.in_(steps)).values(state=state))


def _orders() -> Select[Any]:
    return select(
        *imaging_order.c, facility.c.code.label("facility_code"), facility.c.name.label("facility_name")
    ).join(facility, facility.c.id == imaging_order.c.facility_id)


def find(connection: Connection, order: int, *, lock: bool = False) -> Row | None:
    """One order; with ``lock`` nobody else changes it until the transaction ends."""
    statement = _orders().where(imaging_order.c.id == order)
    row = connection.execute(statement.with_for_update(of=imaging_order) if lock else statement).mappings().first()
    return dict(row) if row else None


def steps_of(connection: Connection, orders: Collection[int]) -> list[Row]:
    """The steps of orders, in the order in which they were given."""
    statement = select(order_step).where(order_step.c.order_fk.in_(orders)).order_by(order_step.c.id)
    return [dict(row) for row in connection.execute(statement).mappings()]


def studies_of(connection: Connection, orders: Collection[int]) -> list[Row]:
    """The studies of orders, and how much of each is kept."""
    statement = (
        select(
            *order_study.c,
            func.coalesce(study.c.number_of_instances, 0).label("number_of_instances"),
            study.c.updated_at,
            study.c.patient_name,
        )
        .outerjoin(study, study.c.study_instance_uid == order_study.c.study_instance_uid)
        .where(order_study.c.order_fk.in_(orders))
        .order_by(order_study.c.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def page(
    connection: Connection, wanted: Wanted, reach: Collection[int] | None, limit: int, offset: int
) -> tuple[list[Row], int]:
    """A page of orders by the time they are scheduled, and how many there are."""
    conditions = list(_conditions(wanted, reach))
    total = connection.execute(select(func.count()).select_from(imaging_order).where(*conditions)).scalar_one()
    order = (imaging_order.c.scheduled_date, imaging_order.c.scheduled_time, imaging_order.c.id)
    statement = _orders().where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [dict(row) for row in connection.execute(statement).mappings()], int(total)


def counts(connection: Connection, wanted: Wanted, reach: Collection[int] | None) -> dict[str, int]:
    """How many of the orders are in each state."""
    statement = select(imaging_order.c.state, func.count()).where(*_conditions(wanted, reach))
    return {str(state): int(many) for state, many in connection.execute(statement.group_by(imaging_order.c.state))}


def _conditions(wanted: Wanted, reach: Collection[int] | None) -> Iterator[ColumnElement[bool]]:
    if reach is not None:
        yield imaging_order.c.facility_id.in_(reach)
    if wanted.states:
        yield imaging_order.c.state.in_(wanted.states)
    if wanted.date_from:
        yield imaging_order.c.scheduled_date >= wanted.date_from
    if wanted.date_to:
        yield imaging_order.c.scheduled_date <= wanted.date_to
    if wanted.modality:
        of_order = and_(order_step.c.order_fk == imaging_order.c.id, order_step.c.modality == wanted.modality)
        yield exists(select(order_step.c.id).where(of_order))
    for word in dict.fromkeys(tokens(wanted.text)):
        part = word if any(letter.isdigit() for letter in word) else f" {word}"
        yield imaging_order.c.search_text.contains(part, autoescape=True, escape="!")


@dataclass(frozen=True)
class Narrowed:
    """What columns can say of steps before each is looked at: values of one column, or a range of days."""

    modalities: Sequence[str] = ()
    station: str = ""
    patient_ids: Sequence[str] = ()
    accession_numbers: Sequence[str] = ()
    studies: Sequence[str] = ()
    date_from: str = ""
    date_to: str = ""


def walk(connection: Connection, reach: Collection[int] | None, narrowed: Narrowed) -> Iterator[tuple[Row, Row]]:
    """The open steps with their orders, by the time they are scheduled; each is to be looked at closer."""
    ordered = (order_step.c.scheduled_date, order_step.c.scheduled_time, order_step.c.id)
    named = [column.label(f"order_{column.name}") for column in imaging_order.c]
    statement = select(*order_step.c, *named).join(imaging_order, imaging_order.c.id == order_step.c.order_fk)
    statement = statement.where(order_step.c.state.in_(_OPEN), imaging_order.c.state.in_(_OPEN))
    statement = statement.where(*_narrowing(narrowed, reach)).order_by(*ordered).limit(_PAGE)
    page = connection.execute(statement).mappings().all()
    while page:
        for row in page:
            yield (
                {column.name: row[f"order_{column.name}"] for column in imaging_order.c},
                {column.name: row[column.name] for column in order_step.c},
            )
        last = page[-1]
        values = [last[column.name] for column in ordered]
        behind = or_(
            ordered[0] > values[0],
            and_(ordered[0] == values[0], ordered[1] > values[1]),
            and_(ordered[0] == values[0], ordered[1] == values[1], ordered[2] > values[2]),
        )
        page = connection.execute(statement.where(behind)).mappings().all()


def _narrowing(narrowed: Narrowed, reach: Collection[int] | None) -> Iterator[ColumnElement[bool]]:
    if reach is not None:
        yield imaging_order.c.facility_id.in_(reach)
    for column, values in (
        (order_step.c.modality, narrowed.modalities),
        (imaging_order.c.patient_id, narrowed.patient_ids),
        (imaging_order.c.accession_number, narrowed.accession_numbers),
        (imaging_order.c.study_instance_uid, narrowed.studies),
    ):
        if values:
            yield column.in_(values)
    if narrowed.station:
        named = order_step.c.stations.contains(f"\\{narrowed.station}\\", autoescape=True, escape="!")
        yield or_(order_step.c.stations == "\\", named)
    if narrowed.date_from:
        yield order_step.c.scheduled_date >= narrowed.date_from
    if narrowed.date_to:
        yield order_step.c.scheduled_date <= narrowed.date_to


def candidates(
    connection: Connection,
    reach: Collection[int] | None,
    studies: Sequence[str],
    accessions: Sequence[str],
    patient_id: str,
) -> list[Row]:
    """Orders that what a machine says may be of: of this study, accession number or patient; at most fifty."""
    named: list[ColumnElement[bool]] = []
    if studies:
        named.append(imaging_order.c.study_instance_uid.in_(studies))
    if accessions:
        named.append(imaging_order.c.accession_number.in_(accessions))
    if patient_id:
        named.append(and_(imaging_order.c.patient_id == patient_id, imaging_order.c.state.in_(_OPEN)))
    if not named:
        return []
    statement = select(imaging_order).where(or_(*named)).order_by(imaging_order.c.id.desc()).limit(50)
    if reach is not None:
        statement = statement.where(imaging_order.c.facility_id.in_(reach))
    return [dict(row) for row in connection.execute(statement).mappings()]


def there_are_any(connection: Connection) -> bool:
    """Whether there is any order at all: many archives are told of none, and ask this for each series that arrives."""
    return _ANY.run(connection, {}).fetchone() is not None


_ANY = Ready(lambda _: select(imaging_order.c.id).limit(1))


def link(connection: Connection, order: int, study_instance_uid: str, found_by: str, now: datetime) -> bool:
    """Note that a study is of an order; false where that is known."""
    values = {"order_fk": order, "study_instance_uid": study_instance_uid, "found_by": found_by, "found_at": now}
    statement = insert_or_ignore(connection, order_study).returning(order_study.c.id)
    return connection.execute(statement, values).scalar() is not None


def unlink(connection: Connection, order: int, study_instance_uid: str) -> bool:
    """Note that a study is not of an order; false where none said so."""
    statement = delete(order_study).where(
        order_study.c.order_fk == order, order_study.c.study_instance_uid == study_instance_uid
    )
    return connection.execute(statement).rowcount > 0


def orders_of(connection: Connection, study_instance_uid: str) -> list[int]:
    """The orders that a study is known to be of."""
    statement = select(order_study.c.order_fk).where(order_study.c.study_instance_uid == study_instance_uid)
    return list(connection.execute(statement).scalars())


def kept_studies(connection: Connection, facility_id: int, study_instance_uid: str, accession_number: str) -> list[Row]:
    """Kept studies of a facility that may be of an order: of its UID or accession number; with their modalities."""
    named = [study.c.study_instance_uid == study_instance_uid]
    if accession_number:
        named.append(study.c.accession_number == accession_number)
    statement = select(study).where(or_(*named), study.c.facility_id == facility_id).order_by(study.c.id).limit(20)
    return [dict(row) for row in connection.execute(statement).mappings()]


def quiet(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Orders in progress that no machine reports on, and whose studies have all not grown since a time."""
    reported = (
        select(performed_order.c.id)
        .join(order_step, order_step.c.id == performed_order.c.order_step_fk)
        .where(order_step.c.order_fk == imaging_order.c.id)
    )
    of_order = (
        select(study.c.id)
        .join(order_study, order_study.c.study_instance_uid == study.c.study_instance_uid)
        .where(order_study.c.order_fk == imaging_order.c.id)
    )
    begun = select(order_step.c.id).where(
        order_step.c.order_fk == imaging_order.c.id, order_step.c.state == "in-progress"
    )
    statement = select(imaging_order.c.id).where(
        imaging_order.c.state == "in-progress",
        imaging_order.c.updated_at < before,
        exists(begun),
        ~exists(reported),
        exists(of_order),
        ~exists(of_order.where(study.c.updated_at >= before)),
    )
    return list(connection.execute(statement.order_by(imaging_order.c.id).limit(limit)).scalars())


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Remove orders that ended before a time and of whose studies nothing is kept; how many."""
    of_order = (
        select(study.c.id)
        .join(order_study, order_study.c.study_instance_uid == study.c.study_instance_uid)
        .where(order_study.c.order_fk == imaging_order.c.id)
    )
    old = select(imaging_order.c.id).where(imaging_order.c.final_at < before, ~exists(of_order)).limit(limit)
    identities = list(connection.execute(old).scalars())
    if identities:
        connection.execute(delete(imaging_order).where(imaging_order.c.id.in_(identities)))
    return len(identities)


def performed_of(connection: Connection, orders: Collection[int]) -> list[Row]:
    """What machines reported on orders, oldest first."""
    statement = (
        select(*performed_step.c, order_step.c.order_fk)
        .join(performed_order, performed_order.c.performed_fk == performed_step.c.id)
        .join(order_step, order_step.c.id == performed_order.c.order_step_fk)
        .where(order_step.c.order_fk.in_(orders))
        .order_by(performed_step.c.id)
        .distinct()
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def modalities(connection: Connection, study_instance_uid: str) -> list[str]:
    """The modalities of what is kept of a study."""
    statement = select(series.c.modality).join(study, study.c.id == series.c.study_fk)
    statement = statement.where(study.c.study_instance_uid == study_instance_uid).distinct()
    return list(connection.execute(statement).scalars())
