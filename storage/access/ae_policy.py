"""What a machine of the DICOM network may do, and how it is spoken to: the policy of each AE (PS3.15 Annex B)."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from storage.access.principal import Action
from storage.errors import InvalidRequest

WorklistCharset = Literal["utf-8", "ascii"]
WORKLIST_CHARSETS: tuple[WorklistCharset, ...] = ("utf-8", "ascii")
MOST_ASSOCIATIONS = 10_000
LONGEST_DESCRIPTION = 200
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rights of a machine and how this node treats it; the defaults are those of a new machine."""

    description: str = ""  # for people, e.g. "CT, phòng 3"
    calls_from: str = ""  # addresses and networks it may call from beside its host, separated by spaces
    may_store: bool = True
    may_query: bool = True
    may_retrieve: bool = True
    may_worklist: bool = True
    may_mpps: bool = True
    may_commit: bool = True
    may_print: bool = True
    may_forward: bool = True  # rules may send instances to it
    notify_availability: bool = False  # it is told of new instances (Instance Availability Notification)
    worklist_charset: WorklistCharset = "utf-8"  # 'ascii': without diacritics, đ as d
    sop_classes: str = ""  # UIDs of the storage classes it may send, separated by spaces; empty: all
    require_tls: bool = False  # it must call with TLS
    call_with_tls: bool = False  # we call it with TLS
    certificate_sha256: str = ""  # of its client certificate, hexadecimal; empty: any that our authority signed
    require_user: bool = False  # it must name a user of this archive (PS3.7 §D.3.3.7)
    maximum_associations: int = 0  # at once with each DICOM process; 0: no limit of its own
    associations_per_minute: int = 0  # with each DICOM process; 0: no limit

    @property
    def rights(self) -> frozenset[Action]:
        """What it may ask for, as ``may()`` knows it."""
        granted: set[Action] = set()
        for allowed, actions in (
            (self.may_store, (Action.STORE,)),
            (self.may_query, (Action.SEARCH,)),
            (self.may_retrieve, (Action.VIEW, Action.EXPORT)),
            (self.may_worklist, (Action.READ_WORKLIST,)),
            (self.may_mpps, (Action.REPORT_PROGRESS,)),
            (self.may_commit, (Action.COMMIT,)),
            (self.may_print, (Action.PRINT,)),
        ):
            granted |= set(actions) if allowed else set()
        return frozenset(granted)

    def takes(self, sop_class_uid: str) -> bool:
        """Whether instances of this class are welcome from it."""
        return not self.sop_classes or sop_class_uid in self.sop_classes.split()

    def check(self) -> None:
        """Look at each value.

        Raises:
            InvalidRequest: one cannot be right.
        """
        if len(self.description) > LONGEST_DESCRIPTION or not all(part.isprintable() for part in self.description):
            raise InvalidRequest(f"A description is one line of at most {LONGEST_DESCRIPTION} characters.")
        if self.worklist_charset not in WORKLIST_CHARSETS:
            raise InvalidRequest("The charset of the worklist is utf-8 or ascii.")
        for network in self.calls_from.split():
            _check_network(network)
        if not all(_UID.fullmatch(uid) and len(uid) <= 64 for uid in self.sop_classes.split()):
            raise InvalidRequest("SOP classes are given by their UIDs, separated by spaces.")
        if self.certificate_sha256 and not _SHA256.fullmatch(self.certificate_sha256):
            raise InvalidRequest("The SHA-256 of a certificate is 64 hexadecimal digits in lower case.")
        for limit in (self.maximum_associations, self.associations_per_minute):
            if not 0 <= limit <= MOST_ASSOCIATIONS:
                raise InvalidRequest(f"A limit of associations is 0 (none) to {MOST_ASSOCIATIONS}.")


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidRequest("Addresses are written as 10.0.0.5 or as a network 10.0.0.0/24.") from None
