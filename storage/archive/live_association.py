"""Which DICOM processes live and which associations they serve now, as each tells in the index."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.index import network as rows

HEARTBEAT_S = 5.0
DEAD_AFTER = timedelta(seconds=4 * HEARTBEAT_S)


@dataclass(frozen=True)
class Live:
    """How an association is now; titles as they may stand in a log."""

    association: str
    calling_ae_title: str
    called_ae_title: str
    address: str
    facility_id: int
    user_name: str
    tls: str
    service: str
    requests: int
    refused: int
    began_at: datetime
    active_at: datetime


class Register:
    """What one process tells about itself; a process that dies is forgotten by the others."""

    def __init__(self, archive: Archive, *, ae_title: str, port: int, tls_port: int, maximum_associations: int) -> None:
        self._index = archive.index
        self._about = {
            "node": archive.spool.node,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "ae_title": ae_title,
            "port": port,
            "tls_port": tls_port,
            "maximum_associations": maximum_associations,
            "began_at": datetime.now(UTC),
        }
        self._id = 0
        self._told: dict[str, Live] = {}

    def tell(self, associations: Sequence[Live], *, heartbeat: bool) -> None:
        """Write what has changed since the last time.

        Raises:
            StoreUnavailable: the index cannot be reached; the next call tells all of it.
        """
        current = {one.association: one for one in associations}
        changed = [one for name, one in current.items() if self._told.get(name) != one]
        ended = [name for name in self._told if name not in current]
        if self._id and not (changed or ended or heartbeat):
            return
        now = datetime.now(UTC)
        with self._index.write() as connection:
            rows.remove_processes_unseen_since(connection, now - DEAD_AFTER)
            identity = self._id
            if not identity or not rows.see_process(connection, identity, now):
                identity = rows.add_process(connection, **self._about, seen_at=now)
                changed, ended = list(current.values()), []
            if ended:
                rows.end_associations(connection, ended)
            for one in changed:
                rows.put_association(connection, {**asdict(one), "process_fk": identity})
        self._id, self._told = identity, current

    def close(self) -> None:
        """Leave.

        Raises:
            StoreUnavailable: the index cannot be reached; the others will notice.
        """
        if self._id:
            with self._index.write() as connection:
                rows.remove_process(connection, self._id)
            self._id, self._told = 0, {}


def associations(archive: Archive, principal: Principal) -> list[dict[str, Any]]:
    """The associations that are served now, by all processes, the oldest first.

    Raises:
        Forbidden: the principal may not administer.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        return [_plain(row) for row in rows.associations(connection, datetime.now(UTC) - DEAD_AFTER)]


def processes(archive: Archive, principal: Principal) -> list[dict[str, Any]]:
    """The DICOM processes that live, on all machines of this archive.

    Raises:
        Forbidden: the principal may not administer.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        return [_plain(row) for row in rows.processes(connection, datetime.now(UTC) - DEAD_AFTER)]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row under names that are texts and nothing more."""
    return {str(name): value for name, value in row.items()}
