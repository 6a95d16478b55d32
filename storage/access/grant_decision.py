"""Does a grant let a visitor see this study: a rule without I/O, and whatever is not granted is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.access.principal import Action, Visit
from storage.access.refusal import Missing


class Purpose(StrEnum):
    """What a study is looked at for (HL7 v3 PurposeOfUse)."""

    TREATMENT = "TREAT"
    PATIENT_REQUEST = "PATRQT"
    EMERGENCY = "ETREAT"


@dataclass(frozen=True)
class Decision:
    """The number of the grant that lets in; or none, and what is missing."""

    grant: int | None
    missing: Missing = "grant"


def decide(
    visit: Visit, action: Action, study: Mapping[str, Any], grants: Sequence[Mapping[str, Any]], now: datetime
) -> Decision:
    """Decide by the grants to the visitor's site, the newest first; ``study`` and ``grants`` are rows.

    A refusal names what is nearest to letting in: a grant for another purpose before one that has lapsed.
    """
    if action not in (Action.VIEW, Action.EXPORT):
        return Decision(None)
    covering = [one for one in grants if covers(one, study) and one["person"] in ("", visit.person)]
    reasons = [_missing(one, visit, action, now) for one in covering]
    for one, reason in zip(covering, reasons, strict=True):
        if reason is None:
            return Decision(int(one["id"]))
    found = {reason for reason in reasons if reason is not None}
    nearest: tuple[Missing, ...] = ("copy", "purpose", "emergency-closed", "revoked", "lapsed")
    return Decision(None, next((one for one in nearest if one in found), "grant"))


def covers(grant: Mapping[str, Any], study: Mapping[str, Any]) -> bool:
    """Whether a grant is about this study: of the same hospital, and still of the patient for whom it was given."""
    same = ("facility_id", "patient_id", "issuer_of_patient_id")
    if any(grant[name] != study[name] for name in same):
        return False
    if grant["study_instance_uid"] and grant["study_instance_uid"] == study["study_instance_uid"]:
        return True
    if not str(study["patient_id"]).strip():
        return False
    if grant["scope"] == "patient":
        return True
    dated = str(study["study_date"]), str(grant["study_date"])
    return grant["scope"] == "priors" and all(dated) and dated[0] <= dated[1]


def _missing(grant: Mapping[str, Any], visit: Visit, action: Action, now: datetime) -> Missing | None:
    emergency = grant["kind"] == "emergency"
    if grant["purpose"] != visit.purpose and not (not emergency and visit.purpose == Purpose.EMERGENCY):
        return "purpose"
    if grant["revoked_at"] is not None:
        return "emergency-closed" if emergency else "revoked"
    if grant["valid_until"] <= now:
        return "lapsed"
    if action is Action.EXPORT and not grant["may_copy"]:
        return "copy"
    return None
