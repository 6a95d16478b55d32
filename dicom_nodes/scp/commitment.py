"""Storage commitment: requests of machines, told their result when it is known; answers to our own (PS3.4 Annex J)."""

import time

import structlog

from dicom_nodes import identifier
from dicom_nodes.command import CommandField, normalized_request
from dicom_nodes.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE, REQUEST, Message, result_of, take_report
from dicom_nodes.scp.request import Request, Session
from dicom_nodes.status import Code, Refused, Status
from storage.access.permission import may_anywhere
from storage.access.principal import Action
from storage.archive import commitment, delivery
from storage.archive.commitment import Reference, ReportTo
from storage.archive.delivery import Delivery
from storage.dicom.part10 import valid_uid
from storage.errors import ArchiveError, InvalidRequest, WrongState

log = structlog.get_logger(__name__)

_LEASE_KEPT_EVERY_S = 5.0
_LOOKED_EVERY_S = 0.5
_PATIENCE_S = 5.0  # with an index that is away


def serve_request(request: Request) -> None:
    """Answer an N-ACTION: the request is noted durably, and looked into by the worker.

    Raises:
        OSError: the connection is lost.
        Refused: it is none that storage commitment knows.
        ArchiveError: it may not be asked for, or cannot be noted.
    """
    _check_target(request)
    _check_action(request.message.ActionTypeID)
    transaction_uid = _note(request)
    request.answer(Status(Code.SUCCESS))
    Teller(request, transaction_uid).wait()


def serve_report(request: Request) -> None:
    """Answer an N-EVENT-REPORT: what a machine says of a request of ours is noted before it hears of success.

    Raises:
        OSError: the connection is lost.
        Refused: it is none of storage commitment.
        ArchiveError: it is of no request of ours, or cannot be noted.
    """
    _check_target(request)
    event = int(request.message.EventTypeID or 0)
    session = request.session
    take_report(session.archive, event, request.attributes, request.transfer_syntax, session.caller.ae_title)
    request.answer(Status(Code.SUCCESS))


def _check_target(request: Request) -> None:
    if request.sop_class_uid != PUSH_MODEL:
        raise Refused(Code.SOP_CLASS_NOT_SUPPORTED, "This presentation context is for storage commitment.")
    if request.sop_instance_uid != PUSH_MODEL_INSTANCE:
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "Not the well-known instance of storage commitment.")


def _check_action(action_type: object) -> None:
    if action_type != REQUEST:
        raise Refused(Code.NO_SUCH_ACTION_TYPE, "Storage commitment knows Action Type 1 alone.")


def _asked(request: Request) -> tuple[str, list[Reference]]:
    """The Transaction UID and the instances of a request.

    Raises:
        InvalidRequest: one of them is missing, or cannot be right.
    """
    asked = Message(request.attributes, request.transfer_syntax)
    named = asked.referenced
    if not valid_uid(asked.transaction_uid):
        raise InvalidRequest("The Transaction UID is missing or malformed.")
    if not named or not all(sop_class and instance for sop_class, instance in named):
        raise InvalidRequest("Instances, or a UID of one, are missing.")
    return asked.transaction_uid, [Reference(sop_class=sop_class, instance=instance) for sop_class, instance in named]


def _note(request: Request) -> str:
    session = request.session
    may_anywhere(session.caller.principal, Action.COMMIT)
    try:
        uid, references = _asked(request)
        holder = ReportTo(session.caller.ae_title, session.id)
        commitment.request(session.archive, uid, references, session.caller.principal, holder)
    except (InvalidRequest, WrongState) as error:
        raise Refused(Code.INVALID_ARGUMENT_VALUE, str(error)) from None
    log.info("storage commitment requested", association=session.id, transaction_uid=uid, instances=len(references))
    return uid


class Teller:
    """Tells the result of one request on the association it came over, if that is still there; else another will."""

    def __init__(self, request: Request, transaction_uid: str) -> None:
        self._session: Session = request.session
        self._transaction_uid = transaction_uid
        self._context_id = int(request.context.context_id or 0)
        self._transfer_syntax = request.transfer_syntax
        self._looked_at = self._kept_at = time.monotonic()

    def wait(self) -> None:
        """Begin."""
        self._session.between.append(self._look)
        self._session.at_end.append(self._leave)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < _LOOKED_EVERY_S:
            return
        self._looked_at = now
        archive = self._session.archive
        try:
            if now - self._kept_at > _LEASE_KEPT_EVERY_S:
                self._kept_at = now
                delivery.extend(archive, self._session.id, delivery.HELD)
            due = delivery.held(archive, "report", self._transaction_uid, self._session.id)
            if due is not None:
                self._session.between.remove(self._look)
                self._tell(due)
        except ArchiveError as error:
            self._looked_at = now + _PATIENCE_S
            log.warning("a result cannot be told now", association=self._session.id, reason=str(error))

    def _tell(self, due: Delivery) -> None:
        session = self._session
        type_id, told = result_of(session.archive, self._transaction_uid, session.settings.aet)
        message_id = next(one for one in range(1, 0x10000) if one not in session.answers)
        command = normalized_request(
            CommandField.N_EVENT_REPORT_RQ,
            message_id=message_id,
            sop_class_uid=PUSH_MODEL,
            sop_instance_uid=PUSH_MODEL_INSTANCE,
            type_id=type_id,
        )
        session.answers[message_id] = lambda answer: self._answered(due, int(answer.Status or 0))
        data_set = identifier.encode(told, self._transfer_syntax)
        try:
            session.association.send_command(self._context_id, command, data_set)
        except OSError:
            session.association.abort()

    def _answered(self, due: Delivery, status: int) -> None:
        archive = self._session.archive
        try:
            if status == Code.SUCCESS:
                delivery.finish(archive, due)
                log.info("result told", association=self._session.id, transaction_uid=self._transaction_uid)
            else:
                delivery.put_off(archive, due, f"The report was answered with status {status:04X}.")
        except ArchiveError as error:
            log.warning("a result was told and will be again", association=self._session.id, reason=str(error))

    def _leave(self) -> None:
        delivery.free(self._session.archive, self._session.id)
