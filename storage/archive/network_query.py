"""Use case: what a search of the network asks each peer, and how an answer is read (PS3.18 §10.6, the study list)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from storage.access.principal import Principal
from storage.archive import Archive
from storage.archive.collation import Copy, Source
from storage.archive.network_search import Asked, Local
from storage.archive.query import Query, search
from storage.archive.study_list import MAXIMUM_WORDS, StudyFilter, StudyRow, list_studies
from storage.dicom.attributes import BY_KEYWORD, Level
from storage.dicom.identifier import JsonDataset, returned
from storage.dicom.part10 import valid_uid
from storage.dicom.remote_matching import tag_of, text_of
from storage.dicom.text import search_text, tokens
from storage.errors import InvalidQuery

_UIDS = {Level.STUDY: 0x0020000D, Level.SERIES: 0x0020000E, Level.IMAGE: 0x00080018}
_OF_PEER = frozenset({"00081190", "00080054"})  # where the peer's own clients would retrieve it
# A peer's texts are kept up to what the VR allows, and then some: one that is longer is none of ours to cut.
_LONGEST_TEXT = 4096
_MOST_ID_WORDS = 2


@dataclass(frozen=True)
class NetworkStudy:
    """A row of the list, from wherever; texts as sent, days as ``YYYYMMDD``, counts ``None`` where nobody tells."""

    study_instance_uid: str
    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    patient_birth_date: str
    patient_sex: str
    study_date: str
    study_time: str
    accession_number: str
    study_description: str
    referring_physician_name: str
    modalities: tuple[str, ...]
    number_of_series: int | None
    number_of_instances: int | None


_TEXTS = tuple(
    one.name for one in fields(NetworkStudy) if one.type is str or one.type == "str"
)  # each the snake_case of its keyword
_KEYWORDS = {
    attribute.column: attribute for attribute in BY_KEYWORD.values() if attribute.level in (Level.PATIENT, Level.STUDY)
}


def of_query(archive: Archive, query: Query, principal: Principal, limit: int) -> Asked:
    """A search of QIDO-RS or C-FIND, whose copies hold data sets of DICOM JSON.

    Raises:
        InvalidQuery: a patient cannot be searched across archives: who is the same is not for them to say.
    """
    level = Level(query.level)
    if level not in _UIDS:
        raise InvalidQuery("The network is searched for studies, series and instances.")
    asked = replace(query, limit=limit, offset=0, order=())
    kept = None if query.include == "all" else _wanted(query, level)

    def read(source: Source, data_set: JsonDataset) -> Copy | None:
        return _copy(source, level, data_set, kept)

    def local() -> Local:
        found = search(archive, asked, principal)
        copies = (_copy(Source(archive.settings.facility, ""), level, row, None) for row in found.rows)
        return Local([one for one in copies if one is not None], found.truncated)

    # A series is found again by its study, an instance by both.
    above = frozenset({0x0020000D, 0x0020000E} if level is Level.IMAGE else {0x0020000D})
    told = replace(asked, include="all" if query.include == "all" else frozenset({*query.include, *above}))
    keys = [f"{name}={value}" for name, value in query.keys.items() if value]
    return Asked((told,), local, read, limit, keys)


def of_list(archive: Archive, wanted: StudyFilter, principal: Principal, limit: int) -> Asked:
    """A search of the study list, whose copies hold :class:`NetworkStudy`.

    Words are of a name, a patient ID or an accession number at the peers.

    Raises:
        InvalidQuery: nothing narrows the search, or it asks for what only this archive knows.
    """
    if wanted.state:
        raise InvalidQuery("Only studies of this archive are arriving or opened.")
    queries = _queries(wanted)
    facilities = frozenset(wanted.facilities)
    modalities = frozenset(wanted.modalities)
    words = tokens(wanted.text)

    def is_meant(copy: Copy) -> bool:
        study: NetworkStudy = copy.content
        known = not modalities or not study.modalities or not modalities.isdisjoint(study.modalities)
        there = not facilities or copy.source.facility_code in facilities
        return known and there and _has_words(words, study)

    def local() -> Local:
        page = list_studies(archive, replace(wanted, limit=limit, offset=0), principal)
        return Local([_own(row) for row in page.rows], page.total > len(page.rows))

    asked = {"text": wanted.text, "modality": ",".join(wanted.modalities), "from": wanted.date_from}
    asked |= {"to": wanted.date_to, "facility": ",".join(wanted.facilities)}
    keys = [f"{name}={value}" for name, value in asked.items() if value]
    return Asked(queries, local, _network_copy, limit, keys, is_meant)


def _queries(wanted: StudyFilter) -> Sequence[Query]:
    if len(tokens(wanted.text)) > MAXIMUM_WORDS:
        raise InvalidQuery(f"Search for at most {MAXIMUM_WORDS} words.")
    keys: dict[str, str] = {}
    if wanted.date_from or wanted.date_to:
        keys["StudyDate"] = f"{wanted.date_from}-{wanted.date_to}"
    if len(wanted.modalities) == 1:  # a list of them is not understood everywhere; the answers are looked at again
        keys["ModalitiesInStudy"] = wanted.modalities[0]
    typed = [word for word in wanted.text.split() if tokens(word)]
    numbers = [word for word in typed if any(letter.isdigit() for letter in word)]
    letters = " ".join(word for word in typed if word not in numbers)
    include = frozenset(attribute.path for attribute in _KEYWORDS.values() if attribute.column in _COLUMNS)
    if len(numbers) > _MOST_ID_WORDS:
        raise InvalidQuery(f"Search the network for at most {_MOST_ID_WORDS} numbers at once.")
    if numbers:
        # Which of the two it is nobody knows; whatever else was typed is looked for in the answers.
        chosen = max(numbers, key=len).replace("*", "").replace("?", "")
        return [Query(Level.STUDY, {**keys, name: f"{chosen}*"}, include) for name in ("PatientID", "AccessionNumber")]
    if letters:
        return [Query(Level.STUDY, {**keys, "PatientName": letters}, include, fuzzy=True)]
    if not keys:
        raise InvalidQuery("To search the network, give a name, a number, a day or a modality.")
    return [Query(Level.STUDY, keys, include)]


_COLUMNS = frozenset({*_TEXTS, "modalities_in_study", "number_of_series", "number_of_instances"})


def _network_copy(source: Source, data_set: JsonDataset) -> Copy | None:
    texts: dict[str, Any] = {name: text_of(data_set, _KEYWORDS[name].tag) for name in _TEXTS}
    if not valid_uid(texts["study_instance_uid"]) or any(len(one) > _LONGEST_TEXT for one in texts.values()):
        return None
    modalities = text_of(data_set, BY_KEYWORD["ModalitiesInStudy"].tag) or text_of(data_set, BY_KEYWORD["Modality"].tag)
    study = NetworkStudy(
        **texts,
        modalities=tuple(part for part in modalities[:_LONGEST_TEXT].split("\\") if part),
        number_of_series=_count(data_set, "NumberOfStudyRelatedSeries"),
        number_of_instances=_count(data_set, "NumberOfStudyRelatedInstances"),
    )
    return _copy_of(source, study)


def _own(row: StudyRow) -> Copy:
    study = NetworkStudy(**{one.name: getattr(row, one.name) for one in fields(NetworkStudy)})
    return _copy_of(Source(row.facility_code, row.facility_name), study)


def _copy_of(source: Source, study: NetworkStudy) -> Copy:
    return Copy(
        source,
        study.study_instance_uid,
        study,
        study.patient_name,
        study.patient_id,
        study.patient_birth_date,
        study.number_of_series,
        study.number_of_instances,
    )


def _has_words(words: Sequence[str], study: NetworkStudy) -> bool:
    """Whether each word begins a word of the study, or, with a digit in it, is any part of one: as the list here."""
    there = search_text((study.patient_name, study.patient_id, study.accession_number, study.study_description))
    return all((word if any(one.isdigit() for one in word) else f" {word}") in there for word in words)


def _copy(source: Source, level: Level, data_set: JsonDataset, kept: frozenset[str] | None) -> Copy | None:
    uid = text_of(data_set, _UIDS[level])
    if not valid_uid(uid) or not all(valid_uid(text_of(data_set, _UIDS[one])) for one in _above(level)):
        return None
    told = {path: one for path, one in data_set.items() if (kept is None or path in kept) and path not in _OF_PEER}
    if any(not isinstance(one, dict) or not isinstance(one.get("vr"), str) for one in told.values()):
        return None
    instances = {Level.STUDY: "NumberOfStudyRelatedInstances", Level.SERIES: "NumberOfSeriesRelatedInstances"}.get(
        level
    )
    return Copy(
        source,
        uid,
        told,
        text_of(data_set, BY_KEYWORD["PatientName"].tag),
        text_of(data_set, BY_KEYWORD["PatientID"].tag),
        text_of(data_set, BY_KEYWORD["PatientBirthDate"].tag),
        _count(data_set, "NumberOfStudyRelatedSeries"),
        _count(data_set, instances) if instances else None,
    )


def _above(level: Level) -> tuple[Level, ...]:
    return {Level.STUDY: (), Level.SERIES: (Level.STUDY,), Level.IMAGE: (Level.STUDY, Level.SERIES)}[level]


def _wanted(query: Query, level: Level) -> frozenset[str]:
    asked = {f"{one:08X}" if isinstance(one, int) else one.partition(".")[0] for one in query.include}
    keys = {f"{tag:08X}" for name in query.keys if (tag := tag_of(name.partition(".")[0])) is not None}
    unasked = {one.path for one in returned(level, study=False, series=False)} if query.defaults else set()
    uids = {f"{_UIDS[one]:08X}" for one in (level, *_above(level))}
    return frozenset({*asked, *keys, *unasked, *uids, "00080005", "00080056"})


def _count(data_set: JsonDataset, keyword: str) -> int | None:
    text = text_of(data_set, BY_KEYWORD[keyword].tag)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
