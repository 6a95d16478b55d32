"""C-FIND of the Modality Worklist (PS3.4 §K.4.1, §K.6.1), in what characters the machine can read."""

from dicom_nodes import identifier as identifiers
from dicom_nodes.command import CommandField
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Status
from storage.archive import worklist
from storage.dicom import header
from storage.dicom.json import elements_json
from storage.dicom.worklist import keys_of
from storage.errors import InvalidInstance, InvalidQuery, TooLarge


def serve(request: Request) -> None:
    """Answer a C-FIND of the worklist: once for each item, and once at the end.

    Raises:
        OSError: the connection is lost.
        ArchiveError: the query is refused.
    """
    request.answer(_answer_items(request))


def _answer_items(request: Request) -> Status:
    asked = _data_set(request)
    keys, wanted = keys_of(elements_json(asked, asked.elements))
    if not wanted:
        raise InvalidQuery("The query has no key.")
    caller = request.session.caller
    in_ascii = caller.entity.worklist_charset == "ascii"
    limit = request.session.settings.maximum_query_results
    found = worklist.search(
        request.session.archive,
        keys,
        wanted,
        caller.principal,
        ae_title=caller.ae_title,
        in_ascii=in_ascii,
        limit=limit,
    )
    pending = Code.PENDING_WITHOUT_OPTIONAL_KEYS if found.unsupported else Code.PENDING
    terms = () if in_ascii else tuple(asked.text(identifiers.SPECIFIC_CHARACTER_SET).split("\\"))
    for item in found.items:
        if request.cancelled:
            return Status(Code.CANCEL)
        answer = identifiers.from_json(item, (int(tag, 16) for tag in item))
        request.send(
            CommandField.C_FIND_RSP, pending, data_set=identifiers.encode(answer, request.transfer_syntax, terms)
        )
    if found.total > len(found.items):
        return Status(Code.OUT_OF_RESOURCES, f"{found.total} matches, only {limit} are answered; narrow the query.")
    return Status(Code.SUCCESS)


def _data_set(request: Request) -> header.Header:
    try:
        return header.parse(request.identifier, request.transfer_syntax)
    except (InvalidInstance, TooLarge):
        raise InvalidQuery("The identifier cannot be read as a data set.") from None
