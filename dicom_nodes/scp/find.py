"""C-FIND of the Patient Root and Study Root models, hierarchical, or relational if so agreed (PS3.4 §C.4.1, §C.6)."""

from collections.abc import Mapping
from dataclasses import dataclass

from dicom_nodes import identifier as identifiers
from dicom_nodes.command import CommandField
from dicom_nodes.identifier import Identifier
from dicom_nodes.scp import contexts
from dicom_nodes.scp.extended import Options
from dicom_nodes.scp.request import Request
from dicom_nodes.status import Code, Status
from storage.archive import retrieve
from storage.archive.query import Query, search
from storage.dicom.attributes import Level
from storage.errors import InvalidQuery, NotFound

SOP_CLASSES_IN_STUDY = 0x00080062
LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE_KEYS: Mapping[str, int] = {
    "PATIENT": identifiers.PATIENT_ID,
    "STUDY": identifiers.STUDY_INSTANCE_UID,
    "SERIES": identifiers.SERIES_INSTANCE_UID,
    "IMAGE": identifiers.SOP_INSTANCE_UID,
}
PATIENT_ROOT = frozenset({contexts.PATIENT_ROOT_FIND, contexts.PATIENT_ROOT_MOVE, contexts.PATIENT_ROOT_GET})
# Answered for every match without being searched for.
_ANSWERED = frozenset({identifiers.RETRIEVE_AE_TITLE, identifiers.INSTANCE_AVAILABILITY})


@dataclass(frozen=True)
class Keys:
    """A checked identifier: its level and whether all its keys could be used."""

    identifier: Identifier
    level: str

    @classmethod
    def of(cls, request: Request) -> "Keys":
        """Read and check the identifier of a request against its information model.

        The unique keys above the level must be there, one value each, unless relational requests were agreed on.
        Patient ID may be left out: a Study Instance UID alone says which study is meant.

        Raises:
            InvalidQuery: no data set, or not one of this model.
        """
        identifier = Identifier.decode(request.identifier, request.transfer_syntax)
        level = identifier.text(identifiers.QUERY_RETRIEVE_LEVEL).upper()
        levels = LEVELS if request.abstract_syntax in PATIENT_ROOT else LEVELS[1:]
        if level not in levels:
            raise InvalidQuery(f"Query/Retrieve Level must be one of {', '.join(levels)}.")
        if request.options.relational:
            return cls(identifier, level)
        for above in LEVELS[1 : LEVELS.index(level)]:
            values = identifier.uids(UNIQUE_KEYS[above])
            if len(values) != 1 or any(wildcard in values[0] for wildcard in "*?"):
                raise InvalidQuery(f"Level {level} needs one UID of level {above}.")
        return cls(identifier, level)


def serve(request: Request) -> None:
    """Answer a C-FIND: once for each match, and once at the end.

    Raises:
        OSError: the connection is lost.
        ArchiveError: the query is refused.
    """
    request.answer(_answer_matches(request))


def _answer_matches(request: Request) -> Status:
    keys = Keys.of(request)
    limit = request.session.settings.maximum_query_results
    query = _query(keys, request.options, limit)
    result = search(request.session.archive, query, request.session.caller.principal)
    wanted = _wanted(keys)
    pending = Code.PENDING if not result.unmatched else Code.PENDING_WITHOUT_OPTIONAL_KEYS
    for row in result.rows:
        if request.cancelled:
            return Status(Code.CANCEL)
        answer = identifiers.from_json(row, wanted)
        answer[identifiers.QUERY_RETRIEVE_LEVEL] = ("CS", keys.level)
        answer[identifiers.RETRIEVE_AE_TITLE] = ("AE", request.session.settings.aet)
        if identifiers.INSTANCE_AVAILABILITY in keys.identifier.keys:
            answer[identifiers.INSTANCE_AVAILABILITY] = ("CS", "ONLINE")
        if SOP_CLASSES_IN_STUDY in wanted and keys.level == "STUDY":
            answer[SOP_CLASSES_IN_STUDY] = ("UI", _sop_classes(request, str(answer[identifiers.STUDY_INSTANCE_UID][1])))
        encoded = identifiers.encode(answer, request.transfer_syntax, keys.identifier.character_sets)
        request.send(CommandField.C_FIND_RSP, pending, data_set=encoded)
    if result.total > len(result.rows):
        return Status(Code.OUT_OF_RESOURCES, f"{result.total} matches, only {limit} are answered; narrow the query.")
    return Status(Code.SUCCESS)


def _sop_classes(request: Request, study: str) -> str:
    """SOP Classes in Study: clients ask for it to know which presentation contexts a C-GET will need."""
    try:
        rows = retrieve.instances(request.session.archive, study)
    except NotFound:  # deleted since it was found
        return ""
    return "\\".join(sorted({row.sop_class_uid for row in rows}))


def _query(keys: Keys, options: Options, limit: int) -> Query:
    """The archive's query.

    Raises:
        InvalidQuery: no key at all, which would be a query for everything by mistake.
    """
    given = {tag: value for tag, value in keys.identifier.keys.items() if tag not in _ANSWERED}
    given.pop(identifiers.QUERY_RETRIEVE_LEVEL, None)
    if not given and not keys.identifier.sequences:
        raise InvalidQuery("The query has no key; ask at least for the unique key of its level.")
    return Query(
        level=Level(keys.level),
        keys={
            path: value
            for path, value in (
                *((f"{tag:08X}", value) for tag, value in given.items()),
                *keys.identifier.nested.items(),
            )
            if value.strip(" \0")
        },
        # Of a sequence with keys in its item no more than those is told (PS3.4 §C.2.2.2.6).
        include=frozenset({*(_wanted(keys) - _with_keys(keys)), *keys.identifier.nested}),
        limit=limit,
        defaults=False,
        combined_datetime=options.combined_datetime,
        fuzzy=options.fuzzy_names,
    )


def _with_keys(keys: Keys) -> set[int]:
    return {int(path.partition(".")[0], 16) for path in keys.identifier.nested}


def _wanted(keys: Keys) -> set[int]:
    """Attributes of each answer: all that were asked for, and the unique keys down to the level (PS3.4 §C.4.1.3.2)."""
    unique = {UNIQUE_KEYS[level] for level in LEVELS[1 : LEVELS.index(keys.level) + 1]} or {identifiers.PATIENT_ID}
    return (set(keys.identifier.keys) | keys.identifier.sequences | unique) - _ANSWERED
