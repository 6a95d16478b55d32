"""C-MOVE as user: have a peer send instances to an AE (PS3.4 §C.4.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.find import Level, identifier
from dicom_nodes.settings import NodeSettings

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
SUCCESS, PENDING, SOME_FAILED = 0x0000, 0xFF00, 0xB000


@dataclass(frozen=True)
class Moved:
    """How far a move has come, in instances."""

    remaining: int
    completed: int
    failed: int
    warning: int

    @classmethod
    def of(cls, status: Dataset) -> "Moved":
        """Read the counts of an answer; what it leaves out is zero."""
        names = ("Remaining", "Completed", "Failed", "Warning")
        return cls(*(int(status.get(f"NumberOf{name}Suboperations") or 0) for name in names))


def move(
    destination: Destination,
    level: Level,
    keys: Mapping[str, str],
    to_ae_title: str,
    settings: NodeSettings,
    progress: Callable[[Moved], None] = lambda moved: None,
) -> Moved:
    """Ask ``destination`` to send what the unique keys name to ``to_ae_title``; the final counts.

    Raises:
        AssociationFailed: not reached, declined, or nothing could be moved.
    """
    proposal = [(STUDY_ROOT_MOVE, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(destination, proposal, settings) as association:
        for status, _ in association.send_c_move(identifier(level, keys), to_ae_title, STUDY_ROOT_MOVE):
            if "Status" not in status:
                raise AssociationFailed(f"{destination} did not answer the C-MOVE.")
            moved = Moved.of(status)
            progress(moved)
            if status.Status in (SUCCESS, SOME_FAILED):
                return moved
            if status.Status != PENDING:
                comment = status.get("ErrorComment", "")
                raise AssociationFailed(f"{destination} answered with status {status.Status:04X}: {comment}")
    raise AssociationFailed(f"{destination} ended the C-MOVE without an answer.")
