"""Sessions and bearer tokens."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from storage.access import accounts, audit, credentials, facilities
from storage.access.principal import Role
from storage.errors import InvalidRequest, Unauthenticated
from storage.index import schema
from storage.index.engine import Index

PASSWORD = "đọc phim mỗi ngày"


def _session(index: Index, **options: list[str]) -> credentials.Issued:
    account = accounts.add(index, "an", PASSWORD, {Role.RADIOLOGIST}, display_name="BS. An", **options)
    return credentials.issue_session(index, account.id)


def test_session_stands_for_its_account(index: Index) -> None:
    issued = _session(index, facility_codes=["01001"])
    found = credentials.resolve(index, issued.secret, "127.0.0.1")
    here = facilities.find(index, "01001")
    assert here is not None
    assert (found.kind, found.display_name, found.expires_at) == ("session", "BS. An", issued.expires_at)
    assert found.facilities == (here,)
    assert found.principal.roles == {Role.RADIOLOGIST}
    assert found.principal.facilities == frozenset({here.id})
    assert (found.principal.name, found.principal.address) == ("an", "127.0.0.1")


def test_only_the_hash_of_a_secret_is_kept(index: Index) -> None:
    issued = _session(index)
    with index.read() as connection:
        row = connection.execute(select(schema.credential)).one()
    assert issued.secret not in str(row)
    assert len(issued.secret) >= 43


@pytest.mark.parametrize("secret", ["", "guess", "' OR '1'='1", "\x00", "\udc80", "x" * 100_000])
def test_unknown_secrets_are_refused(index: Index, secret: str) -> None:
    _session(index)
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, secret)


def test_expired_session_is_refused_even_while_cached(index: Index) -> None:
    account = accounts.add(index, "an", PASSWORD, {Role.ADMIN})
    issued = credentials.issue_session(index, account.id, timedelta(seconds=-1))
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            credentials.resolve(index, issued.secret)


def test_signing_out_ends_the_session_at_once_with_an_audit_row(index: Index) -> None:
    issued = _session(index)
    credentials.resolve(index, issued.secret)
    credentials.sign_out(index, issued.secret)
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, issued.secret)
    credentials.sign_out(index, issued.secret)
    with index.read() as connection:
        assert [(event.actor, event.action) for event in audit.events(connection)] == [("an", "sign-out")]


def test_revocation_by_another_process_counts_within_ten_seconds(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = _session(index)
    credentials.resolve(index, issued.secret)
    with index.write() as connection:
        connection.execute(update(schema.credential).values(revoked_at=datetime.now(UTC)))
    monkeypatch.setattr(credentials, "CACHE_S", -1.0)
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, issued.secret)


def test_bearer_token_of_one_facility(index: Index) -> None:
    issued = credentials.issue_bearer(index, {Role.REFERRER}, timedelta(days=30), facility_code="79001", label="kiosk")
    found = credentials.resolve(index, issued.secret)
    there = facilities.find(index, "79001")
    assert there is not None
    assert (found.kind, found.principal.kind, found.principal.name) == ("bearer", "token", "kiosk")
    assert found.principal.facilities == frozenset({there.id})
    (listed,) = credentials.bearers(index)
    assert (listed.label, listed.facility_code, listed.roles) == ("kiosk", "79001", frozenset({Role.REFERRER}))
    credentials.revoke_bearer(index, listed.id)
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, issued.secret)
    with pytest.raises(InvalidRequest):
        credentials.revoke_bearer(index, listed.id)


def test_bearer_token_of_every_facility(index: Index) -> None:
    issued = credentials.issue_bearer(index, {Role.ADMIN}, timedelta(days=1))
    found = credentials.resolve(index, issued.secret)
    assert found.principal.facilities is None
    assert found.facilities is None


def test_unusable_tokens_are_not_made(index: Index) -> None:
    with pytest.raises(InvalidRequest):
        credentials.issue_bearer(index, (), timedelta(days=1))
    with pytest.raises(InvalidRequest):
        credentials.issue_bearer(index, {Role.ADMIN}, timedelta(0))
    with pytest.raises(InvalidRequest):
        credentials.issue_bearer(index, {Role.ADMIN}, timedelta(days=1), facility_code="404")
    assert credentials.bearers(index) == []


def test_long_ended_sessions_are_swept_away(index: Index) -> None:
    account = accounts.add(index, "an", PASSWORD, {Role.ADMIN})
    credentials.issue_session(index, account.id, timedelta(days=-31))
    kept = credentials.issue_session(index, account.id)
    with index.read() as connection:
        assert connection.execute(select(schema.credential.c.id)).scalars().all() == [kept.id]
