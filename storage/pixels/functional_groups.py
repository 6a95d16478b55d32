"""Per-frame and shared functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16)."""

from pydicom.dataset import Dataset

from storage.pixels.element import value_of


def functional_group_item(dataset: Dataset, frame: int, keyword: str) -> Dataset | None:
    """First item of the functional group ``keyword`` that holds for 1-based ``frame``: its own, else the shared one."""
    per_frame = value_of(dataset, "PerFrameFunctionalGroupsSequence") or []
    shared = value_of(dataset, "SharedFunctionalGroupsSequence") or []
    groups = ([per_frame[frame - 1]] if 1 <= frame <= len(per_frame) else []) + list(shared[:1])
    for group in groups:
        sequence = value_of(group, keyword)
        if sequence:
            item: Dataset = sequence[0]
            return item
    return None
