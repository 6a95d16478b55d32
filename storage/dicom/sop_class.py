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
