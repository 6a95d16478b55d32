"""Who acts: a signed-in person, a bearer token, an AE on the DICOM network, or the archive itself."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What kind of work a principal does; the permission table gives each its actions."""

    RADIOLOGIST = "radiologist"
    TECHNOLOGIST = "technologist"
    REFERRER = "referrer"
    SECURITY_OFFICER = "security-officer"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be done to a resource."""

    SEARCH = "search"
    SEARCH_NETWORK = "search-network"
    VIEW = "view"
    PREFETCH = "prefetch"
    STORE = "store"
    EXPORT = "export"
    DELETE = "delete"
    ADMINISTER = "administer"
    ORDER = "order"
    READ_WORKLIST = "read-worklist"
    REPORT_PROGRESS = "report-progress"
    COMMIT = "commit"
    PRINT = "print"
    AUDIT = "audit"


@dataclass(frozen=True)
class Principal:
    """The one who asks.

    ``facilities`` is the set of facility ids whose studies are in reach; ``None`` is every facility. ``rights`` are
    actions granted apart from the roles (an AE has rights and no roles).
    """

    kind: str  # 'user' | 'token' | 'ae' | 'system'
    name: str
    roles: frozenset[Role] = frozenset()
    facilities: frozenset[int] | None = frozenset()
    rights: frozenset[Action] = field(default_factory=frozenset)
    address: str = ""


SYSTEM = Principal("system", "filmless", facilities=None, rights=frozenset(Action))
