"""A request being served: what was asked, by whom, and the way to answer it (PS3.7 §9.1)."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from pynetdicom.dimse_primitives import (
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    N_ACTION,
    N_CREATE,
    N_DELETE,
    N_EVENT_REPORT,
    N_GET,
    N_SET,
)
from pynetdicom.presentation import PresentationContext

from dicom_nodes.command import CommandField, SubOperations, response
from dicom_nodes.scp.associations import Caller
from dicom_nodes.scp.bulletin import Tally, is_failure, refusal
from dicom_nodes.scp.extended import Options, options
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import Status
from dicom_nodes.upper_layer.association import Association
from storage.archive import Archive
from storage.archive.network_finding import Finding

log = structlog.get_logger(__name__)

_RESPONSES: Mapping[type[Any], CommandField] = {
    C_ECHO: CommandField.C_ECHO_RSP,
    C_FIND: CommandField.C_FIND_RSP,
    C_GET: CommandField.C_GET_RSP,
    C_MOVE: CommandField.C_MOVE_RSP,
    N_EVENT_REPORT: CommandField.N_EVENT_REPORT_RSP,
    N_GET: CommandField.N_GET_RSP,
    N_SET: CommandField.N_SET_RSP,
    N_ACTION: CommandField.N_ACTION_RSP,
    N_CREATE: CommandField.N_CREATE_RSP,
    N_DELETE: CommandField.N_DELETE_RSP,
}
# Where pynetdicom's primitive keeps its data set.
_DATA_SETS: Mapping[type[Any], str] = {
    N_EVENT_REPORT: "EventInformation",
    N_SET: "ModificationList",
    N_ACTION: "ActionInformation",
    N_CREATE: "AttributeList",
}
# What says which event or action, and its element in the command set (PS3.7 Table E.1-1).
_TYPE_IDS = ((N_EVENT_REPORT, 0x1002, "EventTypeID"), (N_ACTION, 0x1008, "ActionTypeID"))


def _named(message: Any, what: str) -> str:
    """A UID of the request, which Table E.1-1 of PS3.7 has as "Affected" or as "Requested"."""
    return str(getattr(message, f"Affected{what}", None) or getattr(message, f"Requested{what}", None) or "")


@dataclass(frozen=True)
class Session:
    """An accepted association and what serving it needs; ``id`` groups its audit rows.

    ``between``: what is looked at, in the association's own thread, whenever nothing is being served; ``answers``: who
    waits for the peer's answer to a request of ours, by Message ID; ``at_end``: what is done when it has ended.
    """

    archive: Archive
    settings: NodeSettings
    association: Association
    caller: Caller
    id: str
    between: list[Callable[[], None]] = field(default_factory=list, compare=False)
    answers: dict[int, Callable[[Any], None]] = field(default_factory=dict, compare=False)
    at_end: list[Callable[[], None]] = field(default_factory=list, compare=False)
    note: Callable[[Finding], None] = field(default=lambda finding: None, compare=False)
    tally: Tally = field(default_factory=Tally, compare=False)

    @classmethod
    def begin(
        cls,
        archive: Archive,
        settings: NodeSettings,
        association: Association,
        caller: Caller,
        note: Callable[[Finding], None] = lambda finding: None,
    ) -> "Session":
        """A session under a new id; ``note`` hears of what goes wrong."""
        return cls(archive, settings, association, caller, uuid.uuid4().hex, note=note)

    def answered(self, service: str, status: Status, sop_class_uid: str) -> None:
        """Count what was answered; a refusal is told to whoever looks after the machines."""
        if is_failure(status.code):
            self.tally.refused += 1
            self.note(refusal(self.caller.peer, service, status, sop_class_uid))


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
    def service(self) -> str:
        """Name of the operation, e.g. ``C-FIND``."""
        return type(self.message).__name__.replace("_", "-")

    @property
    def transfer_syntax(self) -> str:
        """Transfer syntax agreed for the presentation context."""
        return str(self.context.transfer_syntax[0])

    @property
    def options(self) -> Options:
        """What was agreed on for the class of the presentation context by extended negotiation."""
        return options(self.session.association, self.abstract_syntax)

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
        """The encoded data set of a query or retrieval; empty if it has none."""
        identifier = self.message.Identifier
        return identifier.getvalue() if identifier is not None else b""

    @property
    def attributes(self) -> bytes:
        """The encoded data set of an N-CREATE, N-SET, N-ACTION or N-EVENT-REPORT; empty if it has none."""
        name = _DATA_SETS.get(type(self.message))
        encoded = getattr(self.message, name) if name else None
        return encoded.getvalue() if encoded is not None else b""

    @property
    def sop_class_uid(self) -> str:
        """The class that the request names, which may be one of those that a Meta SOP Class carries."""
        named = _named(self.message, "SOPClassUID")
        return named or self.abstract_syntax

    @property
    def sop_instance_uid(self) -> str:
        """The instance that a normalized request names; empty if it names none."""
        return _named(self.message, "SOPInstanceUID")

    @property
    def type_id(self) -> tuple[int, int] | None:
        """Element and value of the Event Type or Action Type ID, which an answer repeats; ``None`` without one."""
        for kind, element, name in _TYPE_IDS:
            if isinstance(self.message, kind):
                return element, int(getattr(self.message, name) or 0)
        return None

    @property
    def response_field(self) -> int:
        """Command Field of the answer: that of the request with the highest bit set (PS3.7 Table E.1-1)."""
        return _RESPONSES.get(type(self.message), CommandField.C_ECHO_RSP)

    def refuse(self, status: Status) -> None:
        """Answer that the request is declined, and why, which is also written down.

        Raises:
            OSError: the connection is lost.
        """
        log.warning(
            f"{self.service} refused",
            peer=self.session.association.peer,
            association=self.session.id,
            sop_class_uid=self.abstract_syntax,
            status=f"{status.code:04X}",
            reason=status.comment,
        )
        self.answer(status)

    def answer(self, status: Status, *, sop_instance_uid: str = "", data_set: bytes | None = None) -> None:
        """Send the one answer to a request; ``sop_instance_uid`` where it is not that which the request names.

        Raises:
            OSError: the connection is lost.
        """
        self.send(
            self.response_field,
            status,
            data_set=data_set,
            sop_class_uid=self.sop_class_uid,
            sop_instance_uid=sop_instance_uid or self.sop_instance_uid,
            type_id=self.type_id,
        )

    def send(
        self,
        field: int,
        status: int | Status,
        *,
        data_set: bytes | None = None,
        sub_operations: SubOperations | None = None,
        sop_class_uid: str = "",
        sop_instance_uid: str = "",
        type_id: tuple[int, int] | None = None,
    ) -> None:
        """Send one answer; ``sop_class_uid`` where it is not that of the context, which may be a Meta SOP Class.

        Raises:
            OSError: the connection is lost.
        """
        answer = status if isinstance(status, Status) else Status(status)
        self.session.answered(self.service, answer, self.abstract_syntax)
        command = response(
            field,
            message_id=self.message_id,
            status=answer.code,
            sop_class_uid=sop_class_uid or self.abstract_syntax,
            sop_instance_uid=sop_instance_uid,
            error_comment=answer.comment,
            has_data_set=data_set is not None,
            sub_operations=sub_operations,
            type_id=type_id,
            error_id=answer.error_id,
        )
        self.session.association.send_command(int(self.context.context_id or 0), command, data_set)
