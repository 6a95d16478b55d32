"""What an asker and this node agree on beyond hierarchical queries and retrievals (PS3.4 §C.5, PS3.7 §D.3.3.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.uid import UID
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from dicom_nodes.scp import contexts

# Bytes of the service class application information that this node can say yes to: relational queries, combined date
# and time matching, fuzzy matching of names (Table C.5-2). Time zones are not adjusted and no frames are converted.
_FIND = b"\1\1\1"
_RETRIEVAL = b"\1"  # relational retrieval (Table C.5-4)
SUPPORTED: Mapping[str, bytes] = {
    contexts.PATIENT_ROOT_FIND: _FIND,
    contexts.STUDY_ROOT_FIND: _FIND,
    contexts.PATIENT_ROOT_MOVE: _RETRIEVAL,
    contexts.STUDY_ROOT_MOVE: _RETRIEVAL,
    contexts.PATIENT_ROOT_GET: _RETRIEVAL,
    contexts.STUDY_ROOT_GET: _RETRIEVAL,
}


@dataclass(frozen=True)
class Options:
    """What was agreed on for one SOP class; nothing, where nothing was negotiated."""

    relational: bool = False
    combined_datetime: bool = False
    fuzzy_names: bool = False


def accepted(sop_class_uid: str, asked: bytes) -> bytes:
    """Our answer to the application information of one SOP class, as long as that; empty: it has no options here."""
    supported = SUPPORTED.get(sop_class_uid, b"")
    return bytes(asked[at] == 1 and supported[at : at + 1] == b"\1" for at in range(len(asked))) if supported else b""


def answers(asked: Mapping[Any, bytes]) -> list[SOPClassExtendedNegotiation]:
    """The items of our acceptance for those of a request, by SOP class."""
    items = []
    for uid, information in asked.items():
        agreed = accepted(str(uid), information or b"")
        if agreed:
            item = SOPClassExtendedNegotiation()
            item.sop_class_uid, item.service_class_application_information = UID(uid), agreed
            items.append(item)
    return items


def options(association: Any, sop_class_uid: str) -> Options:
    """What an accepted association has agreed on."""
    asked: bytes = association.requestor.sop_class_extended.get(sop_class_uid) or b""
    agreed = accepted(sop_class_uid, asked).ljust(3, b"\0")
    return Options(*(value == 1 for value in agreed[:3]))
