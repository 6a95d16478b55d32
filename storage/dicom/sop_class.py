"""Which SOP classes the standard's Storage Service Class knows, retired ones included (PS3.4 §B.5, PS3.6 §A)."""

from pydicom.uid import UID_dictionary  # type: ignore[attr-defined]  # public but not re-exported

_NOT_STORED = frozenset({"1.2.840.10008.1.3.10"})  # Media Storage Directory: describes a disc, is never sent
_MARKS = ("Storage", "Image Store")

STORAGE = frozenset(
    uid
    for uid, entry in UID_dictionary.items()
    if entry[1] == "SOP Class"
    and any(mark in entry[0] for mark in _MARKS)
    and "Commitment" not in entry[0]
    and uid not in _NOT_STORED
)

# The one Modality (0008,0060) that these IODs allow (PS3.3 §A, Enumerated Values of their series modules); SOP classes
# that say nothing about it are absent.
MODALITY = {
    "1.2.840.10008.5.1.4.1.1.1": "CR",
    "1.2.840.10008.5.1.4.1.1.1.2": "MG",
    "1.2.840.10008.5.1.4.1.1.1.2.1": "MG",
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.2": "MR",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.130": "PT",
    "1.2.840.10008.5.1.4.1.1.481.2": "RTDOSE",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
    "1.2.840.10008.5.1.4.1.1.481.5": "RTPLAN",
}


def contradicts(sop_class_uid: str, modality: str) -> bool:
    """Whether a series of this modality cannot hold such an instance."""
    return bool(modality) and MODALITY.get(sop_class_uid, modality) != modality
