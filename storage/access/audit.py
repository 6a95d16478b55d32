"""The audit trail: who did what to whose study, and what was refused (PS3.15 A.5)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from storage.access.principal import Principal
from storage.index import audit as rows
from storage.index.audit import Connection

Outcome = Literal["success", "refused"]
Detail = Mapping[str, str | int | bool | Sequence[str] | None]

SIGN_IN = "sign-in"
SIGN_OUT = "sign-out"
VERIFY = "verify"
REBUILD = "rebuild"
CHECKPOINT = "audit-checkpoint"
PRUNE = "audit-prune"


@dataclass(frozen=True)
class Event:
    """One row of the trail; ``detail`` is a JSON object."""

    at: datetime
    actor_kind: str
    actor: str
    address: str
    action: str
    outcome: str
    study_instance_uid: str
    patient_id: str
    detail: str


def record(
    connection: Connection,
    principal: Principal,
    action: str,
    outcome: Outcome = "success",
    *,
    study_instance_uid: str = "",
    patient_id: str = "",
    detail: Detail | None = None,
) -> None:
    """Write one event in the transaction of the act it describes, so that neither exists without the other.

    ``action`` is an :class:`~storage.access.principal.Action` or one of this module's names.
    """
    rows.add(
        connection,
        at=datetime.now(UTC),
        actor_kind=principal.kind,
        actor=principal.name,
        address=principal.address,
        action=str(action),
        outcome=outcome,
        study_instance_uid=study_instance_uid,
        patient_id=patient_id,
        detail=json.dumps(detail, ensure_ascii=False) if detail else "",
    )


def detail_of(text: str) -> dict[str, Any]:
    """The detail of an event as it is kept; empty where there is none."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def events(
    connection: Connection,
    *,
    study_instance_uid: str | None = None,
    patient_id: str | None = None,
    since: datetime | None = None,
    limit: int = 1000,
) -> list[Event]:
    """The newest events first: of one study, of one patient, or of the whole archive."""
    found = rows.newest(
        connection, study_instance_uid=study_instance_uid, patient_id=patient_id, since=since, limit=limit
    )
    return [Event(**{name: row[name] for name in Event.__dataclass_fields__}) for row in found]
