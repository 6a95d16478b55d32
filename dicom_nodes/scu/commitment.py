"""Storage commitment as caller: asking a machine, and telling a machine what it asked for (PS3.4 Annex J)."""

import queue
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.presentation import PresentationContext

from dicom_nodes.command import CommandField, response
from dicom_nodes.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE, REQUEST, Named, request, take_report
from dicom_nodes.identifier import Told
from dicom_nodes.scu.association import associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.normalized import Reply, ask
from dicom_nodes.settings import NodeSettings
from dicom_nodes.status import Code, Status, of_normalized
from dicom_nodes.upper_layer.association import Association
from storage.archive import Archive
from storage.errors import ArchiveError

_STEP_S = 0.5
PROPOSAL = [(PUSH_MODEL, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]


class CommitmentRefused(ArchiveError):
    """A machine does not even look into what it is asked to commit itself to."""


def tell(destination: Destination, type_id: int, told: dict[int, Told], settings: NodeSettings) -> Reply:
    """Report a result over an association of our own, on which we are the SCP (PS3.4 §J.3.3).

    Raises:
        AssociationFailed: not reached, declined, or not answered.
        OSError: the connection is lost.
    """
    with associated(destination, PROPOSAL, settings, scp_of=[PUSH_MODEL]) as association:
        return ask(
            association,
            CommandField.N_EVENT_REPORT_RQ,
            told,
            sop_class_uid=PUSH_MODEL,
            sop_instance_uid=PUSH_MODEL_INSTANCE,
            type_id=type_id,
        )


def request_commitment(
    destination: Destination,
    transaction_uid: str,
    instances: Sequence[Named],
    settings: NodeSettings,
    *,
    archive: Archive,
    stay_s: float = 0.0,
) -> None:
    """Ask a machine to commit itself; a report that comes within ``stay_s`` seconds on this association is taken.

    It may as well come later, over an association that the machine opens to our node.

    Raises:
        AssociationFailed: not reached, or declined.
        CommitmentRefused: it does not take the request.
        OSError: the connection is lost.
    """
    with associated(destination, PROPOSAL, settings) as association:
        events = _Events(archive, association, destination)
        reply = ask(
            association,
            CommandField.N_ACTION_RQ,
            request(transaction_uid, instances),
            sop_class_uid=PUSH_MODEL,
            sop_instance_uid=PUSH_MODEL_INSTANCE,
            type_id=REQUEST,
            on_event=events.take,
        )
        if not reply.is_success:
            raise CommitmentRefused(f"{destination} refuses to commit itself: {reply}.")
        deadline = time.monotonic() + stay_s
        while transaction_uid not in events.taken and (remaining := deadline - time.monotonic()) > 0:
            if not events.wait(min(remaining, _STEP_S)):
                return


class _Events:
    """Takes reports on an association that we opened ourselves."""

    def __init__(self, archive: Archive, association: Association, destination: Destination) -> None:
        self._archive = archive
        self._association = association
        self._title = destination.ae_title
        self.taken: set[str] = set()

    def wait(self, seconds: float) -> bool:
        """Take what comes within a while; false: the association has ended."""
        with suppress(queue.Empty):
            context_id, message = self._association.dimse.msg_queue.get(timeout=seconds)
            if message is None:
                return False
            if type(message) is N_EVENT_REPORT:
                self.take(message, self._association.contexts[int(context_id or 0)])
        return True

    def take(self, message: Any, context: PresentationContext) -> None:
        """Note a report, and answer it."""
        encoded = message.EventInformation.getvalue() if message.EventInformation is not None else b""
        syntax = str(context.transfer_syntax[0])
        status = Status(Code.SUCCESS)
        try:
            self.taken.add(take_report(self._archive, int(message.EventTypeID or 0), encoded, syntax, self._title))
        except Exception as error:  # noqa: BLE001  the peer always gets an answer
            status = of_normalized(error)
        answer = response(
            CommandField.N_EVENT_REPORT_RSP,
            message_id=int(message.MessageID or 0),
            status=status.code,
            sop_class_uid=PUSH_MODEL,
            sop_instance_uid=PUSH_MODEL_INSTANCE,
            error_comment=status.comment,
            type_id=(0x1002, int(message.EventTypeID or 0)),
        )
        self._association.send_command(int(context.context_id or 0), answer)
