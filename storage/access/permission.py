"""May this principal do this to that resource: one table, one function, deny by default (policy of PS3.15 is ours)."""

from collections.abc import Mapping

from storage.access.principal import Action, Principal, Role
from storage.errors import Forbidden

ROLE_ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.RADIOLOGIST: frozenset(
        {
            *(Action.SEARCH, Action.SEARCH_NETWORK, Action.VIEW, Action.PREFETCH, Action.EXPORT, Action.STORE),
            *(Action.ORDER, Action.READ_WORKLIST, Action.GRANT),
        }
    ),
    Role.TECHNOLOGIST: frozenset(
        {
            *(Action.SEARCH, Action.VIEW, Action.PREFETCH, Action.STORE, Action.ORDER, Action.READ_WORKLIST),
            *(Action.REPORT_PROGRESS, Action.COMMIT, Action.PRINT),
        }
    ),
    Role.REFERRER: frozenset({Action.SEARCH, Action.SEARCH_NETWORK, Action.VIEW, Action.PREFETCH}),
    Role.SECURITY_OFFICER: frozenset({Action.AUDIT}),
    Role.ADMIN: frozenset(Action),
}


_WORDS = {Action.SEARCH_NETWORK: "search other hospitals from"}


def actions_of(principal: Principal) -> frozenset[Action]:
    """Every action the principal's roles and own rights allow, on whatever is in its reach."""
    granted = set(principal.rights)
    for role in principal.roles:
        granted |= ROLE_ACTIONS.get(role, frozenset())
    return frozenset(granted)


def may(principal: Principal, action: Action, resource: int | None) -> None:
    """Return if the principal may act, otherwise raise.

    ``resource`` is the id of the facility that owns the study, or ``None`` for the archive as a whole. A search over
    the archive is open to a principal of some facilities, because :func:`reach` narrows its answers; any other act on
    the archive as a whole needs every facility.

    Raises:
        Forbidden: the message names the act, never the resource.
    """
    may_anywhere(principal, action)
    reached = reach(principal)
    if reached is None or (resource is not None and resource in reached):
        return
    if resource is not None:
        raise Forbidden("This study belongs to a facility that is not open to you.")
    if action is not Action.SEARCH:
        raise Forbidden(f"To {_words(action)} in the whole archive needs access to every facility.")


def may_anywhere(principal: Principal, action: Action) -> None:
    """Refuse at the door an act that the principal may do nowhere; it does not replace :func:`may` on the resource.

    Raises:
        Forbidden: no role or right of the principal allows the action.
    """
    if action not in actions_of(principal):
        raise Forbidden(f"You are not allowed to {_words(action)}{_in(action)} this archive.")


def reach(principal: Principal) -> frozenset[int] | None:
    """Ids of the facilities whose studies the principal can find; ``None`` is every facility."""
    return principal.facilities


def _in(action: Action) -> str:
    return "" if action in _WORDS else " in"


def _words(action: Action) -> str:
    return _WORDS.get(action) or action.value.replace("-", " ")
