"""A store request of metadata and bulk data: parts that become instances when the last has come (PS3.18 §10.5.1).

Bulk data waits on disk, so that memory stays the same whatever its size.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from pacs.dicomweb.media_type import MediaType, parse_one
from pacs.dicomweb.multipart import Event, PartBegin, PartData
from pacs.dicomweb.negotiation import DEFAULT_TRANSFER_SYNTAX, EXPLICIT_VR_LITTLE_ENDIAN, NATIVE, OCTET_STREAM
from pacs.dicomweb.reception import Reception
from storage.archive.ingest import ingest
from storage.dicom import native_xml_reading
from storage.dicom.encoding import Bulk, Extent, encode, text_of, uris
from storage.dicom.part10 import valid_uid
from storage.errors import ArchiveError, InvalidInstance, InvalidRequest, TooLarge, UnsupportedInstance
from storage.scratch import Scratch

DICOM_JSON = "application/dicom+json"
DICOM_XML = "application/dicom+xml"
METADATA = frozenset({DICOM_JSON, DICOM_XML})
# All metadata of a request is in memory at once; 1,000 instances have about ten megabytes of it.
MOST_METADATA_BYTES = 64 * 1024 * 1024
MOST_PARTS = 200_000
_MEDIA_TYPES_OF_VIDEO = {"video/mpeg": "1.2.840.10008.1.2.4.100", "video/mp4": "1.2.840.10008.1.2.4.102"}
_PIXEL_DATA = "7FE00010"
_TRANSFER_SYNTAX_UID = "00020010"


@dataclass
class _BulkParts:
    """The parts under one URI, in the order they came, and the transfer syntax they are in."""

    transfer_syntax_uid: str
    extents: list[Extent] = field(default_factory=list)
    used: bool = False


@dataclass
class Assembly(Reception):
    """As :class:`Reception`, for a message whose parts are metadata and what it refers to."""

    media_type: str = DICOM_JSON
    scratch: Scratch | None = None
    _metadata: list[tuple[str, bytearray]] = field(default_factory=list)
    _bulk: dict[str, _BulkParts] = field(default_factory=dict)
    _open: "bytearray | _BulkParts | None" = None
    _begun_at: int = 0
    _parts: int = 0
    _metadata_bytes: int = 0

    def feed(self, block: bytes) -> None:
        """Take the next bytes; a body that is no message of parts is metadata alone.

        Raises:
            InvalidRequest, TooLarge, OutOfResources, StoreUnavailable: it cannot go on.
        """
        if self.reader is not None:
            super().feed(block)
            return
        with self._lock:
            if self._open is None:
                self._take(PartBegin({"content-type": self.media_type}))
            self._take(PartData(block))

    def close(self) -> None:
        """Make the instances.

        Raises:
            InvalidRequest: the message is cut off, holds no metadata, or metadata that cannot be read.
            TooLarge: it holds too much of it.
        """
        if self.reader is not None:
            self.reader.close()
        if not self._metadata:
            raise InvalidRequest("The body holds no metadata.")
        for made in self._data_sets():
            self._attempt_to_store(made)
        for uri, bulk in self._bulk.items():
            if not bulk.used:
                self._refuse("", "", InvalidInstance(f"No metadata refers to the bulk data at {uri[:200]}."))
        self.abandon()
        if not self.stored and not self.failed:
            raise InvalidRequest("The body holds no instance.")

    def abandon(self) -> None:
        """Drop what waits on disk."""
        with self._lock:
            scratch, self.scratch = self.scratch, None
            if scratch is not None:
                scratch.close()

    def _take(self, event: Event) -> None:
        if isinstance(event, PartBegin):
            self._begin(event)
        elif not isinstance(event, PartData):
            if isinstance(self._open, _BulkParts):
                self._open.extents.append(Extent(self._begun_at, self._on_disk().size - self._begun_at))
            self._open = None
        elif isinstance(self._open, bytearray):
            self._open += event.data
            self._metadata_bytes += len(event.data)
            if self._metadata_bytes > MOST_METADATA_BYTES:
                raise TooLarge(f"The metadata of a store request may have {MOST_METADATA_BYTES} bytes.")
        elif self._open is not None:
            self._on_disk().write(event.data)

    def _begin(self, event: PartBegin) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLarge(f"A store request may have {MOST_PARTS} parts.")
        location = event.headers.get("content-location", "")
        given = event.headers.get("content-type", "")
        type_ = parse_one(given) if given else MediaType(OCTET_STREAM if location else DICOM_JSON)
        if type_.name in METADATA and not location:
            text = bytearray()
            self._metadata.append((type_.name, text))
            self._open = text
            return
        if not location:
            raise InvalidRequest("A part of bulk data has no Content-Location.")
        bulk = self._bulk.setdefault(_path(location), _BulkParts(_transfer_syntax(type_)))
        self._open, self._begun_at = bulk, self._on_disk().size

    def _on_disk(self) -> Scratch:
        if self.scratch is None:
            self.scratch = Scratch(self.archive.spool)
        return self.scratch

    def _data_sets(self) -> Iterator[Mapping[str, Any]]:
        for name, text in self._metadata:
            try:
                yield from native_xml_reading.read(bytes(text)) if "xml" in name else _json(bytes(text))
            except (InvalidInstance, ValueError) as error:
                message = str(error) if isinstance(error, ArchiveError) else "The metadata is not JSON."
                raise InvalidRequest(message) from None

    def _attempt_to_store(self, made: Mapping[str, Any]) -> None:
        uids = text_of(made, "00080016"), text_of(made, "00080018")
        self.attempt(lambda: uids, lambda: self._store(made))

    def _store(self, made: Mapping[str, Any]) -> None:
        """Write one instance to the spool and keep it."""
        for uri in uris(made):
            if (bulk := self._bulk.get(_path(uri))) is not None:
                bulk.used = True
        syntax = self._transfer_syntax_of(made)
        writer = self.archive.spool.receive(
            transfer_syntax_uid=syntax,
            sop_class_uid=text_of(made, "00080016"),
            sop_instance_uid=text_of(made, "00080018"),
            facility=self.facility,
        )
        with writer:
            for piece in encode(made, self._resolve):
                if isinstance(piece, Extent):
                    for block in self._on_disk().read(piece):
                        writer.write(block)
                else:
                    writer.write(piece)
            spooled = writer.finish(durable=False)
        self.stored.append(ingest(self.archive, spooled, self.source, self.principal))

    def _transfer_syntax_of(self, made: Mapping[str, Any]) -> str:
        """What the pixels came in; else what the metadata says of itself, where that is a form of plain bytes."""
        found = {
            bulk.transfer_syntax_uid
            for uri in uris(made)
            if (bulk := self._bulk.get(_path(uri))) is not None and bulk.transfer_syntax_uid not in NATIVE
        }
        if len(found) > 1:
            raise InvalidInstance("Its bulk data is in more than one compressed transfer syntax.")
        if found:
            return found.pop()
        said = text_of(made, _TRANSFER_SYNTAX_UID)
        if said and said not in NATIVE and _PIXEL_DATA in made and valid_uid(said):
            for uri in uris({_PIXEL_DATA: made[_PIXEL_DATA]}):
                if (bulk := self._bulk.get(_path(uri))) is not None:
                    bulk.transfer_syntax_uid = said
            return said
        return EXPLICIT_VR_LITTLE_ENDIAN

    def _resolve(self, uri: str) -> Bulk:
        bulk = self._bulk.get(_path(uri))
        if bulk is None:
            raise InvalidInstance("Bulk data that its metadata refers to did not come with it.")
        return Bulk(tuple(bulk.extents), encapsulated=bulk.transfer_syntax_uid not in NATIVE)


def _json(text: bytes) -> list[Mapping[str, Any]]:
    made = orjson.loads(text)
    found = made if isinstance(made, list) else [made]
    if not all(isinstance(one, Mapping) for one in found):
        raise InvalidInstance("The metadata is not a list of DICOM JSON objects.")
    return found


def _transfer_syntax(type_: MediaType) -> str:
    """The transfer syntax of a part of bulk data (PS3.18 Tables 8.7.3-2 to -5).

    Raises:
        UnsupportedInstance: nobody knows which it is.
    """
    said = type_.transfer_syntax or DEFAULT_TRANSFER_SYNTAX.get(type_.name) or _MEDIA_TYPES_OF_VIDEO.get(type_.name)
    if said:
        if not valid_uid(said):
            raise InvalidRequest("The transfer-syntax parameter of a part is not a UID.")
        if said in NATIVE - {EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2"}:
            raise UnsupportedInstance("Uncompressed bulk data is little endian and not deflated.")
        return said
    if type_.name.startswith(("image/", "video/")):
        raise UnsupportedInstance("The transfer syntax of a compressed part is not known: say it as a parameter.")
    return EXPLICIT_VR_LITTLE_ENDIAN


def _path(uri: str) -> str:
    """A URI without scheme and host, so that an absolute and a relative one meet."""
    try:
        parts = urlsplit(uri.strip())
    except ValueError:
        return uri
    if parts.scheme in ("http", "https"):
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return uri.strip()
