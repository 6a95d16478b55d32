"""The messages of storage commitment, for both of its roles (PS3.4 Tables J.3-1 and J.3-2)."""

from collections.abc import Iterable, Mapping, Sequence

from dicom_nodes.identifier import Told
from dicom_nodes.status import Code, Refused
from storage.access.principal import SYSTEM
from storage.archive import Archive, asked_commitment, commitment
from storage.archive.commitment import Reference
from storage.dicom import header
from storage.errors import InvalidInstance, InvalidRequest, TooLarge

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST = 1  # Action Type ID
ALL_COMMITTED, WITH_FAILURES = 1, 2  # Event Type ID

_TRANSACTION_UID = 0x00081195
_REFERENCED, _FAILED, _REASON = 0x00081199, 0x00081198, 0x00081197
_CLASS, _INSTANCE = 0x00081150, 0x00081155
_RETRIEVE_AE_TITLE = 0x00080054

Named = tuple[str, str]  # SOP Class UID, SOP Instance UID


class Message:
    """What a request or an event report says."""

    def __init__(self, encoded: bytes, transfer_syntax_uid: str) -> None:
        """Read a data set.

        Raises:
            InvalidRequest: it is none.
        """
        try:
            self._data_set = header.parse(encoded, transfer_syntax_uid)
        except (InvalidInstance, TooLarge):
            raise InvalidRequest("The data set of the message cannot be read.") from None

    @property
    def transaction_uid(self) -> str:
        """(0008,1195) Transaction UID; empty if absent."""
        return self._data_set.text(_TRANSACTION_UID)

    @property
    def referenced(self) -> list[Named]:
        """Instances of the Referenced SOP Sequence."""
        return [(self._uid(item, _CLASS), self._uid(item, _INSTANCE)) for item in self._items(_REFERENCED)]

    @property
    def failed(self) -> list[tuple[str, int]]:
        """Instances of the Failed SOP Sequence with their Failure Reasons."""
        return [(self._uid(item, _INSTANCE), self._number(item, _REASON)) for item in self._items(_FAILED)]

    def _items(self, tag: int) -> Sequence[header.Elements]:
        found = self._data_set.elements.get(tag)
        return (found.items or []) if found is not None else []

    def _uid(self, item: header.Elements, tag: int) -> str:
        found = item.get(tag)
        return self._data_set.value(found).decode("ascii", "replace").strip("\0 ") if found is not None else ""

    def _number(self, item: header.Elements, tag: int) -> int:
        found = item.get(tag)
        if found is None or found.length != 2:
            return 0x0110
        return int.from_bytes(self._data_set.value(found), "little" if found.little_endian else "big")


def request(transaction_uid: str, instances: Iterable[Named]) -> dict[int, Told]:
    """The Action Information that asks for commitment."""
    return {_TRANSACTION_UID: ("UI", transaction_uid), _REFERENCED: ("SQ", [_item(*one) for one in instances])}


def report(
    transaction_uid: str, committed: Sequence[Named], failed: Sequence[tuple[Named, int]], retrieve_ae_title: str
) -> tuple[int, dict[int, Told]]:
    """Event Type ID and Event Information of a result: the full set of what was asked for."""
    told: dict[int, Told] = {_TRANSACTION_UID: ("UI", transaction_uid)}
    if committed:
        told[_RETRIEVE_AE_TITLE] = ("AE", retrieve_ae_title)
        told[_REFERENCED] = ("SQ", [_item(*one) for one in committed])
    if not failed:
        return ALL_COMMITTED, told
    items = [{**_item(*one), _REASON: ("US", str(reason))} for one, reason in failed]
    return WITH_FAILURES, {**told, _FAILED: ("SQ", items)}


def _item(sop_class_uid: str, sop_instance_uid: str) -> dict[int, Told]:
    return {_CLASS: ("UI", sop_class_uid), _INSTANCE: ("UI", sop_instance_uid)}


def take_report(archive: Archive, event_type: int, encoded: bytes, transfer_syntax: str, ae_title: str) -> str:
    """Note what a machine says of a request of ours; its Transaction UID.

    Raises:
        Refused: the event is none of storage commitment.
        InvalidRequest: the report cannot be read.
        NotFound, Forbidden: nothing of this Transaction UID was asked of this machine.
    """
    if event_type not in (ALL_COMMITTED, WITH_FAILURES):
        raise Refused(Code.NO_SUCH_EVENT_TYPE, "Storage commitment knows Event Types 1 and 2 alone.")
    said = Message(encoded, transfer_syntax)
    reasons: Mapping[str, int] = {uid: 0 for _, uid in said.referenced} | dict(said.failed)
    asked_commitment.answer(archive, said.transaction_uid, ae_title, reasons)
    return said.transaction_uid


def result_of(archive: Archive, transaction_uid: str, retrieve_ae_title: str) -> tuple[int, dict[int, Told]]:
    """Event Type ID and Event Information of a result that is known.

    Raises:
        NotFound: there is none, or it is no longer kept.
    """
    found = commitment.result(archive, transaction_uid, SYSTEM)
    failed = [(_named(one), reason) for one, reason in found.failed]
    return report(transaction_uid, [_named(one) for one in found.committed], failed, retrieve_ae_title)


def _named(one: Reference) -> Named:
    return one.sop_class, one.instance
