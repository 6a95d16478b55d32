"""What a client asks for: paths and the forms it accepts."""

import httpx
from pydicom.dataset import Dataset

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
DEFAULT = 'multipart/related; type="application/dicom"'
RAW = 'multipart/related; type="application/octet-stream"'


def get(client: httpx.Client, path: str, accept: str, **headers: str) -> httpx.Response:
    """Ask for a resource."""
    return client.get(path, headers={"Accept": accept, **headers})


def study_path(ds: Dataset) -> str:
    """Where the study of an instance is."""
    return f"/dicom-web/studies/{ds.StudyInstanceUID}"


def series_path(ds: Dataset) -> str:
    """Where the series of an instance is."""
    return f"{study_path(ds)}/series/{ds.SeriesInstanceUID}"
