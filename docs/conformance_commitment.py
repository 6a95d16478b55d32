"""The part of the DIMSE conformance statement on storage commitment, notification and forwarding (PS3.2)."""

from collections.abc import Iterator
from datetime import timedelta

from dicom_nodes import commitment as messages
from dicom_nodes.status import Code
from storage.archive import commitment, delivery, routing

Section = tuple[str, tuple[str, ...], list[tuple[str, ...]], list[str]]

_STATUSES = (
    (Code.SUCCESS, "The request is noted durably; the result follows as an N-EVENT-REPORT."),
    (Code.INVALID_ARGUMENT_VALUE, "Transaction UID or references are missing or malformed, or the UID is in use."),
    (Code.NO_SUCH_SOP_INSTANCE, f"Not the well-known instance `{messages.PUSH_MODEL_INSTANCE}`."),
    (Code.NO_SUCH_ACTION_TYPE, f"Action Type ID other than {messages.REQUEST}."),
    (Code.NOT_AUTHORISED, "The policy of this machine does not let it ask."),
    (Code.PROCESSING_FAILURE, "The index cannot be reached now, or anything unforeseen."),
)
_REASONS = (
    (commitment.PROCESSING_FAILURE, "The object is damaged or missing: it was read and hashed for this answer."),
    (commitment.NO_SUCH_INSTANCE, "No such instance is kept, or it is another facility's."),
    (commitment.CLASS_INSTANCE_CONFLICT, "It is kept under another SOP Class."),
    (commitment.RESOURCE_LIMITATION, "It has not reached the object store in time; ask again."),
)


def sections() -> Iterator[Section]:
    """Title, head and rows of a table, and the text behind it."""
    yield (
        "Storage commitment as SCP",
        ("Status of N-ACTION", "When"),
        [(f"{code:04X}", text) for code, text in _STATUSES],
        [
            "",
            "The same request of the same machine once more is no error: its result is told again. The result comes as",
            f"Event Type {messages.ALL_COMMITTED} (all committed) or {messages.WITH_FAILURES} (with failures), always",
            "the full set, with Retrieve AE Title: on the association of the request as long as that is open, else on",
            "one that we open to the registered address of the machine, proposing the SCP role. It is repeated until",
            f"it is answered with success, with growing pauses of up to {_minutes(delivery.LONGEST_PAUSE)} minutes, for"
            f" {delivery.PATIENCE.days} days,",
            "whatever is restarted meanwhile.",
        ],
    )
    yield (
        "Failure Reasons of storage commitment",
        ("Failure Reason", "When"),
        [(f"{reason:04X}", text) for reason, text in _REASONS],
        [
            "",
            "Answers to our own requests are taken on the association of the request and on any that the machine",
            "opens, with or without role selection. An Instance Availability Notification goes to machines whose",
            "policy wants it when a study of their facility has been quiet for"
            f" {int(routing.QUIET.total_seconds())} s. It lists all instances of the",
            "study that can be had, each ONLINE under our AE title; Referenced Performed Procedure Step Sequence is",
            "empty. Removals are not notified. What [rules](how-to/forward.md) send is tried again as results are.",
        ],
    )


def _minutes(pause: timedelta) -> int:
    return int(pause.total_seconds() // 60)
