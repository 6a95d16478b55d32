"""Everything an archive answers, to compare it with what it answers after a change that nobody may notice."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from storage.access import facilities
from storage.access.principal import SYSTEM, Action, Principal
from storage.archive import Archive, discrepancy, retrieve, series_document
from storage.archive.discrepancy import Wanted
from storage.archive.query import Query, StudyFilter, list_studies, search, study_manifest
from storage.dicom.attributes import ATTRIBUTES, Attribute, Level
from storage.dicom.identifier import upto
from storage.errors import ArchiveError

LEVELS = (Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE)
# Numbers of rows of tables that no answer of DICOM shows; the time of the last change of a study is that of its last
# arrival, where it was the moment at which that was written down.
INTERNAL = ("facility_id", "updated_at", "arriving")


def answers(archive: Archive, *, thorough: bool = True) -> dict[str, Any]:
    """Answers by question; ``thorough``: every key, order and page."""
    made: dict[str, Any] = {}
    for query in _queries(archive) if thorough else ():
        made[str(query)] = _answer(archive, query, SYSTEM)
    for principal in _principals(archive):
        for level in LEVELS:
            made[f"{principal.name}: {level}"] = _answer(archive, Query(level, include="all"), principal)
    for text in ("", "nguyen", "van duc", "BN", "ct", "1"):
        page = list_studies(archive, StudyFilter(text=text, limit=1000), SYSTEM)
        made[f"list {text!r}"] = (sorted((_public(asdict(row)) for row in page.rows), key=str), page.total)
    for uid in _values(archive, Level.STUDY, "0020000D"):
        made[f"study {uid}"] = _study(archive, uid)
    made["discrepancies"] = sorted(map(_question, discrepancy.listed(archive, Wanted(), SYSTEM, 500, 0).rows))
    return made


def _principals(archive: Archive) -> list[Principal]:
    return [
        Principal("user", one.code, facilities=frozenset({one.id}), rights=frozenset(Action))
        for one in facilities.everything(archive.index)
    ]


def _answer(archive: Archive, query: Query, principal: Principal) -> Any:
    try:
        found = search(archive, query, principal)
    except ArchiveError as error:
        return repr(error)
    return found.rows, found.total, found.truncated, found.warnings


def _queries(archive: Archive) -> Iterator[Query]:
    for level in LEVELS:
        yield Query(level)
        yield Query(level, include="all")
        yield Query(level, defaults=False)
        yield Query(level, include=frozenset({0x00081030, 0x00080070, 0x00400275, 0x00280030, 0x00081032}))
        for offset in (0, 1, 3, 1000):
            yield Query(level, limit=2, offset=offset)
        for attribute in upto(level):
            yield from _orders(level, attribute)
            if attribute.matchable:
                yield from _matches(archive, level, attribute)
        yield Query(level, {"StudyDate": "19000101-20301231", "StudyTime": "000000-235959"})
        yield Query(level, {"PatientName": "*^*", "Modality" if level in LEVELS[2:] else "ModalitiesInStudy": "CT"})


def _orders(level: Level, attribute: Attribute) -> Iterator[Query]:
    for descending in (False, True):
        yield Query(level, order=((attribute.keyword, descending),))


def _matches(archive: Archive, level: Level, attribute: Attribute) -> Iterator[Query]:
    for value in _values(archive, attribute.level, f"{attribute.tag:08X}")[:4]:
        yield Query(level, {attribute.keyword: value})
        if attribute.vr in ("DA", "TM"):
            yield Query(level, {attribute.keyword: f"{value}-"})
            yield Query(level, {attribute.keyword: f"-{value}"})
        elif attribute.vr not in ("UI", "IS", "US"):
            yield Query(level, {attribute.keyword: f"{value[:2]}*"})
            yield Query(level, {attribute.keyword: f"*{value[1:3]}?*"}, fuzzy=True)
        if attribute.vr == "PN":
            yield Query(level, {attribute.keyword: value.replace("^", " ").lower()}, fuzzy=True)


def _values(archive: Archive, level: Level, tag: str) -> list[str]:
    """The values of an attribute that there are."""
    found = set()
    for row in search(archive, Query(level, include=frozenset({int(tag, 16)})), SYSTEM).rows:
        for value in row.get(tag, {}).get("Value", []):
            found.add(str(value["Alphabetic"] if isinstance(value, dict) and "Alphabetic" in value else value))
    return sorted(found)


def _study(archive: Archive, uid: str) -> Any:
    manifest = asdict(study_manifest(archive, uid, SYSTEM))
    manifest["study"] = _public(manifest["study"])
    documents = {
        one["series_instance_uid"]: series_document.document(archive, uid, one["series_instance_uid"])
        for one in manifest["series"]
    }
    return manifest, documents, [_instance(archive, row) for row in retrieve.instances(archive, uid)]


def _instance(archive: Archive, row: Any) -> Any:
    digest = hashlib.sha256()
    # The first frames and the last: each is a read of the store, and a table that has these right has all.
    for number in sorted({1, 2, 3, row.number_of_frames} & set(range(1, row.number_of_frames + 1))):
        try:
            digest.update(retrieve.frame_bytes(archive, row, number))
        except ArchiveError as error:
            digest.update(str(error).encode())
    internal = ("facility_id", "location", "spool_name")
    return {name: value for name, value in asdict(row).items() if name not in internal}, digest.hexdigest()


def _question(row: dict[str, Any]) -> tuple[Any, ...]:
    """A discrepancy; at which of two studies it is asked whether they are one patient's depends on which was there."""
    values = row["kept"], row["arrived"]
    said = sorted(values) if row["kind"] == "patient" else values
    return row["kind"], row["attribute"], *said, row["number_of_instances"]


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in INTERNAL}


assert len(ATTRIBUTES) > 25  # every one of them is asked for
