"""What a peer is told when something cannot be done: exception to DIMSE status, only here (PS3.7 Annex C)."""

import secrets
import traceback
from dataclasses import dataclass
from enum import IntEnum

import structlog

from storage import errors
from storage.dicom import performed_step

log = structlog.get_logger(__name__)

ERROR_COMMENT_LENGTH = 64  # (0000,0902) is LO


class Code(IntEnum):
    """Statuses of PS3.4 Annexes B and C and PS3.7 Annex C that this node answers."""

    SUCCESS = 0x0000
    OPTIONAL_ATTRIBUTES_NOT_SUPPORTED = 0x0001
    NO_SUCH_ATTRIBUTE = 0x0105
    INVALID_ATTRIBUTE_VALUE = 0x0106
    ATTRIBUTE_LIST_ERROR = 0x0107
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NO_SUCH_SOP_INSTANCE = 0x0112
    NO_SUCH_EVENT_TYPE = 0x0113
    INVALID_ARGUMENT_VALUE = 0x0115
    ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116
    INVALID_SOP_INSTANCE = 0x0117
    NO_SUCH_SOP_CLASS = 0x0118
    CLASS_INSTANCE_CONFLICT = 0x0119
    MISSING_ATTRIBUTE = 0x0120
    MISSING_ATTRIBUTE_VALUE = 0x0121
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NO_SUCH_ACTION_TYPE = 0x0123
    NOT_AUTHORISED = 0x0124
    UNRECOGNISED_OPERATION = 0x0211
    MISTYPED_ARGUMENT = 0x0212
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    CANNOT_COUNT_MATCHES = 0xA701
    CANNOT_PERFORM_SUB_OPERATIONS = 0xA702
    DESTINATION_UNKNOWN = 0xA801
    DATA_SET_DOES_NOT_MATCH = 0xA900
    SUB_OPERATIONS_WITH_FAILURES = 0xB000
    CANNOT_UNDERSTAND = 0xC000
    # Print management (PS3.4 §H.4): warnings, then failures.
    EMPTY_FILM_SESSION = 0xB602
    EMPTY_FILM_BOX = 0xB603
    DENSITY_OUT_OF_RANGE = 0xB605
    IMAGE_CROPPED = 0xB609
    IMAGE_DECIMATED = 0xB60A
    NO_FILM_BOX = 0xC600
    SESSION_QUEUE_FULL = 0xC601
    PRINT_QUEUE_FULL = 0xC602
    IMAGE_TOO_LARGE = 0xC603
    INSUFFICIENT_PRINTER_MEMORY = 0xC605
    CANCEL = 0xFE00
    PENDING = 0xFF00
    PENDING_WITHOUT_OPTIONAL_KEYS = 0xFF01


@dataclass(frozen=True)
class Status:
    """A status and, when it is no success, its reason for Error Comment (0000,0902): ASCII, at most 64 characters.

    ``error_id``: (0000,0903) where the standard has a number for the reason.
    """

    code: int
    comment: str = ""
    error_id: int = 0


class Refused(Exception):
    """A request this node declines for a reason of the protocol itself."""

    def __init__(self, code: Code, comment: str) -> None:
        super().__init__(comment)
        self.status = Status(code, comment)


# The first class that fits decides: a class stands before its base.
_STORE: tuple[tuple[type[errors.ArchiveError], Code], ...] = (
    (errors.OutOfResources, Code.OUT_OF_RESOURCES),
    (errors.StoreUnavailable, Code.OUT_OF_RESOURCES),
    (errors.TooLarge, Code.OUT_OF_RESOURCES),
    (errors.InconsistentInstance, Code.DATA_SET_DOES_NOT_MATCH),
    (errors.UnsupportedInstance, Code.SOP_CLASS_NOT_SUPPORTED),
    (errors.DuplicateConflict, Code.DUPLICATE_SOP_INSTANCE),
    (errors.Forbidden, Code.NOT_AUTHORISED),
    (errors.InvalidInstance, Code.CANNOT_UNDERSTAND),
)
_QUERY: tuple[tuple[type[errors.ArchiveError], Code], ...] = (
    (errors.OutOfResources, Code.OUT_OF_RESOURCES),
    (errors.StoreUnavailable, Code.OUT_OF_RESOURCES),
    (errors.TooLarge, Code.OUT_OF_RESOURCES),
    (errors.Forbidden, Code.NOT_AUTHORISED),
    (errors.InvalidQuery, Code.DATA_SET_DOES_NOT_MATCH),
    (errors.NotFound, Code.CANNOT_COUNT_MATCHES),
)


