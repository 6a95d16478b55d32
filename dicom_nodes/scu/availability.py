"""Instance Availability Notification as user: which instances of a study can be had (PS3.4 Annex R)."""

from collections.abc import Sequence
from itertools import groupby

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from dicom_nodes.command import CommandField
from dicom_nodes.identifier import Told
from dicom_nodes.scu.association import associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.normalized import Reply, ask
from dicom_nodes.settings import NodeSettings
from storage.archive.retrieve import InstanceRow

INSTANCE_AVAILABILITY_NOTIFICATION = "1.2.840.10008.5.1.4.33"

_STUDY_UID, _SERIES_UID = 0x0020000D, 0x0020000E
_SERIES, _INSTANCES, _STEPS = 0x00081115, 0x00081199, 0x00081111
_CLASS, _INSTANCE = 0x00081150, 0x00081155
_AVAILABILITY, _RETRIEVE_AE_TITLE = 0x00080056, 0x00080054


def notify(destination: Destination, rows: Sequence[InstanceRow], settings: NodeSettings) -> Reply:
    """Say that instances of one study can be retrieved from this node at once.

    Raises:
        AssociationFailed: not reached, declined, or not answered.
        OSError: the connection is lost.
    """
    proposal = [(INSTANCE_AVAILABILITY_NOTIFICATION, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with associated(destination, proposal, settings) as association:
        return ask(
            association,
            CommandField.N_CREATE_RQ,
            notification(rows, settings.aet),
            sop_class_uid=INSTANCE_AVAILABILITY_NOTIFICATION,
            sop_instance_uid=generate_uid(prefix=None),
        )


def notification(rows: Sequence[InstanceRow], retrieve_ae_title: str) -> dict[int, Told]:
    """The attributes of a notification (PS3.4 Table R.3.2-1); which procedure step made them is not said."""
    series: list[dict[int, Told]] = []
    for uid, of_series in groupby(sorted(rows, key=_series_uid), _series_uid):
        items: list[dict[int, Told]] = [
            {
                _CLASS: ("UI", row.sop_class_uid),
                _INSTANCE: ("UI", row.sop_instance_uid),
                _AVAILABILITY: ("CS", "ONLINE"),
                _RETRIEVE_AE_TITLE: ("AE", retrieve_ae_title),
            }
            for row in of_series
        ]
        series.append({_SERIES_UID: ("UI", uid), _INSTANCES: ("SQ", items)})
    return {_STEPS: ("SQ", []), _STUDY_UID: ("UI", rows[0].study_instance_uid), _SERIES: ("SQ", series)}


def _series_uid(row: InstanceRow) -> str:
    return row.series_instance_uid
