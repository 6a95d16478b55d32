"""Real images that the packages pydicom and pydicom-data bring along, where those are installed."""

import importlib.util
from pathlib import Path
from typing import Final

# Only images that show something, and one variant of each.
PYDICOM: Final = (
    "CT_small.dcm",  # spine, 128 x 128
    "J2K_pixelrep_mismatch.dcm",  # head CT whose codestream's sign disagrees with its header
    "examples_ybr_color.dcm",  # echocardiography loop, 30 frames
)
PYDICOM_DATA: Final = (
    "693_J2KR.dcm",  # head CT
    "JPEG-LL.dcm",  # bone scintigraphy
    "JPGLosslessP14SV1_1s_1f_8b.dcm",  # echocardiography
    "MR-SIEMENS-DICOM-WithOverlays.dcm",  # abdominal MR
    "MR2_J2KR.dcm",  # shoulder MR
    "RG1_J2KR.dcm",  # chest radiograph
    "RG3_J2KR.dcm",  # leg radiograph
    "US1_J2KR.dcm",  # Doppler of a lymph node
    "color-px.dcm",  # Doppler, native RGB
    "gdcm-US-ALOKA-16.dcm",  # palette colour ultrasound
    "eCT_Supplemental.dcm",  # brain perfusion, enhanced CT
    "explicit_VR-UN.dcm",  # abdominal CT
)


def real_files() -> list[Path]:
    """The files, in a fixed order; none when the packages are not installed."""
    return [
        *_existing("pydicom", Path("data") / "test_files", PYDICOM),
        *_existing("data_store", Path("data"), PYDICOM_DATA),
    ]


def _existing(package: str, folder: Path, names: tuple[str, ...]) -> list[Path]:
    spec = importlib.util.find_spec(package)
    roots = [Path(place) for place in (spec.submodule_search_locations or [])] if spec is not None else []
    return [path for root in roots for name in names if (path := root / folder / name).is_file()]
