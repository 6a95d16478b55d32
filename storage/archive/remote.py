"""The archive of another hospital, as this one asks it: the same search, over whatever the peer speaks.

Whoever implements it gives up by itself at the deadline, holds no more than one answer in memory, and raises
:class:`RemoteFailed` and nothing else when the peer does not do as asked. What a peer sends is never trusted: sizes,
counts and times are bounded by the caller and by the adapter.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from storage.access.principal import Principal
from storage.dicom.identifier import JsonDataset
from storage.errors import ArchiveError

if TYPE_CHECKING:
    from storage.archive.peer import Peer
    from storage.archive.query import Query

# A data set that answers a search is a few kilobytes; one that is longer than this is not read.
LONGEST_DATA_SET = 256 * 1024


class RemoteState(StrEnum):
    """How a peer stands to what it was asked."""

    ASKED = "asked"  # it has not answered yet
    ANSWERED = "answered"
    SLOW = "slow"  # its time is over
    DOWN = "down"  # nobody is there
    REFUSED = "refused"  # it does not let us, or not the one who asks
    FAILED = "failed"  # it is there, and its answer is an error or cannot be understood


class RemoteFailed(ArchiveError):
    """A peer did not do as asked.

    ``state`` is how; ``cause`` a word that pages explain to people (``unreachable``, ``name``, ``tls``, ``time``,
    ``sign-in``, ``forbidden``, ``status``, ``unreadable``, ``too-large``, ``association``, ``ours``).
    """

    def __init__(self, state: RemoteState, cause: str, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.cause = cause


@dataclass(frozen=True)
class Requester:
    """Who asks a peer, for what purpose, until when; it travels with the request, and the peer decides.

    ``purpose`` is a code of HL7 v3 PurposeOfUse. ``deadline`` is of :func:`time.monotonic`.
    """

    principal: Principal
    deadline: float
    purpose: str = "TREAT"
    legal_basis: str = ""
    study_instance_uid: str = ""
    patient_id: str = ""
    stopped: Callable[[], bool] = field(default=lambda: False, repr=False, compare=False)

    def remaining(self) -> float:
        """Seconds that are left, at least a hundredth.

        Raises:
            RemoteFailed: none are, or nobody waits any more.
        """
        left = self.deadline - time.monotonic()
        if left <= 0 or self.stopped():
            raise RemoteFailed(RemoteState.SLOW, "time", "The peer did not answer in its time.")
        return max(left, 0.01)


class RemoteArchive(Protocol):
    """One peer."""

    def echo(self, requester: Requester) -> None:
        """Ask whether it is there and knows us, without asking for anybody's data.

        Raises:
            RemoteFailed: it is not, or does not.
        """
        ...

    def offers_retrieval(self, requester: Requester) -> bool:
        """Whether instances can be had of it, as far as can be told without asking for one.

        Raises:
            RemoteFailed: it is not there, or does not let us.
        """

    def search(self, query: "Query", requester: Requester) -> Generator[JsonDataset]:
        """What matches, as data sets of DICOM JSON in Unicode, in the order of the peer, as they come.

        At most ``query.limit`` are asked for where the peer knows limits; whoever has enough stops reading, which ends
        the request. A peer may match more loosely than asked (it does not know accents, or a key): the caller looks at
        each answer again.

        Raises:
            RemoteFailed: it does not answer, refuses, or cannot be understood; what came before it still holds. With
                the state ``ANSWERED``: it has more than it tells.
        """


class Connect(Protocol):
    """Makes a peer's :class:`RemoteArchive`; given by the composition root, as we know neither HTTP nor DIMSE."""

    def __call__(self, peer: "Peer") -> RemoteArchive:
        """Nothing is sent yet.

        Raises:
            RemoteFailed: its secrets or certificates cannot be used.
        """
