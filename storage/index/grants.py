"""Rows of grants: what was granted to whom, with the papers it rests on."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from storage.index.schema import facility, study
from storage.index.trust_schema import access_grant, grant_document, site

__all__ = ["Connection"]

Row = dict[str, Any]
_WHOLE_PATIENT = ("priors", "patient")


def add(connection: Connection, **values: Any) -> int:
    """Add a grant; its number."""
    return int(connection.execute(insert(access_grant).values(**values).returning(access_grant.c.id)).scalar_one())


def add_document(connection: Connection, grant_fk: int, **values: Any) -> None:
    """Add the paper a grant rests on."""
    connection.execute(insert(grant_document).values(grant_fk=grant_fk, **values))


def document(connection: Connection, grant_fk: int) -> Row | None:
    """The paper a grant rests on."""
    row = connection.execute(select(grant_document).where(grant_document.c.grant_fk == grant_fk)).mappings().first()
    return dict(row) if row else None


def find(connection: Connection, key: int) -> Row | None:
    """One grant with its site and facility."""
    row = connection.execute(_described().where(access_grant.c.id == key)).mappings().first()
    return dict(row) if row else None


def page(
    connection: Connection, reach: Collection[int] | None, *, kind: str, state: str, now: datetime, limit: int
) -> list[Row]:
    """The newest grants first, of the facilities in reach.

    ``kind``: 'grant', 'emergency' or empty for both; ``state``: 'open', 'ended', 'unreviewed' or empty for all.
    """
    statement = _described().order_by(access_grant.c.id.desc()).limit(limit)
    if reach is not None:
        statement = statement.where(access_grant.c.facility_id.in_(reach))
    if kind:
        statement = statement.where(access_grant.c.kind == kind)
    open_ = and_(access_grant.c.revoked_at.is_(None), access_grant.c.valid_until > now)
    if state == "open":
        statement = statement.where(open_)
    elif state == "ended":
        statement = statement.where(~open_)
    elif state == "unreviewed":
        statement = statement.where(access_grant.c.verdict == "")
    return [dict(row) for row in connection.execute(statement).mappings()]


def about(connection: Connection, site_fk: int, of: Row) -> list[Row]:
    """All grants to a site that may be about a study (a row of it), the newest first."""
    same_patient = and_(
        access_grant.c.scope.in_(_WHOLE_PATIENT),
        access_grant.c.patient_id == of["patient_id"],
        access_grant.c.issuer_of_patient_id == of["issuer_of_patient_id"],
    )
    statement = (
        select(access_grant)
        .where(access_grant.c.site_fk == site_fk, access_grant.c.facility_id == of["facility_id"])
        .where(or_(access_grant.c.study_instance_uid == of["study_instance_uid"], same_patient))
        .order_by(access_grant.c.id.desc())
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def change(connection: Connection, key: int, **values: Any) -> None:
    """Set columns of a grant."""
    connection.execute(update(access_grant).where(access_grant.c.id == key).values(**values))


def studies_of(connection: Connection, patient_id: str, reach: Collection[int] | None) -> list[Row]:
    """The studies under a patient ID that are in reach, the latest first: whose they are."""
    statement = (
        select(study.c.facility_id, study.c.issuer_of_patient_id, study.c.study_date)
        .where(study.c.patient_id == patient_id)
        .order_by(study.c.study_date.desc(), study.c.id.desc())
        .limit(100)
    )
    if reach is not None:
        statement = statement.where(study.c.facility_id.in_(reach))
    return [dict(row) for row in connection.execute(statement).mappings()]


def _described() -> Any:
    return (
        select(
            access_grant,
            site.c.site_id,
            site.c.name.label("site_name"),
            site.c.state.label("site_state"),
            facility.c.code.label("facility_code"),
            grant_document.c.name.label("document_name"),
        )
        .join(site, site.c.id == access_grant.c.site_fk)
        .join(facility, facility.c.id == access_grant.c.facility_id)
        .outerjoin(grant_document, grant_document.c.grant_fk == access_grant.c.id)
    )
