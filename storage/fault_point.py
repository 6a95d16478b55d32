"""Named points on the way of an instance where a test can stop the process; in the product nothing happens there.

No setting and no environment variable leads here: only a program that calls :func:`arm` itself can make a point act,
and nothing in the product does.
"""

from collections.abc import Callable
from typing import Literal

Point = Literal[
    "spool: first bytes",  # the file is begun in incoming/
    "spool: complete",  # every byte is written, nothing is synced
    "spool: durable",  # synced under its name in ready/, not in the index
    "index: before commit",  # all rows are written in the open transaction
    "index: committed",  # durable and indexed, not acknowledged
    "answer: sent",
    "upload: begin",
    "upload: created",  # the object is there, nobody has read it back
    "upload: verified",  # read back; the row still says spool
    "upload: noted",  # the row says object; the spool file is still there
    "series document: made",  # nothing of it is stored
    "series document: stored",  # the object is there, the row does not name it
    "reconcile: file",  # one file of ready/ has been dealt with, others wait
    "quarantine: moved",  # the file is in the quarantine, no row names it
    "quarantine: noted",  # the row is there too; nobody has been told
    "quarantine: discarded",  # the row says so, the file is still there
    "quarantine: taken out",  # to be tried again; in ready/ and not yet an instance
    "film: decided",  # the row says which study; nothing is in it
    "film: instance kept",  # some of what the film becomes is in the study
    "film: filed",  # all of it; the file of the film is still there
    "quarantine: stored",  # an instance; its entry is still open
]

_act: Callable[[Point], None] | None = None


def arm(act: Callable[[Point], None]) -> None:
    """From now on call ``act`` each time a point is passed, in whatever thread passes it: for tests alone."""
    global _act  # noqa: PLW0603  # one process, one test
    _act = act


def reached(point: Point) -> None:
    """Say that a point is passed."""
    if _act is not None:
        _act(point)
