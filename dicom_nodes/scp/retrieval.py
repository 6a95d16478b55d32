"""What C-MOVE and C-GET share: which instances are meant, and sending them (PS3.4 §C.4.2, §C.4.3)."""

import time
from collections.abc import Iterable, Sequence

import structlog

from dicom_nodes import identifier as identifiers
from dicom_nodes.command import CommandField, SubOperations
from dicom_nodes.scp.find import UNIQUE_KEYS, Keys
from dicom_nodes.scp.request import Request
from dicom_nodes.scu.store import Sender
from dicom_nodes.status import Code, Status
from dicom_nodes.upper_layer.association import AssociationEnded
from storage.access import audit
from storage.access.permission import may, may_anywhere
from storage.access.principal import Action
from storage.archive import conversion, retrieve
from storage.archive.query import Query, search
from storage.archive.retrieve import InstanceRow
from storage.dicom.attributes import Level
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from storage.errors import ArchiveError, Forbidden, InvalidQuery, NotFound

log = structlog.get_logger(__name__)

# What an instance may be converted to, in order of preference.
UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
PROGRESS_EVERY_S = 0.25


def selected(request: Request, destination: str) -> list[InstanceRow]:
    """The instances a C-MOVE or C-GET asks for; that they are given away is in the audit trail.

    Raises:
        InvalidQuery: the identifier does not say which.
        Forbidden: this AE may not retrieve, or not from the facility that owns a study.
    """
    principal = request.session.caller.principal
    may_anywhere(principal, Action.EXPORT)
    keys = Keys.of(request)
    rows: dict[str, InstanceRow] = {}
    for study in _studies(request, keys):
        rows.update((row.sop_instance_uid, row) for row in _instances(request, keys, study))
    found = list(rows.values())
    _note(request, found, destination)
    return found


def _studies(request: Request, keys: Keys) -> list[str]:
    if keys.level != "PATIENT":
        studies = keys.identifier.uids(identifiers.STUDY_INSTANCE_UID)
        if not studies or not keys.identifier.uids(UNIQUE_KEYS[keys.level]):
            raise InvalidQuery(f"A retrieval at level {keys.level} needs its unique key.")
        return studies
    patient_id = keys.identifier.text(identifiers.PATIENT_ID)
    if not patient_id or any(letter in patient_id for letter in "*?\\"):
        raise InvalidQuery("A retrieval at level PATIENT needs one Patient ID.")
    query = Query(
        level=Level.STUDY,
        keys={f"{identifiers.PATIENT_ID:08X}": patient_id},
        include=frozenset({identifiers.STUDY_INSTANCE_UID}),
        defaults=False,
        limit=request.session.settings.maximum_query_results,
    )
    rows = search(request.session.archive, query, request.session.caller.principal).rows
    return [row[f"{identifiers.STUDY_INSTANCE_UID:08X}"]["Value"][0] for row in rows]


def _instances(request: Request, keys: Keys, study: str) -> Iterable[InstanceRow]:
    archive = request.session.archive
    series = keys.identifier.uids(identifiers.SERIES_INSTANCE_UID) if keys.level in ("SERIES", "IMAGE") else [None]
    images = set(keys.identifier.uids(identifiers.SOP_INSTANCE_UID)) if keys.level == "IMAGE" else None
    for one in series:
        try:
            rows = retrieve.instances(archive, study, one)
        except NotFound:
            continue
        yield from (row for row in rows if images is None or row.sop_instance_uid in images)


def _note(request: Request, rows: Sequence[InstanceRow], destination: str) -> None:
    """Ask permission for each study and write it down, refusals too."""
    principal, archive = request.session.caller.principal, request.session.archive
    studies = {row.study_instance_uid: row for row in rows}
    refused: Forbidden | None = None
    with archive.index.write() as connection:
        for study, one in studies.items():
            outcome: audit.Outcome = "success"
            try:
                may(principal, Action.EXPORT, one.facility_id)
            except Forbidden as error:
                refused, outcome = error, "refused"
            count = sum(row.study_instance_uid == study for row in rows)
            detail: audit.Detail = {"destination": destination, "instances": count, "association": request.session.id}
            audit.record(
                connection,
                principal,
                Action.EXPORT,
                outcome,
                study_instance_uid=study,
                patient_id=one.patient_id,
                detail=detail,
            )
    if refused is not None:
        raise refused


