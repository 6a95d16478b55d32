"""Rows of sessions and bearer tokens; only the SHA-256 of a secret is ever here."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from storage.index.schema import account, credential, facility


def add(connection: Connection, **values: Any) -> int:
    """Add a credential and return its id."""
    return int(connection.execute(insert(credential).values(**values).returning(credential.c.id)).scalar_one())


def by_secret(connection: Connection, secret_sha256: str) -> dict[str, Any] | None:
    """The credential with its account's name, roles and state, where it has one."""
    statement = (
        select(
            credential,
            facility.c.code.label("facility_code"),
            facility.c.name.label("facility_name"),
            account.c.name.label("account_name"),
            account.c.display_name.label("account_display_name"),
            account.c.roles.label("account_roles"),
            account.c.all_facilities,
            account.c.active,
        )
        .outerjoin(account, account.c.id == credential.c.account_fk)
        .outerjoin(facility, facility.c.id == credential.c.facility_id)
        .where(credential.c.secret_sha256 == secret_sha256)
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def bearers(connection: Connection) -> list[dict[str, Any]]:
    """All bearer tokens, newest first."""
    statement = (
        select(
            credential.c.id,
            credential.c.label,
            credential.c.roles,
            facility.c.code.label("facility_code"),
            credential.c.created_at,
            credential.c.expires_at,
            credential.c.revoked_at,
        )
        .outerjoin(facility, facility.c.id == credential.c.facility_id)
        .where(credential.c.kind == "bearer")
        .order_by(credential.c.id.desc())
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def revoke(connection: Connection, at: datetime, *, secret_sha256: str | None = None, key: int | None = None) -> bool:
    """End one credential, by its secret's hash or its id; false if there was none to end."""
    wanted = credential.c.id == key if secret_sha256 is None else credential.c.secret_sha256 == secret_sha256
    statement = update(credential).where(wanted, credential.c.revoked_at.is_(None)).values(revoked_at=at)
    return connection.execute(statement).rowcount > 0


def revoke_sessions_of(connection: Connection, account_id: int, at: datetime) -> None:
    """End every session of an account."""
    connection.execute(
        update(credential)
        .where(credential.c.account_fk == account_id, credential.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def forget_ended(connection: Connection, before: datetime) -> int:
    """Remove sessions that ended before a time; returns how many."""
    ended = (credential.c.kind == "session") & ((credential.c.expires_at < before) | (credential.c.revoked_at < before))
    return connection.execute(delete(credential).where(ended)).rowcount