_NORMALIZED: tuple[tuple[type[errors.ArchiveError], Code], ...] = (
    (errors.OutOfResources, Code.PROCESSING_FAILURE),
    (errors.StoreUnavailable, Code.PROCESSING_FAILURE),
    (errors.Forbidden, Code.NOT_AUTHORISED),
    (errors.NotFound, Code.NO_SUCH_SOP_INSTANCE),
    (performed_step.Taken, Code.DUPLICATE_SOP_INSTANCE),
    (performed_step.NoLongerUpdated, Code.PROCESSING_FAILURE),
    (performed_step.MissingAttribute, Code.MISSING_ATTRIBUTE),
    (performed_step.MissingValue, Code.MISSING_ATTRIBUTE_VALUE),
    (errors.InvalidInstance, Code.INVALID_ATTRIBUTE_VALUE),
    (errors.InvalidRequest, Code.INVALID_ATTRIBUTE_VALUE),
)


# PS3.4 Table F.7.2-2: the performed step may no longer be updated.
_ERROR_IDS: dict[type[errors.ArchiveError], int] = {performed_step.NoLongerUpdated: 0xA710}


def store_statuses() -> tuple[tuple[type[errors.ArchiveError], Code], ...]:
    """The table of C-STORE, for the conformance statement."""
    return _STORE


def query_statuses() -> tuple[tuple[type[errors.ArchiveError], Code], ...]:
    """The table of C-FIND, C-MOVE and C-GET, for the conformance statement."""
    return _QUERY


def normalized_statuses() -> tuple[tuple[type[errors.ArchiveError], Code], ...]:
    """The table of N-services, for the conformance statement."""
    return _NORMALIZED


def of_store(error: Exception) -> Status:
    """The answer to a C-STORE that failed (PS3.4 Table B.2-1, PS3.7 §9.1.1.1.9)."""
    return _of(error, _STORE)


def of_query(error: Exception) -> Status:
    """The answer to a C-FIND, C-MOVE or C-GET that failed (PS3.4 Tables C.4-1 to C.4-3)."""
    return _of(error, _QUERY)


def of_normalized(error: Exception) -> Status:
    """The answer to an N-service that failed (PS3.7 Annex C, §10.1)."""
    return _of(error, _NORMALIZED)


def _of(error: Exception, table: tuple[tuple[type[errors.ArchiveError], Code], ...]) -> Status:
    if isinstance(error, Refused):
        return error.status
    for kind, code in table:
        if isinstance(error, kind):
            return Status(code, comment(str(error)), _ERROR_IDS.get(type(error), 0))
    if isinstance(error, errors.ArchiveError):
        return Status(Code.CANNOT_UNDERSTAND, comment(str(error)))
    return _unexpected(error)


def comment(text: str) -> str:
    """A reason, cut between words to what fits into Error Comment."""
    if len(text) <= ERROR_COMMENT_LENGTH:
        return text
    return text[: ERROR_COMMENT_LENGTH - 3].rsplit(" ", 1)[0].rstrip(",;:.") + " ..."


def _unexpected(error: Exception) -> Status:
    """Log where it happened, under an id that the peer is told; an exception's text may hold patient data."""
    identifier = secrets.token_hex(4)
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("unexpected error", error_id=identifier, kind=type(error).__name__, frames=frames[-12:])
    return Status(Code.PROCESSING_FAILURE, f"Internal error; the log has it under {identifier}")
