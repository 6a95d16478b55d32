"""Verification as user: is a peer there, and does it know us (PS3.4 Annex A)."""

import time

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import AssociationFailed, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.settings import NodeSettings

VERIFICATION = "1.2.840.10008.1.1"


def echo(destination: Destination, settings: NodeSettings) -> float:
    """Send a C-ECHO; the seconds it took, association included.

    Raises:
        AssociationFailed: not reached, declined, or not answered with success.
    """
    began = time.monotonic()
    with associated(destination, [(VERIFICATION, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])], settings) as (
        association
    ):
        answer = association.send_c_echo()
        if "Status" not in answer:
            raise AssociationFailed(f"{destination} did not answer the C-ECHO.")
        if answer.Status != 0:
            raise AssociationFailed(f"{destination} answered the C-ECHO with status {answer.Status:04X}.")
    return time.monotonic() - began
