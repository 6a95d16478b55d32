"""Use case: try a peer, step by step, so that an administrator sees which step is the one that fails."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive.peer import Peer
from storage.archive.query import Query
from storage.archive.remote import Connect, RemoteArchive, RemoteFailed, RemoteState, Requester
from storage.dicom.attributes import Level

# A patient who does not exist: an answer without matches shows that a peer answers, and tells nobody's data.
NOBODY = "FILMLESS-TEST"
STEPS = ("reach", "tls", "sign-in", "search", "retrieve")
# Which step a cause belongs to; all others belong to the step in which they came.
_STEP_OF = {
    "unreachable": "reach",
    "name": "reach",
    "time": "reach",
    "ours": "tls",
    "tls": "tls",
    "certificate": "tls",
    "sign-in": "sign-in",
    "forbidden": "sign-in",
    "calling-ae": "sign-in",
    "called-ae": "sign-in",
    "rejected": "sign-in",
}


@dataclass(frozen=True)
class Step:
    """One step: ``outcome`` is ``well``, ``failed``, ``untried``, or ``clear``: a line that is not encrypted."""

    name: str
    outcome: str
    cause: str = ""
    message: str = ""
    seconds: float | None = None


def check(one: Peer, connect: Connect, by: Principal) -> list[Step]:
    """Try a peer: is it there, how is the line, does it know us, does it answer a search, does it offer retrieval.

    Raises:
        Forbidden: ``by`` may not administer.
    """
    may(by, Action.ADMINISTER, None)
    requester = Requester(by, time.monotonic() + one.seconds, purpose="HSYSADMIN")
    secured = one.tls if one.kind == "dimse" else one.url.startswith("https:")
    line = Step("tls", "well" if secured else "clear")
    try:
        remote = connect(one)
    except RemoteFailed as error:
        return _filled([Step("tls", "failed", error.cause, str(error))])
    acts: list[tuple[str, Callable[[], object]]] = [
        ("sign-in", lambda: remote.echo(requester)),
        ("search", lambda: _search(remote, requester)),
        ("retrieve", lambda: _retrieve(remote, requester)),
    ]
    done: list[Step] = []
    for name, act in acts:
        began = time.monotonic()
        try:
            act()
        except RemoteFailed as error:
            at = _STEP_OF.get(error.cause, name) if not done else name
            before = STEPS[: STEPS.index(at)]
            there = [line if step == "tls" else Step(step, "well") for step in before if step not in _names(done)]
            return _filled([*there, *done, Step(at, "failed", error.cause, str(error), time.monotonic() - began)])
        if not done:
            done += [Step("reach", "well"), line]
        done.append(Step(name, "well", seconds=time.monotonic() - began))
    return _filled(done)


def _search(remote: RemoteArchive, requester: Requester) -> None:
    for _ in remote.search(Query(Level.STUDY, {"PatientID": NOBODY}, limit=1), requester):
        return


def _retrieve(remote: RemoteArchive, requester: Requester) -> None:
    if not remote.offers_retrieval(requester):
        message = "The peer offers no retrieval: neither C-MOVE nor C-GET."
        raise RemoteFailed(RemoteState.REFUSED, "not-offered", message)


def _names(steps: list[Step]) -> set[str]:
    return {step.name for step in steps}


def _filled(steps: list[Step]) -> list[Step]:
    """All steps in their order; those that were not come to are untried."""
    known = {step.name: step for step in steps}
    return [known.get(name) or Step(name, "untried") for name in STEPS]
