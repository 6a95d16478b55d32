"""Use case: take a printed film in, durably, before its machine is told that it is printed (PS3.4 §H.4.2.2.4).

The film waits as one file on the disk of this node and a row of the index; :mod:`storage.archive.film_filing` puts it
into the study it belongs to, or into the tray.
"""

import hashlib
import json
import os
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.dicom.film import Film, decode, encode
from storage.disk import sync_folder, translated
from storage.errors import NotFound, OutOfResources, StoreUnavailable, WrongState
from storage.index import films as rows

# Films that wait to be filed take no more than this; a tray that nobody empties must not fill the disk.
MOST_WAITING_BYTES = 20 * 1024**3
FOLDER = "films"

_log = structlog.get_logger(__name__)


class TrayFull(OutOfResources):
    """So many films wait to be filed that no more are taken."""


@dataclass(frozen=True)
class Printer:
    """Who printed: the machine, its address, and whose it is."""

    ae_title: str
    address: str
    facility_id: int


def take(archive: Archive, film: Film, printer: Printer, principal: Principal) -> None:
    """Keep a film; when this returns it survives a power cut.

    Raises:
        Forbidden: the principal may not print here.
        TrayFull, OutOfResources: there is no room for it.
        StoreUnavailable: the disk or the index cannot be used.
    """
    may(principal, Action.PRINT, printer.facility_id)
    archive.spool.check_room()
    encoded = encode(film)
    with archive.index.read() as connection:
        waiting = rows.bytes_waiting(connection)
    if waiting + len(encoded) > MOST_WAITING_BYTES:
        raise TrayFull("Too many films wait to be filed; empty the tray.")
    path = folder(archive) / archive.spool.new_name()
    try:
        _write(path, encoded)
        values = _values(archive, film, printer, path.name, encoded)

        def work(connection: rows.Connection) -> None:
            number = rows.add(connection, values)
            detail: audit.Detail = {"film": number, "images": len(film.images), "ae_title": printer.ae_title}
            audit.record(connection, principal, Action.PRINT, detail=detail)

        archive.index.in_transaction(work, durable=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    _log.info("film printed", film=film.uid, ae_title=printer.ae_title, images=len(film.images), bytes=len(encoded))


def find(archive: Archive, film_uid: str, reach: Collection[int] | None) -> rows.Row:
    """The row of a film of the facilities in reach (``None``: all), by its UID.

    Raises:
        NotFound: there is none.
    """
    with archive.index.read() as connection:
        row = rows.by_uid(connection, film_uid)
    if row is None or (reach is not None and row["facility_id"] not in reach):
        raise NotFound("There is no such film.")
    return row


def folder(archive: Archive) -> Path:
    """Where the films of this node wait, made if it is not there.

    Raises:
        StoreUnavailable: the disk cannot be used.
    """
    found = archive.spool.root / FOLDER
    if not found.is_dir():
        with translated():
            found.mkdir(mode=0o700, exist_ok=True)
            sync_folder(archive.spool.root)
    return found


def read(archive: Archive, row: Mapping[str, Any]) -> Film:
    """The film of a row.

    Raises:
        WrongState: its file is on the disk of another node, or it is settled and the file erased.
        StoreUnavailable: the file cannot be read now, or is not the one that was kept.
        InvalidInstance: it is damaged.
    """
    encoded = _bytes(archive, row)
    if hashlib.sha256(encoded).hexdigest() != row["sha256"]:
        raise StoreUnavailable("The file of the film is damaged.")
    return decode(encoded)


def _bytes(archive: Archive, row: Mapping[str, Any]) -> bytes:
    if row["location"] == "none":
        raise WrongState("This film is settled; its images are in their study.")
    if row["location"] == "object":
        try:
            return archive.objects.read(row["object_key"])
        except NotFound:
            raise StoreUnavailable("The file of the film is not in the object store.") from None
    if row["node"] != archive.spool.node:
        raise WrongState(f"The film is still on the node {row['host'] or row['node']}; try again in a moment.")
    with translated():
        return (folder(archive) / Path(row["file_name"]).name).read_bytes()


def _write(path: Path, encoded: bytes) -> None:
    draft = path.with_name(f"draft-{secrets.token_hex(8)}")
    with translated():
        try:
            with draft.open("xb") as file:
                file.write(encoded)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            sync_folder(path.parent)
        finally:
            draft.unlink(missing_ok=True)


def _values(archive: Archive, film: Film, printer: Printer, name: str, encoded: bytes) -> dict[str, Any]:
    proposal = {key: value for key, value in asdict(film.proposal).items() if value}
    return {
        "film_uid": film.uid,
        "facility_id": printer.facility_id,
        "ae_title": printer.ae_title[:16],
        "address": printer.address,
        "printed_at": film.printed_at,
        "label": film.label,
        "texts": "\n".join(film.texts),
        "proposal": json.dumps(proposal, ensure_ascii=False) if proposal else "",
        "display_format": film.display_format,
        "size_id": film.size[:16],
        "number_of_images": len(film.images),
        "node": archive.spool.node,
        "host": socket.gethostname(),
        "file_name": name,
        "bytes": len(encoded),
        "sha256": hashlib.sha256(encoded).hexdigest(),
    }
