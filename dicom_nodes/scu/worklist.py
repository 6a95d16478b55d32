"""C-FIND of the Modality Worklist as user: ask an information system what is to be done (PS3.4 §K.4.1)."""

from collections.abc import Iterator, Mapping

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.find import PENDING
from dicom_nodes.settings import NodeSettings

WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
# What every machine needs to begin an examination and to report on it (PS3.4 Table K.6-1).
ASKED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyInstanceUID"),
    *("RequestedProcedureID", "RequestedProcedureDescription", "RequestedProcedurePriority"),
    *("ReferringPhysicianName", "RequestingService"),
)
ASKED_OF_STEP = (
    *("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"),
    *("ScheduledProcedureStepDescription", "ScheduledProcedureStepID", "ScheduledProcedureStepStatus"),
    "ScheduledPerformingPhysicianName",
)


def worklist(
    destination: Destination, keys: Mapping[str, str], step_keys: Mapping[str, str], settings: NodeSettings
) -> Iterator[Dataset]:
    """The items of a peer's worklist that match, as they come; leaving the iteration early cancels the query.

    ``keys``: value by keyword; ``step_keys``: the same of the scheduled step. Text is sent as UTF-8.

    Raises:
        AssociationFailed: not reached, declined, or the peer reports a failure.
    """
    query = _filled(dict.fromkeys(ASKED, "") | dict(keys))
    query.ScheduledProcedureStepSequence = [_filled(dict.fromkeys(ASKED_OF_STEP, "") | dict(step_keys))]
    if not all(value.isascii() for value in (*keys.values(), *step_keys.values())):
        query.SpecificCharacterSet = "ISO_IR 192"
    proposal = [(WORKLIST_FIND, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(destination, proposal, settings) as association:
        for status, match in association.send_c_find(query, WORKLIST_FIND):
            if "Status" not in status:
                raise AssociationFailed(f"{destination} did not answer the query.")
            if status.Status in PENDING and match is not None:
                yield match
            elif status.Status != 0:
                comment = status.get("ErrorComment", "")
                raise AssociationFailed(f"{destination} answered with status {status.Status:04X}: {comment}")


def _filled(keys: Mapping[str, str]) -> Dataset:
    made = Dataset()
    for keyword, value in keys.items():
        setattr(made, keyword, value.split("\\") if "\\" in value else value or None)
    return made
