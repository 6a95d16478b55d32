"""Rows of printed films, and the studies that one may belong to, as SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from storage.index.film_schema import film
from storage.index.order_schema import imaging_order, order_step, order_study, performed_order
from storage.index.schema import facility, instance, series, study

Row = dict[str, Any]

__all__ = ["OPEN", "SETTLED", "Connection", "Row"]

OPEN = ("new", "tray", "filing")
SETTLED = ("filed", "discarded")


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a film; its number."""
    return int(connection.execute(insert(film).returning(film.c.id), values).scalar_one())


def by_id(connection: Connection, identity: int) -> Row | None:
    """One film with its facility's code and name."""
    return _first(connection, _shown().where(film.c.id == identity))


def by_uid(connection: Connection, film_uid: str) -> Row | None:
    """The film of this UID."""
    return _first(connection, _shown().where(film.c.film_uid == film_uid))


def page(
    connection: Connection, reach: Collection[int] | None, states: Sequence[str], limit: int, offset: int
) -> tuple[list[Row], int]:
    """Films in these states, the newest first, and how many there are."""
    conditions: list[ColumnElement[bool]] = [film.c.state.in_(states)]
    if reach is not None:
        conditions.append(film.c.facility_id.in_(reach))
    newest = _shown().where(*conditions).order_by(film.c.id.desc()).limit(limit).offset(offset)
    total = connection.execute(select(func.count()).select_from(film).where(*conditions)).scalar_one()
    return [dict(row) for row in connection.execute(newest).mappings()], int(total)


def bytes_waiting(connection: Connection) -> int:
    """What the films that are not settled take, in bytes."""
    statement = select(func.coalesce(func.sum(film.c.bytes), 0)).where(film.c.state.in_(OPEN))
    return int(connection.execute(statement).scalar_one())


