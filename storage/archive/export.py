"""Use case: a person takes pictures or prints of a study out of the archive (PS3.15 A.5.3.4, Data Export).

The page makes them from what it shows, so it asks before it does: what may not leave is not made, what leaves is noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from storage.access import audit, permission
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.absence import absence
from storage.archive.retrieve import instances
from storage.errors import Forbidden, InvalidRequest
from storage.index import listing

ExportKind = Literal["picture", "print"]
KINDS: Final[tuple[str, ...]] = get_args(ExportKind)
MOST_IMAGES: Final = 64
"""More than any layout shows."""


@dataclass(frozen=True)
class Export:
    """What leaves: a saved picture or a sheet of paper, with or without the patient's data, and of which images."""

    kind: ExportKind
    identified: bool
    sop_instance_uids: tuple[str, ...]


def note_export(archive: Archive, study_instance_uid: str, principal: Principal, export: Export) -> None:
    """Allow the export and note it, each time; a refusal is noted as well.

    Raises:
        NotFound: there is no such study, or one of the images is not in it.
        InvalidRequest: no image is named, or too many.
        Forbidden: the principal may not take anything of this study out.
        StoreUnavailable: it cannot be noted, so it is not allowed.
    """
    if not 0 < len(export.sop_instance_uids) <= MOST_IMAGES:
        raise InvalidRequest(f"An export names 1 to {MOST_IMAGES} images.")
    with archive.index.read() as connection:
        row = listing.by_uid(connection, study_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid)
    patient_id: str = row["patient_id"]
    try:
        permission.may(principal, Action.EXPORT, row["facility_id"])
    except Forbidden:
        _note(archive, principal, "refused", study_instance_uid, patient_id, export)
        raise
    _require(archive, study_instance_uid, export.sop_instance_uids)
    _note(archive, principal, "success", study_instance_uid, patient_id, export)


def _require(archive: Archive, study_instance_uid: str, sop_instance_uids: Sequence[str]) -> None:
    for sop_instance_uid in sop_instance_uids:
        instances(archive, study_instance_uid, None, sop_instance_uid)


def _note(
    archive: Archive, principal: Principal, outcome: audit.Outcome, study: str, patient_id: str, export: Export
) -> None:
    detail: dict[str, str | int | bool | Sequence[str] | None] = {"kind": export.kind, "identified": export.identified}
    if outcome == "success":
        detail["sop_instance_uids"] = export.sop_instance_uids
    with archive.index.write() as connection:
        audit.record(
            connection,
            principal,
            Action.EXPORT,
            outcome,
            study_instance_uid=study,
            patient_id=patient_id,
            detail=detail,
        )