class SubOperationRun:
    """The sub-operations of one request, counted, and told to the asker while they go on."""

    def __init__(self, request: Request, field: CommandField, total: int) -> None:
        self._request = request
        self._field = field
        self.counts = SubOperations(remaining=total)
        self._told_at = 0.0

    def send_all(self, rows: Sequence[InstanceRow], sender: Sender) -> None:
        """Send instances until done or cancelled.

        Raises:
            AssociationEnded: the association they go over broke; the instance under way counts as failed.
            OSError: the connection of the asker is lost.
        """
        for row in rows:
            if self._request.cancelled:
                return
            try:
                self._send(row, sender)
            except AssociationEnded:
                self.fail([row])
                raise
            self._tell()

    def fail(self, rows: Sequence[InstanceRow]) -> None:
        """Count instances that could not be sent."""
        for row in rows:
            self.counts.remaining -= 1
            self.counts.failed += 1
            self.counts.failed_sop_instance_uids.append(row.sop_instance_uid)

    def _send(self, row: InstanceRow, sender: Sender) -> None:
        try:
            data_set = self._data_set(row, sender)
            answer = sender.send(
                sop_class_uid=row.sop_class_uid,
                sop_instance_uid=row.sop_instance_uid,
                transfer_syntax_uid=data_set.transfer_syntax_uid,
                size=data_set.size,
                data_set=data_set.pieces,
            )
        except ArchiveError as error:
            log.warning(
                "an instance could not be sent",
                association=self._request.session.id,
                sop_instance_uid=row.sop_instance_uid,
                reason=str(error),
            )
            self.fail([row])
            return
        if not answer.is_kept:
            self.fail([row])
            return
        self.counts.remaining -= 1
        if answer.status:
            self.counts.warning += 1
        else:
            self.counts.completed += 1

    def _data_set(self, row: InstanceRow, sender: Sender) -> conversion.DataSet:
        archive = self._request.session.archive
        if sender.accepts(row.sop_class_uid, row.transfer_syntax_uid):
            instance = retrieve.open_instance(archive, row)
            size = instance.size - row.dataset_offset
            return conversion.DataSet(row.transfer_syntax_uid, size, instance.chunks(row.dataset_offset))
        for target in UNCOMPRESSED:
            if sender.accepts(row.sop_class_uid, target):
                return conversion.converted(archive, row, target)
        raise NotFound("The destination accepts no transfer syntax this instance can be sent in.")

    def _tell(self) -> None:
        """A pending answer with the counts, a few times a second."""
        now = time.monotonic()
        if self.counts.remaining and now - self._told_at >= PROGRESS_EVERY_S:
            self._told_at = now
            self._request.send(self._field, Code.PENDING, sub_operations=self.counts)

    def finish(self, status: Status | None = None) -> None:
        """Send the final answer; by default what the counts say.

        Raises:
            OSError: the connection of the asker is lost.
        """
        if status is None:
            status = self._outcome()
        data_set = None
        if self.counts.failed_sop_instance_uids and status.code != Code.SUCCESS:
            failed = "\\".join(self.counts.failed_sop_instance_uids)
            answer = {identifiers.FAILED_SOP_INSTANCE_UID_LIST: ("UI", failed)}
            data_set = identifiers.encode(answer, self._request.transfer_syntax)
        self._request.send(self._field, status, data_set=data_set, sub_operations=self.counts)

    def _outcome(self) -> Status:
        if self.counts.remaining:
            return Status(Code.CANCEL)
        if self.counts.failed:
            return Status(Code.SUB_OPERATIONS_WITH_FAILURES, f"{self.counts.failed} instances could not be sent.")
        return Status(Code.SUCCESS)
