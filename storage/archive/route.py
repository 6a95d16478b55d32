"""Use case: forwarding rules: which instances go to which machines (PS3.4 Annex B)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive, hours
from storage.dicom.text import tokens
from storage.errors import InvalidRequest, NotFound
from storage.index import ae as ae_rows
from storage.index import routes as rows

MOST_ROUTES = 500
LONGEST_NAME = 128
_MOST_NAMED = 32


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What an administrator decides: conditions that all have to be met, and where instances then go.

    Empty conditions are met by every instance. ``description``: words that study or series description has, in any
    order, without regard to case and diacritics. ``received_hours`` and ``received_days``: when an instance came;
    ``send_hours``: when it may be sent.
    """

    name: str
    destinations: tuple[str, ...]
    enabled: bool = True
    confirm: bool = False  # ask each destination for storage commitment when it has everything
    source_ae_titles: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    description: str = ""
    received_hours: str = ""
    received_days: str = ""
    send_hours: str = ""

    def fits(self, instance: Mapping[str, Any], study_description: str) -> bool:
        """Whether an instance meets the conditions."""
        return (
            (not self.source_ae_titles or instance["source_ae_title"] in self.source_ae_titles)
            and (not self.modalities or instance["modality"] in self.modalities)
            and hours.is_open(self.received_hours, instance["received_at"], self.received_days)
            and self._describes(f"{study_description} {instance['series_description']}")
        )

    def _describes(self, text: str) -> bool:
        return not self.description or set(tokens(self.description)) <= set(tokens(text))


@dataclass(frozen=True, kw_only=True)
class Route(Rule):
    """A rule with its number; ``since``: what was received before is none of its business."""

    id: int
    since: datetime
    created_by: str


def listed(archive: Archive, principal: Principal) -> list[Route]:
    """All rules by name.

    Raises:
        Forbidden: the principal does not administer the whole archive.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        return [_route(row) for row in rows.everything(connection)]


def in_force(archive: Archive) -> list[Route]:
    """The rules that count now."""
    with archive.index.read() as connection:
        return [_route(row) for row in rows.everything(connection, enabled=True)]


def add(archive: Archive, rule: Rule, principal: Principal) -> Route:
    """Add a rule; it is about what is received from now on.

    Raises:
        Forbidden: the principal does not administer the whole archive.
        InvalidRequest: a value cannot be right, the name is taken, or a destination is not registered.
    """
    may(principal, Action.ADMINISTER, None)
    rule = _checked(rule)
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> int | None:
        _check_destinations(connection, rule)
        if len(rows.everything(connection)) >= MOST_ROUTES:
            raise InvalidRequest(f"There are {MOST_ROUTES} rules, which is the most.")
        made = rows.add(connection, {**_columns(rule), "since": now, "created_by": principal.name})
        if made is not None:
            _record(connection, principal, "route added", rule)
        return made

    made = archive.index.in_transaction(work, durable=True)
    if made is None:
        raise InvalidRequest(f"There is a rule named {rule.name!r} already.")
    return Route(**asdict(rule), id=made, since=now, created_by=principal.name)


def change(archive: Archive, identity: int, rule: Rule, principal: Principal) -> Route:
    """Replace a rule; what it made due stays due. One that is put in force anew is about what comes from now on.

    Raises:
        Forbidden, InvalidRequest: as :func:`add`.
        NotFound: there is no such rule.
    """
    may(principal, Action.ADMINISTER, None)
    rule = _checked(rule)
    now = datetime.now(UTC)

    def work(connection: rows.Connection) -> Route:
        known = rows.find(connection, identity)
        if known is None:
            raise NotFound("There is no such rule.")
        _check_destinations(connection, rule)
        values = _columns(rule) | ({"since": now} if rule.enabled and not known["enabled"] else {})
        if rows.change(connection, identity, values) is None:
            raise InvalidRequest(f"There is a rule named {rule.name!r} already.")
        _record(connection, principal, "route changed", rule)
        return _route({**known, **values})

    return archive.index.in_transaction(work, durable=True)


def remove(archive: Archive, identity: int, principal: Principal) -> None:
    """Remove a rule; what it made due stays due.

    Raises:
        Forbidden: the principal does not administer the whole archive.
        NotFound: there is no such rule.
    """
    may(principal, Action.ADMINISTER, None)

    def work(connection: rows.Connection) -> None:
        known = rows.find(connection, identity)
        if known is None:
            raise NotFound("There is no such rule.")
        rows.remove(connection, identity)
        _record(connection, principal, "route removed", _route(known))

    archive.index.in_transaction(work, durable=True)


def _checked(rule: Rule) -> Rule:
    name = " ".join(rule.name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidRequest(f"The name of a rule has 1 to {LONGEST_NAME} characters.")
    if not rule.destinations:
        raise InvalidRequest("A rule has at least one destination.")
    if len(rule.description) > LONGEST_NAME:
        raise InvalidRequest(f"The words of a description have at most {LONGEST_NAME} characters.")
    return Rule(
        name=name,
        destinations=_names(rule.destinations, "A destination"),
        enabled=rule.enabled,
        confirm=rule.confirm,
        source_ae_titles=_names(rule.source_ae_titles, "A source"),
        modalities=tuple(one.upper() for one in _names(rule.modalities, "A modality")),
        description=" ".join(rule.description.split()),
        received_hours=hours.checked(rule.received_hours),
        received_days=hours.checked_days(rule.received_days),
        send_hours=hours.checked(rule.send_hours),
    )


def _names(names: Iterable[str], what: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(found) > _MOST_NAMED:
        raise InvalidRequest(f"{what} is named at most {_MOST_NAMED} times in a rule.")
    if not all(len(name) <= 16 and name.isascii() and name.isprintable() and "\\" not in name for name in found):
        raise InvalidRequest(f"{what} has 1 to 16 printable ASCII characters, without a backslash.")
    return found


def _check_destinations(connection: rows.Connection, rule: Rule) -> None:
    for title in rule.destinations:
        entity = ae_rows.by_title(connection, title)
        if entity is None:
            raise InvalidRequest(f"The destination {title} is not registered; add it first.")
        if not entity["may_forward"]:
            raise InvalidRequest(f"Instances may not be forwarded to {title}; its policy says so.")


def _columns(rule: Rule) -> dict[str, Any]:
    return {
        name: "\\".join(value) if isinstance(value, tuple) else value
        for name, value in asdict(rule).items()
        if name in Rule.__dataclass_fields__
    }


def _route(row: Mapping[str, Any]) -> Route:
    lists = ("destinations", "source_ae_titles", "modalities")
    split = {name: tuple(part for part in row[name].split("\\") if part) for name in lists}
    return Route(**{**row, **split})


def _record(connection: rows.Connection, principal: Principal, act: str, rule: Rule) -> None:
    destinations: Sequence[str] = rule.destinations
    detail: audit.Detail = {"act": act, "route": rule.name, "destinations": destinations}
    audit.record(connection, principal, Action.ADMINISTER, detail=detail)
