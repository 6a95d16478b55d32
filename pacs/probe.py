"""Trying a machine of the DICOM network: does it answer a verification, a query, an instance (PS3.4 A to C)."""

import tempfile
import time
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from dicom_nodes.scu.association import AssociationFailed, NothingAccepted
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.find import find
from dicom_nodes.scu.store import store
from dicom_nodes.settings import NodeSettings
from pacs.web.service import Probed, ProbeKind
from storage.access.ae import ApplicationEntity
from storage.errors import ArchiveError

TEST_PATIENT = "FILMLESS-TEST"
_SIDE = 64
# Words of the messages of an association that failed, and how a page explains each to people.
_OUTCOMES = (
    ("cannot call with TLS", "ours"),
    ("cannot be reached", "unreachable"),
    ("cannot be resolved", "name"),
    ("agree on TLS", "tls"),
    ("another certificate", "certificate"),
    ("does not know our AE title", "calling-ae"),
    ("has another AE title", "called-ae"),
    ("closed the connection", "closed"),
    ("it is busy", "busy"),
    ("as many associations", "busy"),
    ("refuses the association", "rejected"),
)


def probe(entity: ApplicationEntity, kind: ProbeKind, settings: NodeSettings) -> Probed:
    """Try a machine; what goes wrong is an outcome, not an error. ``store`` sends a picture of a made-up patient."""
    destination = Destination.of(entity)
    began = time.monotonic()
    try:
        if kind == "echo":
            echo(destination, settings)
        elif kind == "find":
            _find(destination, settings)
        else:
            _store(destination, settings)
    except NothingAccepted as error:
        return Probed("not-offered", time.monotonic() - began, str(error))
    except AssociationFailed as error:
        return Probed(outcome_of(str(error)), time.monotonic() - began, str(error))
    except ArchiveError as error:
        return Probed("failed", time.monotonic() - began, str(error))
    return Probed("well", time.monotonic() - began, "")


def outcome_of(message: str) -> str:
    """What the message of an association that failed says, as a word."""
    return next((outcome for words, outcome in _OUTCOMES if words in message), "failed")


def _find(destination: Destination, settings: NodeSettings) -> None:
    """Ask for a patient who does not exist: an answer without matches is what shows that it answers."""
    for _ in find(destination, "STUDY", {"PatientID": TEST_PATIENT, "StudyInstanceUID": ""}, settings):
        return


def _store(destination: Destination, settings: NodeSettings) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.dcm"
        _picture().save_as(path, enforce_file_format=True)
        (sent,) = store([path], destination, settings)
    if sent.is_kept:
        return
    if sent.status is None:
        raise AssociationFailed(sent.reason)
    raise AssociationFailed(f"{destination} answered the C-STORE with status {sent.status:04X}: {sent.reason}")


def _picture() -> Dataset:
    """A small grey picture that says by every name that it is a test (PS3.3 A.8.1)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID = "FILMLESS^TEST", TEST_PATIENT
    made.PatientBirthDate = made.PatientSex = made.ReferringPhysicianName = made.AccessionNumber = ""
    made.StudyDate, made.StudyTime = time.strftime("%Y%m%d"), time.strftime("%H%M%S")
    made.StudyID, made.StudyDescription, made.Modality, made.ConversionType = "TEST", "Connection test", "OT", "SYN"
    made.SeriesNumber = made.InstanceNumber = 1
    made.PatientOrientation = ""
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows = made.Columns = _SIDE
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = bytes(4 * column for _ in range(_SIDE) for column in range(_SIDE))
    return made
