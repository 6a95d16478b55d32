"""A peer that speaks DICOMweb: another Filmless, or any server of the standard (PS3.18 §10.4, §10.6)."""

from collections.abc import Generator

import httpx

from pacs.federation import json_array
from pacs.federation.web_client import WebClient, blocks, check_status
from storage.archive.query import Query
from storage.archive.remote import LONGEST_DATA_SET, RemoteFailed, RemoteState, Requester
from storage.dicom.attributes import Level
from storage.dicom.identifier import JsonDataset
from storage.dicom.remote_matching import name_forms, tag_of

# A patient who does not exist, as a connection is tried: nobody's data is asked for.
NOBODY = "FILMLESS-TEST"
_NO_STUDY = "1.2.826.0.1.3680043.8.498.1"
_PATIENT_NAME = 0x00100010
_RESOURCES = {Level.STUDY: "studies", Level.SERIES: "series", Level.IMAGE: "instances"}
_DICOM_JSON = "application/dicom+json"


class DicomWebArchive:
    """One peer; ``root`` is the path of its DICOMweb services below its address."""

    def __init__(self, client: WebClient, root: str = "", *, knows_names: bool = False) -> None:
        self._client = client
        self._root = root
        # Whether it matches names as we do: without case and accents, word by word where asked.
        self._knows_names = knows_names

    def echo(self, requester: Requester) -> None:
        """Search for a patient who does not exist.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        for _ in self.search(Query(Level.STUDY, {"PatientID": NOBODY}, limit=1), requester):
            return

    def offers_retrieval(self, requester: Requester) -> bool:
        """Ask for the metadata of a study that does not exist: who would have given it says that there is none.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        path = f"{self._root}/studies/{_NO_STUDY}/metadata"
        with self._client.ask("GET", path, requester, accept=_DICOM_JSON) as response:
            check_status(response, 204, 404, 410)
        return True

    def search(self, query: Query, requester: Requester) -> Generator[JsonDataset]:
        """QIDO-RS; names are asked for in forms that a server finds which matches letter by letter.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        path = f"{self._root}/{_RESOURCES[Level(query.level)]}"
        cut = False
        for parameters in self._forms(query):
            with self._client.ask("GET", path, requester, parameters=parameters, accept=_DICOM_JSON) as response:
                check_status(response, 204)
                if response.status_code != 204:
                    yield from _read(response, requester)
                cut = cut or "additional results" in response.headers.get("warning", "")
        if cut:
            raise RemoteFailed(RemoteState.ANSWERED, "more", "The peer has more than it tells.")

    def _forms(self, query: Query) -> list[dict[str, str | list[str]]]:
        parameters: dict[str, str | list[str]] = dict(query.keys)
        if query.limit is not None:
            parameters["limit"] = str(query.limit)
        parameters["includefield"] = _included(query)
        if self._knows_names:
            return [parameters | ({"fuzzymatching": "true"} if query.fuzzy else {})]
        names = [name for name in query.keys if "." not in name and tag_of(name) == _PATIENT_NAME]
        if not names:
            return [parameters]
        forms = name_forms(query.keys[names[0]], fuzzy=query.fuzzy)
        return [{**parameters, names[0]: form} for form in forms]


def _included(query: Query) -> list[str]:
    if query.include == "all":
        return ["all"]
    return [f"{one:08X}" if isinstance(one, int) else one for one in query.include]


def _read(response: httpx.Response, requester: Requester) -> Generator[JsonDataset]:
    try:
        yield from json_array.objects(blocks(response, requester), LONGEST_DATA_SET)
    except json_array.Unreadable as error:
        message = f"The peer's answer is not one of DICOMweb: {error}."
        raise RemoteFailed(RemoteState.FAILED, "unreadable", message) from None
