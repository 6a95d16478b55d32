"""Use case: one of our people goes to a linked site; the token that says so, and what came of it in our audit trail."""

from dataclasses import dataclass
from datetime import UTC, datetime

from storage.access import audit, site_key, site_token
from storage.access.permission import may_anywhere
from storage.access.principal import Action, Principal, Role
from storage.access.refusal import Missing
from storage.archive import Archive
from storage.archive.site import LINKED, Site
from storage.archive.visit import VISIT
from storage.errors import WrongState

_ORDER = (Role.RADIOLOGIST, Role.REFERRER, Role.TECHNOLOGIST, Role.ADMIN)


@dataclass(frozen=True)
class Errand:
    """Who goes where, for which study (empty: to search) and what for; ``reason`` only in an emergency."""

    site: Site
    principal: Principal
    display_name: str
    purpose: str
    study_instance_uid: str = ""
    reason: str = ""


def token(archive: Archive, errand: Errand) -> str:
    """A token for one exchange, good for two minutes.

    Raises:
        Forbidden: the principal may neither here search, or view, what they go for.
        WrongState: the link is not open.
    """
    may_anywhere(errand.principal, Action.VIEW if errand.study_instance_uid else Action.SEARCH)
    if errand.site.state != LINKED:
        raise WrongState("The two sites are not linked.")
    claims = {
        "aud": errand.site.site_id,
        "sub": errand.principal.name,
        "name": errand.display_name[:128],
        "role": _role(errand.principal),
        "purpose": errand.purpose,
        "study": errand.study_instance_uid,
        "reason": errand.reason[:500],
    }
    return site_token.say(site_key.load(archive.settings), "visit", claims, datetime.now(UTC))


def note(archive: Archive, errand: Errand, missing: Missing | None) -> None:
    """Write down that one of our people went, and whether they were let in."""
    detail = {"to_site": errand.site.site_id, "site_name": errand.site.name, "purpose": errand.purpose}
    if errand.reason:
        detail["reason"] = errand.reason
    if missing is not None:
        detail["missing"] = missing
    with archive.index.write() as connection:
        audit.record(
            connection,
            errand.principal,
            VISIT,
            "refused" if missing else "success",
            study_instance_uid=errand.study_instance_uid,
            detail=detail,
        )


def _role(principal: Principal) -> Role:
    """The role in which somebody goes; a program or the archive itself goes as an administrator would."""
    return next((role for role in _ORDER if role in principal.roles), Role.ADMIN)
