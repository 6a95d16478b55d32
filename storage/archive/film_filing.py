"""Use case: put printed films into the studies they belong to, or into the tray, whatever is restarted meanwhile.

Each step is decided in the index before it is done, and gives the same when it is done again: UIDs and bytes of what a
film becomes follow from the film and its study alone.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from pydicom.dataset import Dataset

from storage.access import audit
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.film import folder, read
from storage.archive.film_match import Match, match
from storage.archive.ingest import Source, ingest
from storage.dicom import film_instances
from storage.dicom.film import Film
from storage.dicom.film_instances import Target
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from storage.disk import translated
from storage.errors import ArchiveError, Gone, OutOfResources, StoreUnavailable, WrongState
from storage.fault_point import reached
from storage.index import films as rows
from storage.pixels.film import box_picture, page_of
from storage.pixels.pdf import pdf_of

# Whoever works on a film is given so long; after it others take the film for left.
LEASE = timedelta(minutes=2)
_ORPHANED_AFTER_S = 3600.0
_AT_ONCE = 10

_log = structlog.get_logger(__name__)


def work_off(archive: Archive) -> int:
    """File what was printed, carry the tray into the object store, erase what is settled: for the worker; how much.

    Raises:
        StoreUnavailable: index, disk or object store cannot be used now.
    """
    now = datetime.now(UTC)
    with archive.index.read() as connection:
        waiting = rows.to_file(connection, archive.spool.node, now, _AT_ONCE)
    for row in waiting:
        _work_on(archive, row)
    return len(waiting) + _carry(archive) + _erase(archive)


def sweep(archive: Archive) -> int:
    """Remove files that no row speaks of: their machine was never told that they are printed; how many."""
    before = time.time() - _ORPHANED_AFTER_S
    with translated():
        old = [path for path in folder(archive).iterdir() if path.stat().st_mtime < before]
    with archive.index.read() as connection:
        known = rows.known_files(connection, [path.name for path in old])
    orphans = [path for path in old if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def object_key(row: Mapping[str, Any]) -> str:
    """Where the film of a row is in the object store."""
    return f"films/{Path(row['file_name']).name}"


def claim(archive: Archive, identity: int, state: str) -> bool:
    """Take a film in this state to work on."""
    now = datetime.now(UTC)
    return archive.index.in_transaction(lambda connection: rows.claim(connection, identity, state, now, now + LEASE))


def decide(archive: Archive, row: Mapping[str, Any], target: Target, reason: str, by: Principal) -> None:
    """Note durably which study a film goes into; :func:`file` then puts it there.

    Raises:
        WrongState: somebody else has decided meanwhile.
    """
    values = {
        "state": "filing",
        "study_instance_uid": target.study_instance_uid,
        "target": json.dumps(asdict(target), ensure_ascii=False),
        "reason": reason,
        "filed_by_kind": by.kind,
        "filed_by": by.name,
    }
    if not archive.index.in_transaction(
        lambda connection: rows.change(connection, row["id"], row["state"], **values), durable=True
    ):
        raise WrongState("Somebody else has dealt with this film just now.")
    reached("film: decided")


def file(archive: Archive, row: Mapping[str, Any], target: Target, principal: Principal) -> None:
    """Make the instances of a film and keep them in their study; then the film is settled.

    Raises:
        ArchiveError: one of them cannot be kept; what was kept stays, and doing it again goes on.
    """
    film = read(archive, row)
    source = Source(
        kind="dimse",
        ae_title=row["ae_title"],
        address=row["address"],
        facility_id=row["facility_id"],
        context=f"film {row['id']}",
    )
    number = 0
    for data_set in instances(film, target):
        _keep(archive, data_set, row, source, principal)
        number += 1
        reached("film: instance kept")

    def settle(connection: rows.Connection) -> None:
        values = {"state": "filed", "settled_at": datetime.now(UTC), "claimed_until": None}
        if rows.change(connection, row["id"], "filing", **values):
            detail: audit.Detail = {"act": "film filed", "film": row["id"], "instances": number}
            audit.record(
                connection,
                principal,
                Action.STORE,
                study_instance_uid=target.study_instance_uid,
                patient_id=target.patient_id,
                detail=detail,
            )

    archive.index.in_transaction(settle, durable=True)
    reached("film: filed")


def instances(film: Film, target: Target) -> Iterator[Dataset]:
    """What a film becomes: the image of each box, the page, the page as PDF.

    Raises:
        PixelError, InvalidRequest: as :func:`storage.pixels.film.page_of`.
    """
    page = page_of(film)
    images = []
    for number, image in enumerate(film.images, 1):
        picture = box_picture(image, film)
        made = film_instances.image_instance(
            film, target, image, number, picture.array.tobytes(), picture.bits_stored, picture.photometric
        )
        yield made
        images.append(film_instances.bare(made))
    photometric = "RGB" if page.array.ndim == 3 else "MONOCHROME2"
    rows_, columns = page.array.shape[:2]
    yield film_instances.page_instance(
        film, target, (rows_, columns), page.array.tobytes(), page.bits_stored, photometric, page.spacing
    )
    yield film_instances.pdf_instance(film, target, pdf_of(page), images)


def target_of(study: Mapping[str, Any]) -> Target:
    """The attributes of a study that is kept."""
    return Target(**{name: study[name] or "" for name in Target.__dataclass_fields__})


def _keep(archive: Archive, data_set: Dataset, row: Mapping[str, Any], source: Source, principal: Principal) -> None:
    with archive.spool.receive(
        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        sop_class_uid=str(data_set.SOPClassUID),
        sop_instance_uid=str(data_set.SOPInstanceUID),
        source_ae_title=source.ae_title,
        facility=row["facility_code"],
    ) as writer:
        writer.write(film_instances.encoded(data_set))
        spooled = writer.finish()
    ingest(archive, spooled, source, principal)


def _work_on(archive: Archive, row: rows.Row) -> None:
    if not claim(archive, row["id"], row["state"]):
        return
    try:
        if row["state"] == "new":
            found = match(archive, row)
            if not isinstance(found, Match):
                _put_into_tray(archive, row, found.doubt)
                return
            target, by = target_of(found.study), _machine(row)
            decide(archive, row, target, found.basis, by)
            row = {**row, "state": "filing", "filed_by_kind": "ae"}
        else:
            target, by = Target(**json.loads(row["target"])), _decider(row)
        file(archive, row, target, by)
        _log.info("film filed", film=row["film_uid"], basis=row["reason"])
    except (StoreUnavailable, OutOfResources):
        raise  # later: the claim lapses
    except Gone:
        _put_into_tray(archive, row, "gone")
    except ArchiveError as error:
        _log.warning("film cannot be filed", film=row["film_uid"], kind=type(error).__name__, reason=str(error))
        _put_into_tray(archive, row, "failed")


def _put_into_tray(archive: Archive, row: Mapping[str, Any], reason: str) -> None:
    empty = {"study_instance_uid": "", "target": "", "filed_by": "", "filed_by_kind": "", "claimed_until": None}
    archive.index.in_transaction(
        lambda connection: rows.change(connection, row["id"], row["state"], state="tray", reason=reason, **empty),
        durable=True,
    )
    _log.info("film put into the tray", film=row["film_uid"], reason=reason)


def _machine(row: Mapping[str, Any]) -> Principal:
    """The machine that printed: it stores into its own facility."""
    facilities = frozenset({row["facility_id"]})
    return Principal("ae", row["ae_title"], facilities=facilities, rights=frozenset({Action.STORE}))


def _decider(row: Mapping[str, Any]) -> Principal:
    """Who decided, for the audit trail; that it was allowed has been asked then."""
    if row["filed_by_kind"] == "ae":
        return _machine(row)
    return Principal(row["filed_by_kind"], row["filed_by"], facilities=None, rights=frozenset({Action.STORE}))


def _carry(archive: Archive) -> int:
    """Bring films of the tray into the object store, so that every node can show them."""
    with archive.index.read() as connection:
        waiting = rows.in_spool(connection, archive.spool.node, _AT_ONCE)
    for row in waiting:
        path, key = folder(archive) / Path(row["file_name"]).name, object_key(row)
        if not path.exists():
            raise StoreUnavailable("The file of a film is not on the disk where it should be.")
        archive.objects.create(key, path)
        if archive.index.in_transaction(
            lambda connection, row=row, key=key: rows.moved(connection, row["id"], key),  # type: ignore[misc]
            durable=True,
        ):
            path.unlink(missing_ok=True)
    return len(waiting)


def _erase(archive: Archive) -> int:
    """Let go of the files of settled films."""
    with archive.index.read() as connection:
        settled = rows.to_erase(connection, archive.spool.node, _AT_ONCE)
    for row in settled:
        archive.objects.delete(object_key(row))
        with translated():
            (folder(archive) / Path(row["file_name"]).name).unlink(missing_ok=True)
        archive.index.in_transaction(lambda connection, row=row: rows.erased(connection, row["id"]))  # type: ignore[misc]
    return len(settled)
