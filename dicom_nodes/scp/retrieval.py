"""What C-MOVE and C-GET share: which instances are meant, and sending them (PS3.4 §C.4.2, §C.4.3)."""

import time
from collections.abc import Iterable, Mapping, Sequence

import structlog

from dicom_nodes import identifier as identifiers
from dicom_nodes.command import CommandField, SubOperations
from dicom_nodes.scp.find import LEVELS, PATIENT_ROOT, UNIQUE_KEYS, Keys
from dicom_nodes.scp.request import Request
from dicom_nodes.scu.delivery import Delivery
from dicom_nodes.status import Code, Status, comment
from storage.access import audit
from storage.access.permission import may, may_anywhere
from storage.access.principal import Action
from storage.archive import retrieve
from storage.archive.query import Query, search
from storage.archive.retrieve import InstanceRow
from storage.dicom.attributes import Level
from storage.errors import Forbidden, InvalidQuery, NotFound

log = structlog.get_logger(__name__)

PROGRESS_EVERY_S = 0.25
_OF_PATIENT = (identifiers.PATIENT_ID, 0x00100021)  # with Issuer of Patient ID


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
    for study, series in _targets(request, keys):
        rows.update((row.sop_instance_uid, row) for row in _instances(request, keys, study, series))
    found = list(rows.values())
    _note(request, found, destination)
    return found


def _targets(request: Request, keys: Keys) -> list[tuple[str, str | None]]:
    """Studies, or studies and series, in which the wanted instances are.

    Raises:
        InvalidQuery: the identifier does not say which.
    """
    identifier = keys.identifier
    if keys.level == "PATIENT":
        patient_id = identifier.text(identifiers.PATIENT_ID)
        if not patient_id or any(letter in patient_id for letter in "*?\\"):
            raise InvalidQuery("A retrieval at level PATIENT needs one Patient ID.")
        return _found(request, Level.STUDY, {tag: identifier.text(tag) for tag in _OF_PATIENT})
    if not identifier.uids(UNIQUE_KEYS[keys.level]):
        raise InvalidQuery(f"A retrieval at level {keys.level} needs its unique key.")
    studies = identifier.uids(identifiers.STUDY_INSTANCE_UID)
    series = identifier.uids(identifiers.SERIES_INSTANCE_UID)
    if keys.level == "STUDY":
        return [(study, None) for study in studies]
    if studies and series:
        return [(study, one) for study in studies for one in series]
    # Relational: the archive knows where they are.
    tags = (identifiers.STUDY_INSTANCE_UID, identifiers.SERIES_INSTANCE_UID, identifiers.SOP_INSTANCE_UID)
    given = {tag: identifier.text(tag) for tag in tags[: LEVELS.index(keys.level)]}
    return _found(request, Level(keys.level), given)


def _found(request: Request, level: Level, given: Mapping[int, str]) -> list[tuple[str, str | None]]:
    parts = (identifiers.STUDY_INSTANCE_UID, identifiers.SERIES_INSTANCE_UID)[: 1 if level is Level.STUDY else 2]
    query = Query(
        level=level,
        keys={f"{tag:08X}": value for tag, value in given.items() if value},
        include=frozenset(parts),
        defaults=False,
        limit=request.session.settings.maximum_query_results,
    )
    rows = search(request.session.archive, query, request.session.caller.principal).rows
    told = ([str(row[f"{tag:08X}"]["Value"][0]) for tag in parts] for row in rows)
    return list(dict.fromkeys((one[0], one[1] if len(one) > 1 else None) for one in told))


def _instances(request: Request, keys: Keys, study: str, series: str | None) -> Iterable[InstanceRow]:
    images = set(keys.identifier.uids(identifiers.SOP_INSTANCE_UID)) if keys.level == "IMAGE" else None
    patient = keys.identifier.text(identifiers.PATIENT_ID) if request.abstract_syntax in PATIENT_ROOT else ""
    try:
        rows = retrieve.instances(request.session.archive, study, series)
    except NotFound:
        return
    for row in rows:
        if (images is None or row.sop_instance_uid in images) and patient in ("", row.patient_id.strip()):
            yield row


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
        self._last_reason = ""
        self._asker_left: OSError | None = None

    def is_over(self) -> bool:
        """Whether no further instance is to be sent: the asker has taken the request back, or has left."""
        return self._asker_left is not None or self._request.cancelled

    def report(self, delivery: Delivery) -> None:
        """Count what became of one instance, and tell the asker a few times a second."""
        self._count(delivery)
        now = time.monotonic()
        if self.counts.remaining and now - self._told_at >= PROGRESS_EVERY_S and self._asker_left is None:
            self._told_at = now
            try:
                self._request.send(self._field, Code.PENDING, sub_operations=self.counts)
            except OSError as error:
                self._asker_left = error

    def fail(self, rows: Sequence[InstanceRow], reason: str) -> None:
        """Count instances that could not be sent for one reason, which the caller has logged."""
        for row in rows:
            self._count(Delivery(row, None, reason), is_logged=True)

    def _count(self, delivery: Delivery, *, is_logged: bool = False) -> None:
        counts = self.counts
        counts.remaining -= 1
        if delivery.is_warning:
            counts.warning += 1
        elif delivery.is_kept:
            counts.completed += 1
            return
        else:
            counts.failed += 1
            counts.failed_sop_instance_uids.append(delivery.row.sop_instance_uid)
        reason = delivery.reason or f"The destination answered with status {delivery.status or 0:04X}."
        self._last_reason = reason
        if not is_logged:
            log.warning(
                "an instance was sent with a warning" if delivery.is_kept else "an instance could not be sent",
                association=self._request.session.id,
                sop_instance_uid=delivery.row.sop_instance_uid,
                status="" if delivery.status is None else f"{delivery.status:04X}",
                reason=reason,
            )

    def finish(self) -> None:
        """Send the final answer, as the counts say.

        Raises:
            OSError: the connection of the asker is lost.
        """
        if self._asker_left is not None:
            raise self._asker_left
        status, data_set = self._outcome(), None
        if self.counts.failed_sop_instance_uids:
            failed = "\\".join(self.counts.failed_sop_instance_uids)
            answer = {identifiers.FAILED_SOP_INSTANCE_UID_LIST: ("UI", failed)}
            data_set = identifiers.encode(answer, self._request.transfer_syntax)
        self._request.send(self._field, status, data_set=data_set, sub_operations=self.counts)

    def _outcome(self) -> Status:
        """The final status (PS3.4 §C.4.2.2.1): a refusal where nothing at all got across."""
        counts = self.counts
        if counts.remaining:
            return Status(Code.CANCEL)
        if counts.failed and not counts.completed and not counts.warning:
            return Status(Code.CANNOT_PERFORM_SUB_OPERATIONS, comment(self._last_reason))
        if counts.failed:
            return Status(Code.SUB_OPERATIONS_WITH_FAILURES, f"{counts.failed} instances could not be sent.")
        if counts.warning:
            return Status(Code.SUB_OPERATIONS_WITH_FAILURES, f"{counts.warning} instances were kept with a warning.")
        return Status(Code.SUCCESS)
