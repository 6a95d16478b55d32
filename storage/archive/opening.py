"""Use case: a person has opened a study, so that their list tells it from those they have not seen."""

from datetime import UTC, datetime

from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.absence import absence
from storage.archive.view import allow
from storage.errors import Forbidden
from storage.index import listing, openings


def open_study(archive: Archive, study_instance_uid: str, principal: Principal) -> None:
    """Note that the person has opened the study.

    Raises:
        NotFound: there is no such study.
        Forbidden: it may not be viewed, or the principal is no person.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        row = listing.by_uid(connection, study_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid)
    allow(archive, principal, Action.VIEW, row["facility_id"], study_instance_uid, row["patient_id"])
    if principal.kind != "user":
        raise Forbidden("Only a person opens studies.")
    with archive.index.write() as connection:
        openings.note(connection, principal.name, row["id"], datetime.now(UTC))
