"""C-MOVE as user: have a peer send instances to an AE (PS3.4 §C.4.2)."""

from collections.abc import Callable, Mapping

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.find import Level
from dicom_nodes.scu.retrieval import Retrieved, retrieve
from dicom_nodes.settings import NodeSettings

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"


def move(
    destination: Destination,
    level: Level,
    keys: Mapping[str, str],
    to_ae_title: str,
    settings: NodeSettings,
    progress: Callable[[Retrieved], None] = lambda retrieved: None,
) -> Retrieved:
    """Ask ``destination`` to send what the unique keys name to ``to_ae_title``; the final counts.

    Raises:
        AssociationFailed: not reached, declined, or nothing could be moved.
    """
    proposal = [(STUDY_ROOT_MOVE, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(destination, proposal, settings) as association:
        return retrieve(association, STUDY_ROOT_MOVE, level, keys, progress, move_destination=to_ae_title)
