"""Keys of a query, met by a data set as it is, sequences too (PS3.4 §C.2.2.2, §CC.2.8)."""

from collections.abc import Mapping
from typing import Any

from storage.dicom.identifier import vr_of
from storage.dicom.matching import Match, Universal, match_of, meets
from storage.dicom.search_value import comparable
from storage.dicom.work_item import TRANSACTION
from storage.errors import InvalidQuery

# By tag; the keys into a sequence are below its tag.
Tree = dict[str, "Match | Tree"]


def tree_of(keys: Mapping[str, str], *, empty: bool = False) -> Tree:
    """The keys of a query, by paths of tags, as a tree; ``empty``: two quotation marks ask for no value.

    Raises:
        InvalidQuery: a value cannot be one of its attribute, or the Transaction UID is asked for.
    """
    tree: Tree = {}
    for path, value in keys.items():
        *steps, leaf = path.split(".")
        if leaf == TRANSACTION:
            raise InvalidQuery("A work item is not searched by its Transaction UID, which its owner alone knows.")
        match = match_of(vr_of(int(leaf, 16)), value, empty=empty)
        if isinstance(match, Universal):
            continue
        below = tree
        for step in steps:
            inner = below.setdefault(step, {})
            if not isinstance(inner, dict):
                raise InvalidQuery("A key of the query is asked for both whole and in part.")
            below = inner
        if leaf in below:
            raise InvalidQuery("A key of the query is asked for both whole and in part.")
        below[leaf] = match
    return tree


def matches(data_set: Mapping[str, Any], tree: Tree) -> bool:
    """Whether a data set meets every key; keys below one sequence are met by one item of it (PS3.4 §C.2.2.2.6)."""
    for tag, wanted in tree.items():
        element = data_set.get(tag, {})
        values = element.get("Value") or []
        if isinstance(wanted, dict):
            if not any(isinstance(item, Mapping) and matches(item, wanted) for item in values):
                return False
        elif not meets(wanted, [comparable(element.get("vr", "UN"), one) for one in values if one is not None]):
            return False
    return True
