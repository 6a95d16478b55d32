"""A peer that is an Orthanc, over its own REST API (https://orthanc.uclouvain.be/book/users/rest.html)."""

import re
from collections.abc import Generator, Mapping
from typing import Any

import orjson
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from pacs.federation import json_array
from pacs.federation.web_client import WebClient, blocks, check_status, whole
from storage.archive.query import Query
from storage.archive.remote import LONGEST_DATA_SET, RemoteFailed, RemoteState, Requester
from storage.dicom.attributes import Level
from storage.dicom.identifier import JsonDataset, element
from storage.dicom.remote_matching import name_forms, tag_of

_LEVELS = {Level.STUDY: "Study", Level.SERIES: "Series", Level.IMAGE: "Instance"}
_PATIENT_NAME = 0x00100010
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}")
# Of so many studies the series are counted, which older versions tell only study by study.
_MOST_COUNTED = 100
_LONGEST_LIST = 4 * 1024 * 1024
_COUNTED = ("ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")


class OrthancArchive:
    """One Orthanc."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def echo(self, requester: Requester) -> None:
        """Ask for its version.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        if not isinstance(self._read("/system", requester).get("Version"), str):
            raise RemoteFailed(RemoteState.FAILED, "unreadable", "What answers is no Orthanc.")

    def offers_retrieval(self, requester: Requester) -> bool:
        """Whoever may search it may retrieve from it."""
        self.echo(requester)
        return True

    def search(self, query: Query, requester: Requester) -> Generator[JsonDataset]:
        """``/tools/find``; names as patterns, because it knows no accents.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        level = Level(query.level)
        asked: dict[str, Any] = {
            "Level": _LEVELS[level],
            "Expand": True,
            "CaseSensitive": False,
            "Query": _keys(query),
            "RequestedTags": list(_COUNTED) if level is Level.STUDY else [],
        }
        if query.limit is not None:
            asked["Limit"] = query.limit
        with self._client.ask("POST", "/tools/find", requester, json=asked) as response:
            check_status(response)
            try:
                found = json_array.objects(blocks(response, requester), LONGEST_DATA_SET)
                for number, one in enumerate(found):
                    made = data_set(one)
                    if level is Level.STUDY and number < _MOST_COUNTED:
                        self._count(one, made, requester)
                    yield made
            except json_array.Unreadable as error:
                message = f"The peer's answer is not one of Orthanc: {error}."
                raise RemoteFailed(RemoteState.FAILED, "unreadable", message) from None

    def _count(self, found: Mapping[str, Any], made: JsonDataset, requester: Requester) -> None:
        """Tell how much a study has, where the answer itself did not."""
        identity = str(found.get("ID", ""))
        if "00201208" in made or not _ID.fullmatch(identity):
            return
        series = self._read(f"/studies/{identity}/series", requester)
        if not isinstance(series, list):
            return
        listed = [one for one in series if isinstance(one, dict)]
        instances = sum(len(one["Instances"]) for one in listed if isinstance(one.get("Instances"), list))
        tags = [one["MainDicomTags"] for one in listed if isinstance(one.get("MainDicomTags"), dict)]
        modalities = sorted({str(one["Modality"]) for one in tags if one.get("Modality")})
        made["00080061"] = element("CS", "\\".join(modalities))
        made["00201206"], made["00201208"] = element("IS", len(listed)), element("IS", instances)

    def _read(self, path: str, requester: Requester) -> Any:
        with self._client.ask("GET", path, requester) as response:
            check_status(response)
            try:
                return orjson.loads(whole(response, requester, _LONGEST_LIST))
            except orjson.JSONDecodeError:
                raise RemoteFailed(RemoteState.FAILED, "unreadable", "What answers is no Orthanc.") from None


def data_set(found: Mapping[str, Any]) -> JsonDataset:
    """An answer of ``/tools/find`` in the DICOM JSON Model."""
    made: JsonDataset = {}
    for name in ("PatientMainDicomTags", "MainDicomTags", "RequestedTags"):
        tags = found.get(name)
        for keyword, value in tags.items() if isinstance(tags, dict) else ():
            tag = tag_for_keyword(str(keyword))
            if tag is None or not isinstance(value, str):
                continue
            try:
                made[f"{tag:08X}"] = element(dictionary_VR(tag).split(" or ")[0], value.rstrip("\0 "))
            except ValueError:  # no number where one belongs
                continue
    parent = found.get("Series")
    if isinstance(parent, list):
        made.setdefault("00201206", element("IS", len(parent)))
    return dict(sorted(made.items()))


def _keys(query: Query) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in query.keys.items():
        tag = tag_of(name) if "." not in name else None
        keyword = keyword_for_tag(tag) if tag is not None else ""
        if not keyword or not value:
            continue
        # It matches without case, so the first form is enough.
        found[keyword] = name_forms(value, fuzzy=query.fuzzy)[0] if tag == _PATIENT_NAME else value
    return found
