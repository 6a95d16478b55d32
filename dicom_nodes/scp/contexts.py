"""Which presentation contexts are accepted, and in which transfer syntax (PS3.8 §7.1.1.13, PS3.4 §B.3 and §C.3)."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Literal

from pydicom import config
from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext
from pynetdicom.service_class import ServiceClass
from pynetdicom.sop_class import uid_to_service_class

from dicom_nodes.scp import print_class
from storage.archive.network_finding import Cause

TRANSFER_SYNTAXES_NOT_SUPPORTED = 4  # result of a presentation context

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"

VERIFICATION = "1.2.840.10008.1.1"
PATIENT_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
PERFORMED_STEP_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
PERFORMED_STEPS = frozenset({PERFORMED_STEP, PERFORMED_STEP_RETRIEVE})
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
QUERY_RETRIEVE = frozenset(
    {PATIENT_ROOT_FIND, PATIENT_ROOT_MOVE, PATIENT_ROOT_GET, STUDY_ROOT_FIND, STUDY_ROOT_MOVE, STUDY_ROOT_GET}
)

# Classes whose messages are small and come in any uncompressed syntax: all that is not storage.
MESSAGE_CLASSES = frozenset(
    {
        *(VERIFICATION, MODALITY_WORKLIST_FIND, STORAGE_COMMITMENT),
        *(QUERY_RETRIEVE | PERFORMED_STEPS | print_class.CONTEXTS),
    }
)

# The acceptor's order decides. Explicit VR comes first, so that no sender re-encodes to Implicit; lossless compression
# before Implicit; what may be lossy last: a sender that holds raw pixels must never be led to compress them with loss.
_UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2.1.99")
_LOSSLESS = (
    "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
    "1.2.840.10008.1.2.4.202",  # HTJ2K lossless RPCL
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.92",  # JPEG 2000 Part 2 multi-component lossless
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.57",  # JPEG lossless, process 14
    "1.2.840.10008.1.2.4.58",  # JPEG lossless, process 15 (retired)
    "1.2.840.10008.1.2.4.65",  # JPEG lossless hierarchical, process 28 (retired)
    "1.2.840.10008.1.2.4.66",  # JPEG lossless hierarchical, process 29 (retired)
    "1.2.840.10008.1.2.4.110",  # JPEG XL lossless
    "1.2.840.10008.1.2.5",  # RLE lossless
    "1.2.840.10008.1.2.8.1",  # deflated image frame
)
_UNCOMPRESSED_LAST = (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)


_FIRST = (*_UNCOMPRESSED, *_LOSSLESS, *_UNCOMPRESSED_LAST)
# No data set travels over DIMSE as MIME, XML, live SMPTE video or Papyrus.
_NOT_OVER_DIMSE = ("1.2.840.10008.1.2.6", "1.2.840.10008.1.2.7", "1.2.840.10008.1.20")
TRANSFER_SYNTAXES: tuple[str, ...] = (
    *_FIRST,
    *(str(uid) for uid in AllTransferSyntaxes if uid not in _FIRST and not uid.startswith(_NOT_OVER_DIMSE)),
    "1.2.840.10008.1.2.4.111",  # JPEG XL JPEG recompression
    "1.2.840.10008.1.2.4.112",  # JPEG XL
)
MESSAGE_SYNTAXES = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)

_NEWER_STORAGE_CLASSES = frozenset(str(context.abstract_syntax) for context in AllStoragePresentationContexts)
_NOT_STORAGE = ("Storage Commitment", "Media Storage Directory", "Storage Management")


@lru_cache(maxsize=1024)
def is_storage(abstract_syntax: str, unknown: Literal["accept", "refuse"]) -> bool:
    """Whether instances of this class are kept.

    A class of the standard that is known and does not store is never taken for one; private ones, and ones newer than
    this program, go by the policy.
    """
    if abstract_syntax in _NEWER_STORAGE_CLASSES:
        return True
    uid = UID(abstract_syntax, validation_mode=config.IGNORE)
    if uid.type == "SOP Class":
        return "Storage" in uid.name and not uid.name.startswith(_NOT_STORAGE)
    known = bool(uid.type) or uid_to_service_class(abstract_syntax) is not ServiceClass
    return not known and uid.is_valid and unknown == "accept"


def supported(
    requested: Iterable[PresentationContext],
    roles: Mapping[UID, object],
    unknown: Literal["accept", "refuse"],
    takes: Callable[[str], bool] = lambda uid: True,
) -> list[PresentationContext]:
    """What this node supports of the classes a peer asks for; pynetdicom negotiates with it.

    ``takes``: whether instances of a storage class are welcome from this peer.

    A class left out is answered with result 3, one without a common transfer syntax with result 4. Whoever proposes
    roles for a storage class may be its SCP, which C-GET needs (PS3.7 §D.3.3.4).
    """
    found: dict[str, PresentationContext] = {}
    for proposal in requested:
        abstract_syntax = str(proposal.abstract_syntax or "")
        if abstract_syntax in found:
            continue
        if abstract_syntax in MESSAGE_CLASSES:
            found[abstract_syntax] = context = _context(abstract_syntax, MESSAGE_SYNTAXES)
            # The SCP of storage commitment calls to report what came of a request of ours (PS3.4 §J.3.3).
            if abstract_syntax == STORAGE_COMMITMENT and abstract_syntax in roles:
                context.scu_role = context.scp_role = True
        elif is_storage(abstract_syntax, unknown) and takes(abstract_syntax):
            context = _context(abstract_syntax, TRANSFER_SYNTAXES)
            if abstract_syntax in roles:
                context.scu_role = context.scp_role = True
            found[abstract_syntax] = context
    return list(found.values())


def refusal(abstract_syntax: str, result: int, *, taken: bool) -> Cause:
    """Why a presentation context was refused with this result (PS3.8 Table 9-18)."""
    if result == TRANSFER_SYNTAXES_NOT_SUPPORTED:
        return Cause.TRANSFER_SYNTAX
    known = is_storage(abstract_syntax, "refuse") or abstract_syntax in MESSAGE_CLASSES
    return Cause.CLASS_NOT_ALLOWED if known and not taken else Cause.ABSTRACT_SYNTAX


def _context(abstract_syntax: str, transfer_syntaxes: tuple[str, ...]) -> PresentationContext:
    context = PresentationContext()
    context.abstract_syntax = UID(abstract_syntax)
    context.transfer_syntax = [UID(uid) for uid in transfer_syntaxes]
    return context
