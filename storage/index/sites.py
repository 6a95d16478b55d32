"""Rows of linked sites, of invitations to link, and of what their people were let in with."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.index.instances import insert_or_ignore
from storage.index.trust_schema import site, site_invitation, site_nonce, site_session

__all__ = ["Connection"]

Row = dict[str, Any]


def by_site_id(connection: Connection, site_id: str) -> Row | None:
    """The site of this id."""
    row = connection.execute(select(site).where(site.c.site_id == site_id)).mappings().first()
    return dict(row) if row else None


def by_key(connection: Connection, key: int) -> Row | None:
    """The site of this row number."""
    row = connection.execute(select(site).where(site.c.id == key)).mappings().first()
    return dict(row) if row else None


def everything(connection: Connection) -> list[Row]:
    """All sites, by name."""
    return [dict(row) for row in connection.execute(select(site).order_by(site.c.name, site.c.id)).mappings()]


def put(connection: Connection, site_id: str, **values: Any) -> int:
    """Add a site, or link it anew; its row number."""
    known = by_site_id(connection, site_id)
    if known is None:
        try:
            with connection.begin_nested():
                added = connection.execute(insert(site).values(site_id=site_id, **values).returning(site.c.id))
                return int(added.scalar_one())
        except IntegrityError:  # another transaction was quicker
            known = by_site_id(connection, site_id)
            assert known is not None
    connection.execute(update(site).where(site.c.id == known["id"]).values(**values))
    return int(known["id"])


def change(connection: Connection, key: int, **values: Any) -> None:
    """Set columns of a site."""
    connection.execute(update(site).where(site.c.id == key).values(**values))


def add_invitation(connection: Connection, **values: Any) -> int:
    """Add an invitation; its row number."""
    return int(
        connection.execute(insert(site_invitation).values(**values).returning(site_invitation.c.id)).scalar_one()
    )


def invitation(connection: Connection, jti: str) -> Row | None:
    """The invitation with this number of its token, kept from others until the transaction ends."""
    statement = select(site_invitation).where(site_invitation.c.jti == jti).with_for_update()
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def use_invitation(connection: Connection, key: int, site_fk: int) -> bool:
    """Note who used an invitation; false if somebody else did before."""
    mine = update(site_invitation).where(site_invitation.c.id == key, site_invitation.c.site_fk.is_(None))
    return connection.execute(mine.values(site_fk=site_fk)).rowcount == 1


def withdraw_invitation(connection: Connection, key: int, now: datetime) -> bool:
    """End an invitation that nobody has used; false if there is none."""
    open_ = (site_invitation.c.site_fk.is_(None), site_invitation.c.withdrawn_at.is_(None))
    statement = update(site_invitation).where(site_invitation.c.id == key, *open_).values(withdrawn_at=now)
    return connection.execute(statement).rowcount == 1


def open_invitations(connection: Connection, now: datetime) -> list[Row]:
    """The invitations that can still be used, newest first."""
    statement = (
        select(site_invitation)
        .where(site_invitation.c.site_fk.is_(None), site_invitation.c.withdrawn_at.is_(None))
        .where(site_invitation.c.expires_at > now)
        .order_by(site_invitation.c.id.desc())
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def use_token(connection: Connection, site_fk: int, jti: str, expires_at: datetime, forget_before: datetime) -> bool:
    """Note that a token was used; false if it was before. Those long expired are forgotten."""
    connection.execute(delete(site_nonce).where(site_nonce.c.expires_at < forget_before))
    row = {"site_fk": site_fk, "jti": jti, "expires_at": expires_at}
    added = insert_or_ignore(connection, site_nonce).returning(site_nonce.c.jti)
    return connection.execute(added, row).first() is not None


def add_session(connection: Connection, now: datetime, **values: Any) -> None:
    """Begin a session; those that have expired are swept away."""
    connection.execute(delete(site_session).where(site_session.c.expires_at < now))
    connection.execute(insert(site_session).values(**values))


def session(connection: Connection, secret_sha256: str) -> Row | None:
    """The session of this secret, with its site."""
    names = ("name", "facility_code", "state", "may_search", "site_id")
    columns = (site.c[name].label(f"site_{name}") for name in names)
    statement = (
        select(site_session, *columns)
        .join(site, site.c.id == site_session.c.site_fk)
        .where(site_session.c.secret_sha256 == secret_sha256)
    )
    row = connection.execute(statement).mappings().first()
    return dict(row) if row else None


def end_sessions(connection: Connection, site_fk: int) -> None:
    """End all sessions of a site's people."""
    connection.execute(delete(site_session).where(site_session.c.site_fk == site_fk))
