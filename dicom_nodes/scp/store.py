"""Storage: the data set goes byte for byte into the spool while it arrives, then into the archive (PS3.4 Annex B)."""

import structlog
from pynetdicom.presentation import PresentationContext

from dicom_nodes.command import Command, CommandField, response
from dicom_nodes.scp import contexts
from dicom_nodes.scp.request import Session
from dicom_nodes.status import Code, Refused, Status, of_store
from storage.access.permission import may_anywhere
from storage.access.principal import Action
from storage.archive.ingest import Source, ingest
from storage.dicom.part10 import valid_uid
from storage.spool import SpoolWriter

log = structlog.get_logger(__name__)


class Reception:
    """One C-STORE request being received; answers only after the instance is durable.

    After a failure the rest of the data set is read and thrown away, because the answer may only follow it.
    """

    def __init__(self, session: Session, command: Command, context: PresentationContext) -> None:
        self._session = session
        session.tally.count("C-STORE")
        self._message_id = command.number(0x0110, 0)
        self._sop_class_uid = command.text(0x0002)
        self._sop_instance_uid = command.text(0x1000)
        self._transfer_syntax_uid = str(context.transfer_syntax[0])
        self._writer: SpoolWriter | None = None
        self._failure: Status | None = None
        try:
            self._begin(command, context)
        except Exception as error:  # noqa: BLE001  the peer always gets an answer
            self._failure = of_store(error)

    def _begin(self, command: Command, context: PresentationContext) -> None:
        may_anywhere(self._session.caller.principal, Action.STORE)
        if not contexts.is_storage(str(context.abstract_syntax), self._session.archive.settings.unknown_sop_classes):
            raise Refused(Code.SOP_CLASS_NOT_SUPPORTED, "Not a storage presentation context.")
        if not valid_uid(self._sop_class_uid) or not valid_uid(self._sop_instance_uid):
            raise Refused(Code.INVALID_SOP_INSTANCE, "SOP Class or Instance UID is absent or malformed.")
        if not command.has_data_set:
            raise Refused(Code.CANNOT_UNDERSTAND, "The request has no data set.")
        self._writer = self._session.archive.spool.receive(
            transfer_syntax_uid=self._transfer_syntax_uid,
            sop_class_uid=self._sop_class_uid,
            sop_instance_uid=self._sop_instance_uid,
            source_ae_title=self._session.caller.ae_title,
            facility=self._session.caller.facility,
        ).__enter__()

    def write(self, fragment: memoryview) -> None:
        """Take the next bytes of the data set."""
        if self._writer is None:
            return
        try:
            self._writer.write(fragment)
        except Exception as error:  # noqa: BLE001  the peer always gets an answer
            self._failure = of_store(error)
            self.abandon()

    def finish(self) -> bytes:
        """Keep the instance; the command set of the answer."""
        status = self._failure or self._keep()
        self._session.answered("C-STORE", status, self._sop_class_uid)
        if status.code != Code.SUCCESS:
            log.warning(
                "C-STORE refused",
                calling_ae_title=self._session.association.peer,
                association=self._session.id,
                status=f"{status.code:04X}",
                reason=status.comment,
                sop_class_uid=self._sop_class_uid,
                transfer_syntax_uid=self._transfer_syntax_uid,
            )
        return response(
            CommandField.C_STORE_RSP,
            message_id=self._message_id,
            status=status.code,
            sop_class_uid=self._sop_class_uid,
            sop_instance_uid=self._sop_instance_uid,
            error_comment=status.comment,
        )

    def _keep(self) -> Status:
        if self._writer is None:
            return Status(Code.PROCESSING_FAILURE, "Nothing was received.")
        caller = self._session.caller
        source = Source(
            kind="dimse",
            ae_title=caller.ae_title,
            address=caller.address,
            facility_id=caller.facility_id,
            context=self._session.id,
        )
        try:
            spooled = self._writer.finish(durable=False)
            ingest(self._session.archive, spooled, source, caller.principal)
        except Exception as error:  # noqa: BLE001  the peer always gets an answer
            return of_store(error)
        finally:
            self.abandon()
        return Status(Code.SUCCESS)

    def abandon(self) -> None:
        """Leave the writer; what it has not finished is removed."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.__exit__(None, None, None)
