"""An Orthanc server as something to read from: its changes, studies and files over its REST API.

https://orthanc.uclouvain.be/book/users/rest.html (§Tracking changes, §Downloading the DICOM file)
"""

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from storage.dicom.part10 import valid_uid
from storage.errors import ArchiveError, InvalidRequest, NotFound, Unauthenticated

# An answer that is no file; the instances of a study of 50,000 come to about 30 MB.
MAXIMUM_ANSWER_BYTES = 128 * 1024 * 1024
CHANGES_AT_ONCE = 1000
STUDIES_AT_ONCE = 100
_PIECE_BYTES = 256 * 1024
_CONNECT_S, _SILENCE_S = 10.0, 60.0
# Orthanc closes an idle connection after a second.
_KEPT_ALIVE_S = 0.7
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_AWAY = frozenset({429, 502, 503, 504})


class SourceAway(ArchiveError):
    """The server cannot be reached now, or the line was cut; trying again may work."""


class SourceFault(ArchiveError):
    """The server answers, but not with what was asked for."""


@dataclass(frozen=True)
class Changes:
    """Some entries of the log of changes: instances that came (number of the change, the server's own name)."""

    instances: Sequence[tuple[int, str]]
    last: int
    done: bool


@dataclass(frozen=True)
class File:
    """A DICOM file on its way: its length in bytes where the server tells it, and its pieces."""

    length: int | None
    pieces: Iterator[bytes]


