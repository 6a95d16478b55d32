"""What C-MOVE and C-GET as user share: the request, and the counts that come back (PS3.4 §C.4.2, §C.4.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pynetdicom.dsutils import encode

from dicom_nodes.command import retrieval_request
from dicom_nodes.identifier import FAILED_SOP_INSTANCE_UID_LIST, Identifier
from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.scu.find import identifier
from dicom_nodes.scu.normalized import context_of
from dicom_nodes.upper_layer.association import Association
from storage.errors import InvalidQuery

SUCCESS, PENDING, SOME_FAILED = 0x0000, 0xFF00, 0xB000
# A peer may be silent while it sends: no pending answer has to come before the final one.
_LONGEST_SILENCE_S = 3600.0


@dataclass(frozen=True)
class Retrieved:
    """How far a retrieval has come, in instances; ``failed_uids`` names what failed, where the peer says so."""

    remaining: int
    completed: int
    failed: int
    warning: int
    failed_uids: tuple[str, ...] = ()


def retrieve(
    association: Association,
    sop_class_uid: str,
    level: str,
    keys: Mapping[str, str],
    progress: Callable[[Retrieved], None],
    *,
    move_destination: str = "",
) -> Retrieved:
    """Send a C-GET, or with a destination a C-MOVE, and wait for its end; the final counts.

    Raises:
        AssociationFailed: declined, nothing could be sent, or the association ended before.
    """
    service = "C-MOVE" if move_destination else "C-GET"
    context = context_of(association, sop_class_uid)
    syntax = context.transfer_syntax[0]
    command = retrieval_request(message_id=1, sop_class_uid=sop_class_uid, move_destination=move_destination)
    encoded = encode(identifier(level, keys), syntax.is_implicit_VR, syntax.is_little_endian)
    association.network_timeout = max(association.network_timeout or 0, _LONGEST_SILENCE_S)
    try:
        association.send_command(int(context.context_id or 0), command, encoded)
    except OSError:
        raise AssociationFailed(f"{association.peer} closed the connection.") from None
    while True:
        answer = _next(association, service)
        retrieved = _counts(answer, str(syntax))
        progress(retrieved)
        if answer.Status in (SUCCESS, SOME_FAILED):
            return retrieved
        if answer.Status != PENDING:
            comment = str(answer.ErrorComment or "").strip()
            raise AssociationFailed(
                f"{association.peer} answered the {service} with status {int(answer.Status):04X}: "
                f"{comment or 'no reason given'}"
            )


def _next(association: Association, service: str) -> Any:
    while True:
        _, message = association.dimse.get_msg(block=True)
        if message is not None and message.Status is not None:
            return message
        if message is None and not (association.is_established and association.dul.is_alive()):
            raise AssociationFailed(f"{association.peer} ended the association during the {service}.")


def _counts(answer: Any, transfer_syntax_uid: str) -> Retrieved:
    return Retrieved(
        int(answer.NumberOfRemainingSuboperations or 0),
        int(answer.NumberOfCompletedSuboperations or 0),
        int(answer.NumberOfFailedSuboperations or 0),
        int(answer.NumberOfWarningSuboperations or 0),
        _failed(answer.Identifier, transfer_syntax_uid),
    )


def _failed(encoded: Any, transfer_syntax_uid: str) -> tuple[str, ...]:
    """Failed SOP Instance UID List; one that cannot be read is none."""
    if encoded is None:
        return ()
    try:
        found = Identifier.decode(encoded.getvalue(), transfer_syntax_uid)
    except InvalidQuery:
        return ()
    return tuple(found.uids(FAILED_SOP_INSTANCE_UID_LIST))
