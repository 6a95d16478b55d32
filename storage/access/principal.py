"""Who acts: a signed-in person, a bearer token, an AE, a person of a linked site, or the archive itself."""

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
    GRANT = "grant"


@dataclass(frozen=True)
class Visit:
    """Why a person of a linked site is here; ``site`` is its row, ``site_id`` its key's name; no study: to search."""

    site: int
    site_id: str
    person: str
    purpose: str
    study_instance_uid: str


@dataclass(frozen=True)
class Principal:
    """The one who asks.

    ``facilities`` is the set of facility ids whose studies are in reach; ``None`` is every facility. ``rights`` are
    actions granted apart from the roles (an AE has rights and no roles).
    """

    kind: str  # 'user' | 'token' | 'ae' | 'site' | 'system'
    name: str
    roles: frozenset[Role] = frozenset()
    facilities: frozenset[int] | None = frozenset()
    rights: frozenset[Action] = field(default_factory=frozenset)
    address: str = ""
    visit: Visit | None = None  # of kind 'site': what they may see is decided by grants, study by study


SYSTEM = Principal("system", "filmless", facilities=None, rights=frozenset(Action))
