"""Use case: emergency access ("break the glass"): one person, one study, some hours, a reason, a review afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from storage.access import audit, permission
from storage.access.grant_decision import Purpose
from storage.access.principal import Action, Principal
from storage.access.refusal import Missing
from storage.archive import Archive
from storage.errors import InvalidRequest, NotFound, WrongState
from storage.index import grants as rows

LASTS = timedelta(hours=4)
SHORTEST_REASON = 10
BREAK_GLASS = "break-glass"
VERDICTS = ("justified", "unjustified")
_LONGEST_NOTE = 1000


def break_glass(
    connection: rows.Connection,
    site: rows.Row,
    principal: Principal,
    reason: str,
    study: rows.Row,
    grants: Sequence[rows.Row],
    now: datetime,
) -> Missing | None:
    """Let one person of a linked site see one study for :data:`LASTS`, in the transaction of their coming.

    Gives what is missing, if anything. What was closed, or found unjustified, the same person does not open again.
    """
    assert principal.visit is not None
    if not site["may_break_glass"]:
        return "emergency"
    person = principal.visit.person
    uid = study["study_instance_uid"]
    before = [
        one
        for one in grants
        if one["kind"] == "emergency" and one["person"] == person and one["study_instance_uid"] == uid
    ]
    if any(one["revoked_at"] is not None or one["verdict"] == "unjustified" for one in before):
        return "emergency-closed"
    if len(reason.strip()) < SHORTEST_REASON:
        return "reason"
    key = rows.add(
        connection,
        site_fk=site["id"],
        facility_id=study["facility_id"],
        kind="emergency",
        scope="study",
        study_instance_uid=uid,
        study_date=study["study_date"],
        patient_id=study["patient_id"],
        issuer_of_patient_id=study["issuer_of_patient_id"],
        purpose=Purpose.EMERGENCY,
        basis="emergency",
        note=reason.strip(),
        person=person,
        may_copy=False,
        valid_until=now + LASTS,
        made_at=now,
        made_by=principal.name,
    )
    audit.record(
        connection,
        principal,
        BREAK_GLASS,
        study_instance_uid=uid,
        patient_id=study["patient_id"],
        detail={"site": site["site_id"], "grant": key, "reason": reason.strip()},
    )
    return None


def review(archive: Archive, key: int, verdict: str, note: str, principal: Principal) -> None:
    """Say afterwards whether an emergency access was justified; one that was not ends at once.

    Raises:
        Forbidden: the principal may not administer the facility that has the study.
        NotFound: there is no such emergency access.
        InvalidRequest: the verdict is none, or one that blames says nothing.
        WrongState: it was reviewed already.
    """
    permission.may_anywhere(principal, Action.ADMINISTER)
    if verdict not in VERDICTS or len(note) > _LONGEST_NOTE:
        raise InvalidRequest(f"The verdict is {' or '.join(VERDICTS)}, the note at most {_LONGEST_NOTE} characters.")
    if verdict == "unjustified" and not note.strip():
        raise InvalidRequest("Say why it was not justified.")
    now = datetime.now(UTC)

    def write(connection: rows.Connection) -> None:
        row = rows.find(connection, key)
        if row is None or row["kind"] != "emergency":
            raise NotFound("There is no such emergency access.")
        permission.may(principal, Action.ADMINISTER, row["facility_id"])
        if row["verdict"]:
            raise WrongState("It was reviewed already.")
        values = {
            "verdict": verdict,
            "verdict_note": note.strip(),
            "reviewed_at": now,
            "reviewed_by": principal.name,
        }
        if verdict == "unjustified" and row["revoked_at"] is None:
            values |= {"revoked_at": now, "revoked_by": principal.name, "revoke_reason": note.strip()}
        rows.change(connection, key, **values)
        audit.record(
            connection,
            principal,
            "review",
            study_instance_uid=row["study_instance_uid"],
            patient_id=row["patient_id"],
            detail={"grant": key, "verdict": verdict},
        )

    archive.index.in_transaction(write)
