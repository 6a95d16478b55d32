"""The receipts of the studies that somebody follows: read again when it is time, told when they changed.

Uploads change the rows of instances alone, which no index on studies shows; so the few studies that are looked at are
read one by one, often while something is on its way and seldom once all is in the object store.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pacs.api.receipt import receipt_json
from storage.archive import Archive
from storage.archive.receipt import Receipt, read_receipt

MOVING_S = 0.5
SETTLED_S = 10.0
# A pass stays short, however many studies are followed; the rest come in the next one.
MOST_A_PASS = 20


@dataclass
class _Followed:
    read_at: float = 0.0
    receipt: Receipt | None = None


class FollowedReceipts:
    """What was last told of each followed study; for one thread."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known: dict[str, _Followed] = {}

    def changes(self, followed: Collection[str], changed: Collection[str], now: float) -> list[tuple[Receipt, bytes]]:
        """The receipts that are other than what was told, as events; ``now`` is monotonic, in seconds.

        ``changed`` are studies that got instances of late.

        Raises:
            StoreUnavailable: the index cannot be reached.
        """
        for uid in self._known.keys() - set(followed):
            del self._known[uid]
        known = {uid: self._known.setdefault(uid, _Followed()) for uid in followed}
        due = sorted((one.read_at, uid) for uid, one in known.items() if _is_due(one, uid in changed, now))
        told = []
        for _, uid in due[:MOST_A_PASS]:
            known[uid].read_at = now
            found = read_receipt(self._archive, uid)
            if found is not None and found[0] != known[uid].receipt:
                known[uid].receipt = found[0]
                told.append((found[0], b"event: receipt\ndata: " + receipt_json(found[0]) + b"\n\n"))
        return told

    def forget(self, study_instance_uid: str) -> None:
        """Tell this one anew: somebody has begun to listen."""
        self._known.pop(study_instance_uid, None)


def _is_due(one: _Followed, changed: bool, now: float) -> bool:
    moving = changed or one.receipt is None or not one.receipt.progress.settled
    return now - one.read_at >= (MOVING_S if moving else SETTLED_S)
