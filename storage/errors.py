"""Everything the archive can refuse, without wire codes: each edge maps these classes in one place.

Messages are plain English for a person at the other end and never hold patient data.
"""


class ArchiveError(Exception):
    """Base of every refusal; ``str(error)`` is safe to send to a peer and to log."""


class InvalidInstance(ArchiveError):
    """The bytes cannot be understood as a DICOM instance: no Part 10, truncated, no UIDs, a lying length."""


class InconsistentInstance(ArchiveError):
    """The data set contradicts what its sender declared (SOP Class, SOP Instance UID, study of a request)."""


class UnsupportedInstance(ArchiveError):
    """The archive's policy does not take this SOP Class or transfer syntax."""


class DuplicateConflict(ArchiveError):
    """The SOP Instance UID is kept with other content, which stays; what came is put aside for the administrator."""


class OutOfResources(ArchiveError):
    """No room to keep it durably (disk nearly full, limits reached); trying again later may work."""


class TooLarge(ArchiveError):
    """What is asked for, or sent, is over a documented limit."""


class NotFound(ArchiveError):
    """No such study, series, instance or frame (for this principal's scope the message is the same)."""


class Gone(NotFound):
    """It was kept, and an authorised person has deleted it."""


class InvalidQuery(ArchiveError):
    """A query key, value or parameter is malformed."""


class NotAcceptable(ArchiveError):
    """The resource exists but not in any of the representations asked for."""


class PixelError(ArchiveError):
    """The pixel data cannot be decoded as its header describes it."""


class Unauthenticated(ArchiveError):
    """Nobody valid is signed in: wrong password, unknown, expired or revoked token."""


class TooManyAttempts(Unauthenticated):
    """Sign-in is paused for this account; ``retry_after_s`` seconds remain."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Forbidden(ArchiveError):
    """The principal is known but may not do this to this resource."""


class InvalidRequest(ArchiveError):
    """An administrative request is not usable: a weak password, a malformed AE title, a name already taken."""


class WrongState(ArchiveError):
    """The act does not fit the state or the place of what it is about: it is settled already, or on another node."""


class WorkItemRefusal(ArchiveError):
    """A request does not fit a work item as it stands; ``warning`` says it in the words of PS3.18 §11."""

    warning = ""


class StoreUnavailable(ArchiveError):
    """Index or object store cannot be reached now; nothing was acknowledged."""
