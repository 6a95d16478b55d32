"""The permission table: who may do what, and where."""

import pytest

from storage.access.permission import may, may_anywhere, reach
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.errors import Forbidden

HERE, ELSEWHERE = 1, 2
ALLOWED = {
    Role.RADIOLOGIST: {
        *(Action.SEARCH, Action.SEARCH_NETWORK, Action.VIEW, Action.PREFETCH, Action.EXPORT, Action.STORE),
        *(Action.ORDER, Action.READ_WORKLIST, Action.GRANT),
    },
    Role.TECHNOLOGIST: {
        *(Action.SEARCH, Action.VIEW, Action.PREFETCH, Action.STORE),
        *(Action.ORDER, Action.READ_WORKLIST, Action.REPORT_PROGRESS, Action.COMMIT, Action.PRINT),
    },
    Role.REFERRER: {Action.SEARCH, Action.SEARCH_NETWORK, Action.VIEW, Action.PREFETCH},
    Role.SECURITY_OFFICER: {Action.AUDIT},
    Role.ADMIN: set(Action),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_each_role_may_do_its_own_actions_and_no_other(role: Role, action: Action) -> None:
    person = Principal("user", "an", frozenset({role}), None)
    if action in ALLOWED[role]:
        may(person, action, HERE)
        may(person, action, None)
    else:
        with pytest.raises(Forbidden):
            may(person, action, HERE)
        with pytest.raises(Forbidden):
            may_anywhere(person, action)


@pytest.mark.parametrize("action", list(Action))
def test_whoever_has_no_role_may_do_nothing(action: Action) -> None:
    with pytest.raises(Forbidden):
        may(Principal("user", "an", facilities=None), action, HERE)


def test_default_principal_reaches_no_facility() -> None:
    person = Principal("user", "an", frozenset({Role.ADMIN}))
    assert reach(person) == frozenset()
    with pytest.raises(Forbidden):
        may(person, Action.VIEW, HERE)


def test_study_of_another_facility_is_refused_in_plain_words() -> None:
    person = Principal("user", "an", frozenset({Role.RADIOLOGIST}), frozenset({HERE}))
    may(person, Action.VIEW, HERE)
    with pytest.raises(Forbidden, match="belongs to a facility"):
        may(person, Action.VIEW, ELSEWHERE)


def test_search_is_open_to_a_principal_of_some_facilities_but_no_other_archive_wide_act() -> None:
    person = Principal("user", "an", frozenset({Role.ADMIN}), frozenset({HERE}))
    may(person, Action.SEARCH, None)
    for action in set(Action) - {Action.SEARCH}:
        with pytest.raises(Forbidden, match="every facility"):
            may(person, action, None)


def test_rights_of_a_machine_count_without_roles() -> None:
    machine = Principal("ae", "CT1", facilities=frozenset({HERE}), rights=frozenset({Action.STORE}))
    may(machine, Action.STORE, HERE)
    with pytest.raises(Forbidden):
        may(machine, Action.SEARCH, None)


def test_the_archive_itself_may_do_everything() -> None:
    for action in Action:
        may(SYSTEM, action, None)