def to_file(connection: Connection, node: str, now: datetime, limit: int) -> list[Row]:
    """Films that can be worked on at this node: just printed, or left on their way into a study."""
    statement = (
        _shown()
        .where(
            film.c.state.in_(("new", "filing")),
            or_(film.c.node == node, film.c.location == "object"),
            or_(film.c.claimed_until.is_(None), film.c.claimed_until < now),
        )
        .order_by(film.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def claim(connection: Connection, identity: int, state: str, now: datetime, until: datetime) -> bool:
    """Take a film in this state to work on; false if somebody else has it, or it is in another state."""
    statement = (
        update(film)
        .where(
            film.c.id == identity,
            film.c.state == state,
            or_(film.c.claimed_until.is_(None), film.c.claimed_until < now),
        )
        .values(claimed_until=until)
    )
    return connection.execute(statement).rowcount > 0


def change(connection: Connection, identity: int, expected: str, **values: Any) -> bool:
    """Change a film that is in the expected state; false if it is not."""
    statement = update(film).where(film.c.id == identity, film.c.state == expected).values(**values)
    return connection.execute(statement).rowcount > 0


def in_spool(connection: Connection, node: str, limit: int) -> list[Row]:
    """Films of the tray whose file is still on the disk of this node."""
    statement = _shown().where(film.c.state == "tray", film.c.location == "spool", film.c.node == node)
    return [dict(row) for row in connection.execute(statement.order_by(film.c.id).limit(limit)).mappings()]


def moved(connection: Connection, identity: int, object_key: str) -> bool:
    """Note that the file of a film is in the object store now; false if it is settled already."""
    statement = (
        update(film)
        .where(film.c.id == identity, film.c.location == "spool", film.c.state.in_(OPEN))
        .values(location="object", object_key=object_key)
    )
    return connection.execute(statement).rowcount > 0


def to_erase(connection: Connection, node: str, limit: int) -> list[Row]:
    """Settled films whose file is still there, where this node can remove it."""
    statement = (
        _shown()
        .where(film.c.state.in_(SETTLED), or_(film.c.location == "object", film.c.location == "spool"))
        .where(or_(film.c.location == "object", film.c.node == node))
        .order_by(film.c.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def erased(connection: Connection, identity: int) -> None:
    """Note that nothing of the file is left."""
    connection.execute(update(film).where(film.c.id == identity).values(location="none"))


def known_files(connection: Connection, names: Sequence[str]) -> set[str]:
    """Which of these files of the spool have a row."""
    return set(connection.execute(select(film.c.file_name).where(film.c.file_name.in_(names))).scalars())


def object_keys(connection: Connection) -> list[str]:
    """The objects of all films that have one."""
    return list(connection.execute(select(film.c.object_key).where(film.c.location == "object")).scalars())


def study_of(connection: Connection, study_instance_uid: str) -> Row | None:
    """A study with all that its instances say of it."""
    return _first(connection, _studies().where(study.c.study_instance_uid == study_instance_uid))


def studies_named(
    connection: Connection, facility_id: int, column: str, values: Collection[str], since: datetime | None, limit: int
) -> list[Row]:
    """Studies of a facility with one of these accession numbers or patient IDs (``column``), the newest first."""
    conditions = [study.c.facility_id == facility_id, study.c[column].in_(values)]
    if since is not None:
        conditions.append(study.c.updated_at >= since)
    return _all(connection, _studies().where(*conditions).order_by(study.c.updated_at.desc()).limit(limit))


def studies_sent_by(connection: Connection, facility_id: int, ae_title: str, since: datetime, limit: int) -> list[Row]:
    """Studies of a facility of which a machine has sent something of late, the newest first."""
    sent = (
        select(instance.c.id)
        .join(series, series.c.id == instance.c.series_fk)
        .where(series.c.study_fk == study.c.id, instance.c.source_ae_title == ae_title, instance.c.received_at >= since)
        .exists()
    )
    found = and_(study.c.facility_id == facility_id, study.c.updated_at >= since, sent)
    return _all(connection, _studies().where(found).order_by(study.c.updated_at.desc()).limit(limit))


def studies_since(connection: Connection, facility_id: int, since: datetime, limit: int) -> list[Row]:
    """The studies of a facility that changed since a time, the newest first."""
    statement = _studies().where(study.c.facility_id == facility_id, study.c.updated_at >= since)
    return _all(connection, statement.order_by(study.c.updated_at.desc()).limit(limit))


def orders_named(connection: Connection, facility_id: int, accession_numbers: Collection[str]) -> list[Row]:
    """Orders of a facility with one of these accession numbers that were not cancelled."""
    statement = select(imaging_order).where(
        imaging_order.c.facility_id == facility_id,
        imaging_order.c.accession_number.in_(accession_numbers),
        imaging_order.c.state != "cancelled",
    )
    return _all(connection, statement.limit(20))


def orders_of_machine(
    connection: Connection, facility_id: int, patient_ids: Collection[str], ae_title: str, days: tuple[str, str]
) -> list[Row]:
    """Open orders of these patients that a machine may have done between two days (``YYYYMMDD``)."""
    station = order_step.c.stations
    step = (
        select(order_step.c.id)
        .where(
            order_step.c.order_fk == imaging_order.c.id,
            order_step.c.scheduled_date.between(*days),
            or_(station == "\\", station.contains(f"\\{ae_title}\\", autoescape=True)),
        )
        .exists()
    )
    statement = select(imaging_order).where(
        imaging_order.c.facility_id == facility_id,
        imaging_order.c.patient_id.in_(patient_ids),
        imaging_order.c.state.in_(("scheduled", "in-progress")),
        step,
    )
    return _all(connection, statement.limit(20))


def order_performed(connection: Connection, performed_step_id: int) -> list[Row]:
    """The orders that a performed step is of."""
    of_step = select(order_step.c.order_fk).join(performed_order, performed_order.c.order_step_fk == order_step.c.id)
    orders = of_step.where(performed_order.c.performed_fk == performed_step_id)
    return _all(connection, select(imaging_order).where(imaging_order.c.id.in_(orders)))


def studies_ordered(connection: Connection, order: Row) -> list[Row]:
    """What is kept of an order: under the UID it gave out, else what is known to be of it."""
    of_order = select(order_study.c.study_instance_uid).where(order_study.c.order_fk == order["id"])
    uid = order["study_instance_uid"]
    own = _all(connection, _studies().where(study.c.study_instance_uid == uid))
    return own or _all(connection, _studies().where(study.c.study_instance_uid.in_(of_order)))


def _studies() -> Select[Any]:
    names = (
        *("study_instance_uid", "patient_name", "patient_id", "issuer_of_patient_id", "patient_birth_date"),
        *("patient_sex", "study_date", "study_time", "accession_number", "study_id", "study_description"),
        *("referring_physician_name", "facility_id", "modalities_in_study", "updated_at"),
    )
    return select(*(study.c[name] for name in names))


def _shown() -> Select[Any]:
    return select(film, facility.c.code.label("facility_code"), facility.c.name.label("facility_name")).join(
        facility, facility.c.id == film.c.facility_id
    )


def _first(connection: Connection, statement: Select[Any]) -> Row | None:
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def _all(connection: Connection, statement: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(statement).mappings()]
