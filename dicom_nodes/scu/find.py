"""C-FIND as user: ask a peer what it has (PS3.4 §C.4.1)."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.settings import NodeSettings

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PENDING = (0xFF00, 0xFF01)

Level = Literal["STUDY", "SERIES", "IMAGE"]


def find(destination: Destination, level: Level, keys: Mapping[str, str], settings: NodeSettings) -> Iterator[Dataset]:
    """Matches of a Study Root query, as they come; leaving the iteration early cancels it.

    ``keys``: value by keyword; an empty value asks for the attribute. Text is sent as UTF-8.

    Raises:
        AssociationFailed: not reached, declined, or the peer reports a failure.
    """
    query = identifier(level, keys)
    proposal = [(STUDY_ROOT_FIND, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(destination, proposal, settings) as association:
        for status, match in association.send_c_find(query, STUDY_ROOT_FIND):
            if "Status" not in status:
                raise AssociationFailed(f"{destination} did not answer the C-FIND.")
            if status.Status in PENDING and match is not None:
                yield match
            elif status.Status != 0:
                comment = status.get("ErrorComment", "")
                raise AssociationFailed(f"{destination} answered with status {status.Status:04X}: {comment}")


def identifier(level: str, keys: Mapping[str, str]) -> Dataset:
    """The data set of a query or retrieval."""
    query = Dataset()
    query.QueryRetrieveLevel = level
    if not all(value.isascii() for value in keys.values()):
        query.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in keys.items():
        setattr(query, keyword, value.split("\\") if "\\" in value else value or None)
    return query
