"""Real images that the packages pydicom and pydicom-data bring along, where those are installed."""

import importlib.util
from pathlib import Path
from typing import Final

# Only images that show something and break no rule that an archive has to insist on.
PYDICOM: Final = (
    "CT_small.dcm",
    "MR_small.dcm",
    "US1_J2KR.dcm",
)
PYDICOM_DATA: Final = ("MR-SIEMENS-DICOM-WithOverlays.dcm",)


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
