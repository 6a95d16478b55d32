"""Why an instance was not stored, as a Failure Reason (0008,1197): PS3.18 Table I.2-2, PS3.4 Table B.2-1."""

from collections.abc import Mapping

from storage import errors

PROCESSING_FAILURE = 0x0110
REFUSED_OUT_OF_RESOURCES = 0xA700

# The nearest class in the exception's ancestry decides.
FAILURE_REASON: Mapping[type[errors.ArchiveError], int] = {
    errors.ArchiveError: PROCESSING_FAILURE,
    errors.InvalidInstance: 0xC000,  # cannot understand
    errors.InconsistentInstance: 0xA900,  # data set does not match SOP class
    errors.UnsupportedInstance: 0x0122,  # SOP class not supported
    errors.DuplicateConflict: 0x0111,  # duplicate SOP instance
    errors.OutOfResources: REFUSED_OUT_OF_RESOURCES,
    errors.TooLarge: REFUSED_OUT_OF_RESOURCES,
    errors.Forbidden: 0x0124,  # not authorised
}


def reason_of(error: Exception) -> int:
    """The Failure Reason of an exception; a processing failure when it is not the archive's."""
    for kind in type(error).__mro__:
        if kind in FAILURE_REASON:
            return FAILURE_REASON[kind]
    return PROCESSING_FAILURE
