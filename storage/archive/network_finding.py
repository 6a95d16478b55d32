"""What went wrong on the DICOM network, one row a cause and peer, for whoever asks why a machine cannot send."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.errors import NotFound
from storage.index import network as rows
from storage.index.engine import Index

MOST_ROWS = 1000
LONGEST_SUBJECT = 128


class Cause(StrEnum):
    """Why an association or a request came to nothing; people read about each in their language."""

    # PS3.8 §9.3.4, the association is rejected
    CALLED_AE = "called-ae"
    CALLING_AE = "calling-ae"
    ADDRESS = "address"
    TLS_REQUIRED = "tls-required"
    CERTIFICATE_WRONG = "certificate-wrong"
    USER_MISSING = "user-missing"
    USER_REFUSED = "user-refused"
    LIMIT = "limit"
    LIMIT_OF_AE = "limit-of-ae"
    RATE_OF_AE = "rate-of-ae"
    INDEX_AWAY = "index-away"
    # before there is an association
    CERTIFICATE_MISSING = "certificate-missing"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    TLS_DISTRUSTS_US = "tls-distrusts-us"
    TLS_TOO_OLD = "tls-too-old"
    TLS_FAILED = "tls-failed"
    TLS_NOT_OFFERED = "tls-not-offered"
    TLS_NOT_SPOKEN = "tls-not-spoken"
    NOT_DICOM = "not-dicom"
    # PS3.8 §7.1.1.13, presentation contexts
    ABSTRACT_SYNTAX = "abstract-syntax"
    CLASS_NOT_ALLOWED = "class-not-allowed"
    TRANSFER_SYNTAX = "transfer-syntax"
    # afterwards
    REQUEST_REFUSED = "request-refused"
    NOT_ALLOWED = "not-allowed"
    LOST = "lost"


@dataclass(frozen=True)
class Peer:
    """Who is concerned: titles as they may stand in a log, and the address."""

    calling_ae_title: str = ""
    called_ae_title: str = ""
    address: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing that went wrong; ``subject`` tells cases of a cause apart (a UID, a status), ``detail`` explains.

    Neither holds patient data.
    """

    cause: Cause
    peer: Peer
    subject: str = ""
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """A finding as it is kept."""

    id: int
    cause: str
    peer: Peer
    subject: str
    node: str
    detail: Mapping[str, str | int]
    times: int
    first_at: datetime
    last_at: datetime


def note(index: Index, node: str, findings: Iterable[tuple[Finding, int]]) -> None:
    """Count findings, each so many times; the oldest go when there are more than :data:`MOST_ROWS`.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    now = datetime.now(UTC)
    with index.write() as connection:
        for finding, times in findings:
            rows.count_finding(
                connection,
                times,
                now,
                {
                    "cause": finding.cause.value,
                    "calling_ae_title": finding.peer.calling_ae_title,
                    "called_ae_title": finding.peer.called_ae_title,
                    "address": finding.peer.address,
                    "subject": finding.subject[:LONGEST_SUBJECT],
                },
                {"node": node, "detail": json.dumps(dict(finding.detail)) if finding.detail else ""},
            )
        rows.keep_newest_findings(connection, MOST_ROWS)


def listed(archive: Archive, principal: Principal, limit: int = MOST_ROWS) -> list[Counted]:
    """The findings, the latest first.

    Raises:
        Forbidden: the principal may not administer.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        return [_counted(row) for row in rows.findings(connection, limit)]


def dismiss(archive: Archive, principal: Principal, identity: int) -> None:
    """Forget a finding that was seen to; it comes back when it happens again.

    Raises:
        Forbidden: the principal may not administer.
        NotFound: there is none of this id.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.write() as connection:
        if not rows.remove_finding(connection, identity):
            raise NotFound("There is no such finding.")
        audit.record(connection, principal, Action.ADMINISTER, detail={"network_finding": identity, "act": "dismissed"})


def _counted(row: Mapping[str, object]) -> Counted:
    values = dict(row)
    peer = Peer(*(str(values.pop(name)) for name in ("calling_ae_title", "called_ae_title", "address")))
    detail = json.loads(str(values.pop("detail")) or "{}")
    return Counted(peer=peer, detail=detail, **values)  # type: ignore[arg-type]  # the row has these columns
