"""The DICOM file format: preamble and file meta information around a data set (PS3.10 §7.1)."""

import re
import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from storage.errors import InvalidInstance, TooLarge

IMPLEMENTATION_CLASS_UID = "2.25.207354867186316143281950247153624915377"
IMPLEMENTATION_VERSION_NAME = "FILMLESS_0.1"
PRIVATE_INFORMATION_CREATOR_UID = "2.25.75438865022949219204354487225925578351"

IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
# JPIP Referenced Deflate and JPIP HTJ2K Referenced Deflate (PS3.5 §A.7, §A.10).
DEFLATED = frozenset({DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
# The second is GE's private syntax: its data elements are implicit little endian, its pixels big endian.
IMPLICIT = frozenset({IMPLICIT_VR_LITTLE_ENDIAN, "1.2.840.113619.5.2"})

# Printable ASCII, not one that a path or URL could misread, not dots alone.
_UID = re.compile(r"(?!\.+$)[!$()+,\-.0-9:;=@A-Z\[\]^_`a-z{|}~]{1,64}")

PREAMBLE_BYTES = 128
MAXIMUM_META_BYTES = 1024 * 1024
MAXIMUM_INFLATED_BYTES = 2 * 1024**3
_PREFIX = b"DICM"
_LONG_VRS = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"})
# Private Information (0002,0102) as this archive writes it: digest of the data set, time received (microseconds since
# 1970), row numbers of study, series and instance, facility code.
_RECORD = struct.Struct("<32sqqqq64s")
RECORD_BYTES = _RECORD.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


@dataclass(frozen=True)
class Origin:
    """When and for whom an instance came, and the numbers of its rows: what an index cannot learn from its data set.

    ``study``, ``series`` and ``instance`` are 0 until the rows are there; the order of the rows is the order in which
    instances came.
    """

    received_at: datetime | None = None
    facility: str = ""  # code
    study: int = 0
    series: int = 0
    instance: int = 0


@dataclass(frozen=True)
class FileMeta:
    """What the file meta information says of its data set; empty where it says nothing."""

    transfer_syntax_uid: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    source_ae_title: str = ""
    dataset_sha256: str = ""  # hexadecimal; only in files that this archive wrote
    origin: Origin = field(default_factory=Origin)  # as the digest


def valid_uid(uid: str) -> bool:
    """Whether a UID can be kept: 1 to 64 printable characters that no path or URL could misread.

    Components that break PS3.5 §9.1 (letters, leading zeros) are kept, because machines send them.
    """
    return _UID.fullmatch(uid) is not None


def encode_meta(meta: FileMeta) -> tuple[bytes, int]:
    """Preamble and file meta information as this archive writes it, and where in it :func:`record` goes.

    The record is Private Information (0002,0102) and ends what this gives. It starts with the digest of the data set
    (32 bytes), which makes the file prove its own data set.

    Raises:
        InvalidInstance: a UID cannot be kept.
    """
    for name, uid in (("transfer syntax", meta.transfer_syntax_uid), ("SOP Class UID", meta.sop_class_uid),
                      ("SOP Instance UID", meta.sop_instance_uid)):  # fmt: skip
        if uid and not valid_uid(uid):
            raise InvalidInstance(f"The {name} is not a UID: it is longer than 64 characters or not printable.")
    ae_title = meta.source_ae_title.encode("ascii", "replace")[:16]
    body = b"".join(
        (
            _long(0x0001, b"OB", b"\x00\x01"),
            _short(0x0002, b"UI", meta.sop_class_uid.encode()),
            _short(0x0003, b"UI", meta.sop_instance_uid.encode()),
            _short(0x0010, b"UI", meta.transfer_syntax_uid.encode()),
            _short(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode()),
            _short(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode()),
            _short(0x0016, b"AE", ae_title) if ae_title else b"",
            _short(0x0100, b"UI", PRIVATE_INFORMATION_CREATOR_UID.encode()),
            _long(0x0102, b"OB", record(meta)),
        )
    )
    head = bytes(PREAMBLE_BYTES) + _PREFIX + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(body))
    return head + body, len(head) + len(body) - RECORD_BYTES


def record(meta: FileMeta) -> bytes:
    """The value of Private Information (0002,0102); of a fixed length, so that it can be written anew in its place."""
    origin = meta.origin
    received = (origin.received_at - _EPOCH) // _MICROSECOND if origin.received_at is not None else 0
    return _RECORD.pack(
        bytes.fromhex(meta.dataset_sha256),
        received,
        origin.study,
        origin.series,
        origin.instance,
        origin.facility.encode("ascii", "replace"),
    )


def _short(element: int, vr: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value


def _long(element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHI", 2, element, vr, 0, len(value)) + value


class Part10Splitter:
    """Takes a Part 10 file in pieces, and gives its data set in pieces; what precedes it ends up in :attr:`meta`."""

    def __init__(self) -> None:
        self._head = bytearray()
        self.meta: FileMeta | None = None
        self.dataset_offset = 0

    def feed(self, data: bytes | memoryview) -> bytes:
        """The bytes of the data set among those fed; empty until the file meta information has ended.

        Raises:
            InvalidInstance: it is not a Part 10 file, or its file meta information is broken or endless.
        """
        if self.meta is not None:
            return bytes(data)
        self._head += data
        self._check_start()
        parsed = _parse_meta(self._head, final=False)
        if parsed is None:
            if len(self._head) > MAXIMUM_META_BYTES + len(data):
                raise InvalidInstance("The file meta information is longer than a megabyte.")
            return b""
        return self._split(*parsed)

    def finish(self) -> bytes:
        """The last bytes of the data set, for a file so short that its meta information was still open.

        Raises:
            InvalidInstance: as :meth:`feed`.
        """
        if self.meta is not None:
            return b""
        self._check_start(final=True)
        parsed = _parse_meta(self._head, final=True)
        if parsed is None:
            raise InvalidInstance("The file ends inside its file meta information.")
        return self._split(*parsed)

    def _split(self, meta: FileMeta, offset: int) -> bytes:
        rest = bytes(memoryview(self._head)[offset:])
        self.meta, self.dataset_offset, self._head = meta, offset, bytearray()
        return rest

    def _check_start(self, *, final: bool = False) -> None:
        known = bytes(self._head[PREAMBLE_BYTES : PREAMBLE_BYTES + 4])
        if _PREFIX.startswith(known) and (len(known) == 4 or not final):
            return
        raise InvalidInstance("This is not a DICOM file: it has no DICM prefix after a preamble of 128 bytes (PS3.10).")


def read_meta(head: bytes) -> tuple[FileMeta, int]:
    """The file meta information at the start of a file, and where its data set starts.

    Raises:
        InvalidInstance: it is not a Part 10 file.
    """
    splitter = Part10Splitter()
    splitter.feed(head)
    splitter.finish()
    if splitter.meta is None:
        raise InvalidInstance("The file ends inside its file meta information.")
    return splitter.meta, splitter.dataset_offset


def _parse_meta(data: bytearray, *, final: bool) -> tuple[FileMeta, int] | None:
    """Read elements while their group is 0002, which also holds where the group length is missing or lies."""
    position = PREAMBLE_BYTES + len(_PREFIX)
    found: dict[int, bytes] = {}
    while True:
        if len(data) < position + 8:
            if final and len(data) <= position + 7:
                return _meta_of(found), position
            return None
        group, element, vr, length = struct.unpack_from("<HH2sH", data, position)
        if group != 2:
            return _meta_of(found), position
        start = position + 8
        if vr in _LONG_VRS:
            if len(data) < position + 12:
                _refuse_end(final)
                return None
            (length,) = struct.unpack_from("<I", data, position + 8)
            start = position + 12
        elif not vr.isalpha():
            raise InvalidInstance("The file meta information is not in Explicit VR Little Endian.")
        if length > MAXIMUM_META_BYTES:
            raise InvalidInstance("An element of the file meta information is longer than a megabyte.")
        position = start + length
        if len(data) < position:
            _refuse_end(final)
            return None
        found[element] = bytes(data[start:position])


def _refuse_end(final: bool) -> None:
    if final:
        raise InvalidInstance("The file ends inside its file meta information.")


def _meta_of(found: dict[int, bytes]) -> FileMeta:
    def text(element: int) -> str:
        return found.get(element, b"").decode("ascii", "replace").strip(" \0")

    if not text(0x0010):
        raise InvalidInstance("The file meta information has no Transfer Syntax UID (0002,0010).")
    private = found.get(0x0102, b"")
    ours = text(0x0100) == PRIVATE_INFORMATION_CREATOR_UID and len(private) == RECORD_BYTES
    digest, origin = _read_record(private) if ours else ("", Origin())
    return FileMeta(
        transfer_syntax_uid=text(0x0010),
        sop_class_uid=text(0x0002),
        sop_instance_uid=text(0x0003),
        source_ae_title=text(0x0016),
        dataset_sha256=digest,
        origin=origin,
    )


def _read_record(value: bytes) -> tuple[str, Origin]:
    digest, received, study, series, instance, facility = _RECORD.unpack(value)
    received_at = _EPOCH + received * _MICROSECOND if 0 < received < _LATEST else None
    code = facility.rstrip(b"\0").decode("ascii", "replace")
    return digest.hex(), Origin(received_at, code, study, series, instance)


def inflate(data: bytes | memoryview, maximum: int = MAXIMUM_INFLATED_BYTES) -> bytes:
    """The data set of a deflated transfer syntax (PS3.5 §A.5).

    Raises:
        InvalidInstance: the stream is broken or ends early.
        TooLarge: it grows beyond ``maximum`` bytes.
    """
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = stream.decompress(data, maximum)
    except zlib.error as error:
        raise InvalidInstance("The deflated data set cannot be inflated.") from error
    if not stream.eof:
        if stream.unconsumed_tail or len(plain) >= maximum:
            raise TooLarge(f"The deflated data set is larger than {maximum} bytes.")
        raise InvalidInstance("The deflated data set is truncated.")
    return plain
