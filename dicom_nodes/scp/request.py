"""A request being served: what was asked, by whom, and the way to answer it (PS3.7 §9.1)."""

import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from pynetdicom.presentation import PresentationContext

from dicom_nodes.command import SubOperations, response
from dicom_nodes.scp.associations import Caller
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import Status
from dicom_nodes.upper_layer.association import Association
from storage.archive import Archive

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Session:
    """An accepted association and what serving it needs; ``id`` groups its audit rows."""

    archive: Archive
    settings: NodeSettings
    association: Association
    caller: Caller
    id: str

    @classmethod
    def begin(cls, archive: Archive, settings: NodeSettings, association: Association, caller: Caller) -> "Session":
        """A session under a new id."""
        return cls(archive, settings, association, caller, uuid.uuid4().hex)


@dataclass(frozen=True)
class Request:
    """One message of a session; ``message`` is pynetdicom's primitive of it."""

    session: Session
    message: Any
    context: PresentationContext

    @property
    def abstract_syntax(self) -> str:
        """SOP Class of the presentation context."""
        return str(self.context.abstract_syntax)

    @property
    def transfer_syntax(self) -> str:
        """Transfer syntax agreed for the presentation context."""
        return str(self.context.transfer_syntax[0])

    @property
    def message_id(self) -> int:
        """(0000,0110) Message ID."""
        return int(self.message.MessageID or 0)

    @property
    def cancelled(self) -> bool:
        """Whether the peer has taken the request back (PS3.7 §9.3.2.3), or this node is stopping."""
        association = self.session.association
        return self.message_id in association.dimse.cancel_req or association.provider.halting

    @property
    def identifier(self) -> bytes:
        """The encoded data set of the request; empty if it has none."""
        identifier = self.message.Identifier
        return identifier.getvalue() if identifier is not None else b""

    def log_refusal(self, service: str, status: Status) -> None:
        """Write down why a request is declined."""
        log.warning(
            f"{service} refused",
            peer=self.session.association.peer,
            association=self.session.id,
            status=f"{status.code:04X}",
            reason=status.comment,
        )

    def send(
        self,
        field: int,
        status: int | Status,
        error_comment: str = "",
        *,
        data_set: bytes | None = None,
        sub_operations: SubOperations | None = None,
    ) -> None:
        """Send one answer.

        Raises:
            OSError: the connection is lost.
        """
        answer = status if isinstance(status, Status) else Status(status, error_comment)
        command = response(
            field,
            message_id=self.message_id,
            status=answer.code,
            sop_class_uid=self.abstract_syntax,
            error_comment=answer.comment,
            has_data_set=data_set is not None,
            sub_operations=sub_operations,
        )
        self.session.association.send_command(int(self.context.context_id or 0), command, data_set)
