"""Accounts: who may sign in, and what guessing costs."""

import threading
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from storage.access import accounts, attempts, audit, credentials
from storage.access.principal import Role
from storage.errors import InvalidRequest, TooManyAttempts, Unauthenticated
from storage.index import accounts as rows
from storage.index.engine import Index

PASSWORD = "đọc phim mỗi ngày"


def _add(index: Index, name: str = "an.nguyen") -> accounts.Account:
    return accounts.add(index, name, PASSWORD, {Role.RADIOLOGIST}, display_name="BS. Nguyễn Văn An")


def _let_pause_pass(index: Index, name: str) -> None:
    with index.write() as connection:
        row = rows.by_name(connection, name)
        assert row is not None
        rows.change(connection, row["id"], locked_until=datetime.now(UTC) - timedelta(seconds=1))


def test_right_password_gives_the_account_and_an_audit_row(index: Index) -> None:
    _add(index)
    account = accounts.verify(index, " An.Nguyen ", PASSWORD, "127.0.0.1")
    assert account.name == "an.nguyen"
    assert account.roles == {Role.RADIOLOGIST}
    assert account.facilities is None
    assert account.last_sign_in_at is not None
    with index.read() as connection:
        (event,) = audit.events(connection)
    assert (event.actor, event.action, event.outcome, event.address) == (
        "an.nguyen",
        "sign-in",
        "success",
        "127.0.0.1",
    )


def test_password_typed_with_combining_accents_is_the_same_password(index: Index) -> None:
    _add(index)
    accounts.verify(index, "an.nguyen", unicodedata.normalize("NFD", PASSWORD))


@pytest.mark.parametrize(
    ("name", "secret"), [("an.nguyen", "wrong password 1"), ("nobody", PASSWORD), ("an.nguyen", "\udc80\x00")]
)
def test_wrong_password_and_unknown_account_are_refused_alike(index: Index, name: str, secret: str) -> None:
    _add(index)
    with pytest.raises(Unauthenticated, match=r"The account name or the password is wrong\."):
        accounts.verify(index, name, secret)
    with index.read() as connection:
        (event,) = audit.events(connection)
    assert (event.actor, event.outcome) == (name, "refused")


@pytest.mark.parametrize("name", ["an.nguyen", "nobody"])
def test_failures_bring_growing_pauses_for_known_and_unknown_names(index: Index, name: str) -> None:
    _add(index)
    for _ in range(attempts.FREE_ATTEMPTS):
        with pytest.raises(Unauthenticated) as refusal:
            accounts.verify(index, name, "wrong password 1")
        assert not isinstance(refusal.value, TooManyAttempts)
    with pytest.raises(TooManyAttempts) as pause:
        accounts.verify(index, name, PASSWORD)
    assert 0 < pause.value.retry_after_s <= 5


def test_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    pauses = [attempts.pause_after(failures).total_seconds() for failures in (4, 5, 6, 7, 13, 1000)]
    assert pauses == [0, 5, 10, 20, 900, 900]


def test_success_after_the_pause_forgets_the_failures(index: Index) -> None:
    _add(index)
    for _ in range(attempts.FREE_ATTEMPTS):
        with pytest.raises(Unauthenticated):
            accounts.verify(index, "an.nguyen", "wrong password 1")
    _let_pause_pass(index, "an.nguyen")
    accounts.verify(index, "an.nguyen", PASSWORD)
    with index.read() as connection:
        row = rows.by_name(connection, "an.nguyen")
    assert row is not None
    assert (row["failed_attempts"], row["locked_until"]) == (0, None)


def test_guesses_at_the_same_moment_all_count(index: Index) -> None:
    _add(index)
    outcomes: list[type[Exception]] = []

    def guess() -> None:
        try:
            accounts.verify(index, "an.nguyen", "wrong password 1")
        except Unauthenticated as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Unauthenticated) == attempts.FREE_ATTEMPTS
    assert outcomes.count(TooManyAttempts) == 12 - attempts.FREE_ATTEMPTS


@pytest.mark.parametrize("secret", ["", "short", "1234567890123", "aaaaaaaaaaaaaaaaaa", "a1" * 200])
def test_weak_passwords_are_refused(index: Index, secret: str) -> None:
    with pytest.raises(InvalidRequest):
        accounts.add(index, "an", secret, {Role.ADMIN})
    assert accounts.everything(index) == []


@pytest.mark.parametrize("name", ["", "two words", "a\x00b", "../etc", "x" * 129, "'; DROP TABLE account; --"])
def test_names_that_cannot_be_names_are_refused(index: Index, name: str) -> None:
    with pytest.raises(InvalidRequest):
        accounts.add(index, name, PASSWORD, {Role.ADMIN})
    with pytest.raises(Unauthenticated):
        accounts.verify(index, name, PASSWORD)
    with index.read() as connection:
        assert [event.actor for event in audit.events(connection)] == ["(not a name)"]


def test_taken_name_unknown_facility_and_no_role_are_refused(index: Index) -> None:
    _add(index)
    with pytest.raises(InvalidRequest, match="taken"):
        _add(index, "AN.Nguyen")
    with pytest.raises(InvalidRequest, match="facility"):
        accounts.add(index, "binh", PASSWORD, {Role.ADMIN}, facility_codes=["404"])
    with pytest.raises(InvalidRequest, match="facility"):
        accounts.add(index, "binh", PASSWORD, {Role.ADMIN}, facility_codes=[])
    with pytest.raises(InvalidRequest, match="role"):
        accounts.add(index, "binh", PASSWORD, ())
    assert [account.name for account in accounts.everything(index)] == ["an.nguyen"]


def test_account_of_one_facility_reaches_that_one_alone(index: Index) -> None:
    account = accounts.add(index, "binh", PASSWORD, {Role.REFERRER}, facility_codes=["79001"])
    assert account.facilities is not None
    assert [(each.code, each.name) for each in account.facilities] == [("79001", "Bệnh viện Chợ Rẫy")]
    assert account.principal().facilities == frozenset({account.facilities[0].id})


def test_new_password_ends_sessions_and_the_old_password(index: Index) -> None:
    account = _add(index)
    session = credentials.issue_session(index, account.id)
    credentials.resolve(index, session.secret)
    accounts.set_password(index, "an.nguyen", "một mật khẩu khác")
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, session.secret)
    with pytest.raises(Unauthenticated):
        accounts.verify(index, "an.nguyen", PASSWORD)
    accounts.verify(index, "an.nguyen", "một mật khẩu khác")
    with pytest.raises(InvalidRequest):
        accounts.set_password(index, "nobody", PASSWORD)


def test_closed_account_cannot_sign_in_and_its_sessions_end(index: Index) -> None:
    account = _add(index)
    session = credentials.issue_session(index, account.id)
    accounts.set_active(index, "an.nguyen", False)
    with pytest.raises(Unauthenticated):
        credentials.resolve(index, session.secret)
    with pytest.raises(Unauthenticated):
        accounts.verify(index, "an.nguyen", PASSWORD)
