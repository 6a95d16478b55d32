"""N-services as user: one request over an established association, and its answer (PS3.7 §10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.presentation import PresentationContext

from dicom_nodes import identifier
from dicom_nodes.command import CommandField, normalized_request
from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.upper_layer.association import Association

RequestField = Literal[CommandField.N_EVENT_REPORT_RQ, CommandField.N_ACTION_RQ, CommandField.N_CREATE_RQ]
# What answers an event report that the peer sends meanwhile.
OnEvent = Callable[[Any, PresentationContext], None]


@dataclass(frozen=True)
class Reply:
    """What the peer answered; ``comment`` is its Error Comment."""

    status: int
    comment: str

    @property
    def is_success(self) -> bool:
        """Success, or a warning, which is one too (PS3.7 Annex C)."""
        return self.status in (0x0000, 0x0001, 0x0107, 0x0116) or self.status >> 12 == 0xB

    def __str__(self) -> str:
        return f"status {self.status:04X}" + (f" ({self.comment})" if self.comment else "")


def context_of(association: Association, abstract_syntax: str) -> PresentationContext:
    """The accepted presentation context of a service.

    Raises:
        AssociationFailed: the peer accepts none.
    """
    for context in association.contexts.values():
        if context.abstract_syntax == abstract_syntax:
            return context
    raise AssociationFailed(f"{association.peer} does not offer this service.")


def ask(
    association: Association,
    field: RequestField,
    data_set: Mapping[int, identifier.Told],
    *,
    sop_class_uid: str,
    sop_instance_uid: str,
    type_id: int = 0,
    message_id: int = 1,
    on_event: OnEvent | None = None,
) -> Reply:
    """Send a request and wait for its answer; event reports that come before it go to ``on_event``.

    Raises:
        AssociationFailed: the answer does not come, or the peer does not offer the service.
        OSError: the connection is lost.
    """
    context = context_of(association, sop_class_uid)
    command = normalized_request(
        field,
        message_id=message_id,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        type_id=type_id,
    )
    encoded = identifier.encode(data_set, str(context.transfer_syntax[0]))
    association.send_command(int(context.context_id or 0), command, encoded)
    while True:
        message = next_message(association, on_event)
        if message.MessageIDBeingRespondedTo == message_id:
            return Reply(int(message.Status or 0), str(message.ErrorComment or "").strip())


def next_message(association: Association, on_event: OnEvent | None) -> Any:
    """The next message that is no event report; those are given to ``on_event``.

    Raises:
        AssociationFailed: none came in time, or the association ended.
    """
    while True:
        context_id, message = association.dimse.get_msg(block=True)
        if message is None:
            raise AssociationFailed(f"{association.peer} did not answer in time, or ended the association.")
        if type(message) is N_EVENT_REPORT and message.MessageIDBeingRespondedTo is None and on_event is not None:
            on_event(message, association.contexts[int(context_id or 0)])
        else:
            return message