class OrthancSource:
    """Reads from one Orthanc; safe to share between threads.

    Args:
        address: ``http://…`` or ``https://…``, without user and password.
        certificates: a file of certification authorities to trust instead of those of the system.

    Raises:
        InvalidRequest: the address is none, or the certificates cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        user: str = "",
        password: str = "",
        certificates: Path | None = None,
        connections: int = 8,
    ) -> None:
        self.address = normal_address(address)
        self._client = httpx.Client(
            base_url=self.address,
            auth=(user, password) if user else None,
            verify=_trusted(certificates) if self.address.startswith("https:") else False,
            timeout=httpx.Timeout(_SILENCE_S, connect=_CONNECT_S),
            limits=httpx.Limits(
                max_connections=connections + 2,
                max_keepalive_connections=connections + 2,
                keepalive_expiry=_KEPT_ALIVE_S,
            ),
            headers={"Accept-Encoding": "identity", "User-Agent": "Filmless"},
            trust_env=False,  # a proxy of the environment is not meant for a neighbour
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def version(self) -> str:
        """Its version, which proves that it is an Orthanc and lets us in.

        Raises:
            Unauthenticated: it wants a user and password, or others.
            SourceAway, SourceFault: it cannot be reached; it is no Orthanc.
        """
        version = _object(self._json("system")).get("Version")
        if not isinstance(version, str):
            raise SourceFault(f"{self.address} answers, but is no Orthanc.")
        return version[:32]

    def number_of_instances(self) -> int:
        """How many instances it has."""
        return _number(_object(self._json("statistics")), "CountInstances")

    def last_change(self) -> int:
        """The number of its newest change."""
        return _number(_object(self._json("changes", {"last": ""})), "Last")

    def changes(self, since: int) -> Changes:
        """The next changes after this one, at most a thousand."""
        answer = _object(self._json("changes", {"since": str(since), "limit": str(CHANGES_AT_ONCE)}))
        entries = _list(answer.get("Changes"))
        instances = [(_number(one, "Seq"), _name(one)) for one in entries if one.get("ChangeType") == "NewInstance"]
        return Changes(instances, _number(answer, "Last"), answer.get("Done") is True)

    def studies(self, since: int) -> list[tuple[str, str]]:
        """Some studies, as (its own name, Study Instance UID), from the ``since``-th on."""
        query = {"expand": "", "since": str(since), "limit": str(STUDIES_AT_ONCE)}
        return [(_name(one), _uid(one, "StudyInstanceUID")) for one in _list(self._json("studies", query))]

    def instances_of(self, study: str) -> list[tuple[str, str]]:
        """The instances of a study, as (its own name, SOP Instance UID).

        Raises:
            NotFound: the study was deleted meanwhile.
        """
        entries = _list(self._json(f"studies/{study}/instances", {"expand": ""}))
        return [(_name(one), _uid(one, "SOPInstanceUID")) for one in entries]

    @contextmanager
    def file(self, instance: str) -> Iterator[File]:
        """The file of an instance as the server keeps it, in pieces.

        Raises:
            NotFound: it was deleted meanwhile.
            SourceAway, SourceFault: also while the pieces are read.
        """
        with self._get(f"instances/{instance}/file") as answer:
            told = answer.headers.get("Content-Length", "")
            yield File(int(told) if told.isdecimal() else None, _pieces(answer))

    def md5(self, instance: str) -> str | None:
        """The digest that the server noted when the file came to it, if it does that.

        Raises:
            SourceAway: it cannot be reached now.
        """
        try:
            with self._get(f"instances/{instance}/attachments/dicom/md5") as answer:
                told = _bounded(answer, 1024).decode("ascii", "replace").strip().lower()
        except (NotFound, SourceFault):
            return None
        return told if _MD5.fullmatch(told) else None

    def _json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        with self._get(path, query) as answer:
            body = _bounded(answer, MAXIMUM_ANSWER_BYTES)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise SourceFault(f"{self.address} answers with something that is no JSON.") from error

    @contextmanager
    def _get(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", f"/{path}", params=query) as answer:
                _check(answer, self.address)
                yield answer
        except httpx.TransportError as error:
            raise SourceAway(f"{self.address} cannot be reached: {_plain(error)}.") from error
        except httpx.HTTPError as error:
            raise SourceFault(f"{self.address} does not answer as it should.") from error


def normal_address(address: str) -> str:
    """The address of a server as the index keeps it.

    Raises:
        InvalidRequest: it is none, or holds a user and password.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        raise InvalidRequest("This is not the address of a server; for instance http://192.168.1.10:8042") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InvalidRequest("This is not the address of a server; for instance http://192.168.1.10:8042")
    if parts.username or parts.password:
        raise InvalidRequest("User and password do not belong into the address; use --user.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _trusted(certificates: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates)
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequest("The file of certificates cannot be read.") from error


def _check(answer: httpx.Response, address: str) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status in (401, 403):
        raise Unauthenticated(f"{address} does not let us in; it wants a user and password that may read everything.")
    if status == 404:
        raise NotFound("The server has it no more.")
    if status in _AWAY:
        raise SourceAway(f"{address} is busy or away (HTTP {status}).")
    raise SourceFault(f"{address} answered with HTTP {status}.")


def _pieces(answer: httpx.Response) -> Iterator[bytes]:
    yield from answer.iter_raw(_PIECE_BYTES)


def _bounded(answer: httpx.Response, most: int) -> bytes:
    body = bytearray()
    for piece in answer.iter_raw(_PIECE_BYTES):
        body += piece
        if len(body) > most:
            raise SourceFault("The server's answer is longer than any real one.")
    return bytes(body)


def _plain(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it does not answer in time"
    if isinstance(error, httpx.ConnectError):
        text = str(error)
        return "its certificate is not trusted" if "CERTIFICATE_VERIFY" in text else "nothing answers there"
    return "the connection was cut"


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SourceFault("The server's answer is not of the expected form.")
    return value


def _list(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise SourceFault("The server's answer is not of the expected form.")
    return [_object(one) for one in value]


def _number(value: Mapping[str, Any], name: str) -> int:
    found = value.get(name)
    if not isinstance(found, int) or not 0 <= found < 2**62:
        raise SourceFault("The server's answer is not of the expected form.")
    return found


def _name(value: Mapping[str, Any]) -> str:
    """Orthanc's own name of a resource: it becomes part of an address, so it must be one."""
    found = value.get("ID")
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise SourceFault("The server's answer is not of the expected form.")
    return found


def _uid(value: Mapping[str, Any], name: str) -> str:
    found = _object(value.get("MainDicomTags")).get(name)
    if not isinstance(found, str) or not valid_uid(found.strip(" \0")):
        return ""
    return found.strip(" \0")
