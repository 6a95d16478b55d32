"""Which representation of an instance or frame a client gets: media type, transfer syntax (PS3.18 §8.7.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pacs.dicomweb.media_type import MediaType, matches
from storage.errors import NotAcceptable

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
DICOM = "application/dicom"
ZIP = "application/zip"
OCTET_STREAM = "application/octet-stream"

# Transfer syntaxes whose frames are plain bytes.
NATIVE = frozenset({"1.2.840.10008.1.2", EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})

# Media type of a frame of each encapsulated transfer syntax (PS3.18 Table 8.7.3-4 and -5).
FRAME_MEDIA_TYPE: Mapping[str, str] = {
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.92": "image/jpx",
    "1.2.840.10008.1.2.4.93": "image/jpx",
    "1.2.840.10008.1.2.4.110": "image/jxl",
    "1.2.840.10008.1.2.4.111": "image/jxl",
    "1.2.840.10008.1.2.4.112": "image/jxl",
    HTJ2K_LOSSLESS: "image/jphc",
    HTJ2K_LOSSLESS_RPCL: "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
    "1.2.840.10008.1.2.4.100": "video/mpeg2",
    "1.2.840.10008.1.2.4.101": "video/mpeg2",
    "1.2.840.10008.1.2.4.102": "video/mp4",
    "1.2.840.10008.1.2.4.103": "video/mp4",
    "1.2.840.10008.1.2.4.104": "video/mp4",
    "1.2.840.10008.1.2.4.105": "video/mp4",
    "1.2.840.10008.1.2.4.106": "video/mp4",
    "1.2.840.10008.1.2.4.107": "video/H265",
    "1.2.840.10008.1.2.4.108": "video/H265",
}

# Transfer syntax meant by a media type without a transfer-syntax parameter (same tables).
DEFAULT_TRANSFER_SYNTAX: Mapping[str, str] = {
    DICOM: EXPLICIT_VR_LITTLE_ENDIAN,
    OCTET_STREAM: EXPLICIT_VR_LITTLE_ENDIAN,
    "image/jpeg": "1.2.840.10008.1.2.4.50",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": HTJ2K_LOSSLESS,
}

# Names from before they were registered, as some clients still send them.
_OLD_NAMES: Mapping[str, str] = {"image/x-dicom-rle": "image/dicom-rle", "image/x-jls": "image/jls"}


@dataclass(frozen=True)
class Representation:
    """What goes out: as a message of parts or bare, as which media type, in which transfer syntax."""

    media_type: str
    transfer_syntax: str
    multipart: bool
    # The kept bytes are sent as they are.
    as_stored: bool

    @property
    def content_type(self) -> str:
        """Content-Type of one part."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax}"


def instance(
    accepted: Sequence[MediaType], stored: str, *, single: bool, made: frozenset[str] = frozenset()
) -> Representation:
    """Choose how an instance is sent as a Part 10 file: in a message, a ZIP archive, or alone.

    ``single`` allows a bare ``application/dicom``; ``made`` are the transfer syntaxes that this instance can be
    converted to. A client that takes anything gets the default (Explicit VR Little Endian) where it can be made, else
    what is stored.

    Raises:
        NotAcceptable: none of the accepted types can be given.
    """
    for range_ in accepted:
        zipped = range_.name == ZIP
        if not zipped and not matches(range_.content, DICOM):
            continue
        multipart = range_.multipart or range_.name == "*/*"
        if not multipart and not single and not zipped:
            continue
        kind = ZIP if zipped else DICOM
        wanted = range_.transfer_syntax or EXPLICIT_VR_LITTLE_ENDIAN
        if wanted in ("*", stored):
            return Representation(kind, stored, multipart, as_stored=True)
        if wanted in made:
            return Representation(kind, wanted, multipart, as_stored=False)
        if zipped or (range_.content == "*/*" and not range_.transfer_syntax):
            return Representation(kind, stored, multipart, as_stored=True)
    raise NotAcceptable(
        "This is not available in a form of the Accept field. Ask for "
        f'multipart/related; type="{DICOM}"; transfer-syntax=* to get what is stored.'
    )


def frames(
    accepted: Sequence[MediaType], stored: str, *, single: bool, made: frozenset[str] = frozenset()
) -> Representation:
    """Choose how frames are sent.

    ``stored`` is the instance's transfer syntax; ``made`` the ones its frames can be converted to; ``single`` allows a
    bare answer (one frame asked for). Native frames count as Explicit VR Little Endian.

    Raises:
        NotAcceptable: none of the accepted types can be given.
    """
    native = stored in NATIVE
    kept = EXPLICIT_VR_LITTLE_ENDIAN if native else stored
    # Big endian words are turned round on the way out: they never leave over the web (PS3.18 §8.7.3).
    untouched = stored != "1.2.840.10008.1.2.2"
    kept_type = OCTET_STREAM if native else FRAME_MEDIA_TYPE.get(stored, OCTET_STREAM)
    for range_ in accepted:
        multipart = range_.multipart or range_.name == "*/*"
        if not multipart and not single:
            continue
        content = _OLD_NAMES.get(range_.content, range_.content)
        wanted = range_.transfer_syntax or DEFAULT_TRANSFER_SYNTAX.get(content, "")
        if content in ("*/*", "image/*", "video/*"):
            found = _any_of(content, range_.transfer_syntax, kept, kept_type, made)
        elif wanted in ("*", kept) and content in (kept_type, OCTET_STREAM):
            found = (content, kept)
        elif wanted in made and content in (_frame_type(wanted), OCTET_STREAM):
            found = (content, wanted)
        else:
            found = None
        if found is not None:
            return Representation(*found, multipart, as_stored=found[1] == kept and untouched)
    raise NotAcceptable(
        "These frames are not available in a form of the Accept field. Ask for "
        f'multipart/related; type="{OCTET_STREAM}"; transfer-syntax=* to get what is stored.'
    )


def _any_of(
    content: str, transfer_syntax: str, kept: str, kept_type: str, made: frozenset[str]
) -> tuple[str, str] | None:
    """Choose for a wildcard media type: the transfer syntax if one is named, else what every client can read."""
    if transfer_syntax in ("*", kept):
        return (kept_type, kept) if matches(content, kept_type) else None
    if transfer_syntax:
        return (_frame_type(transfer_syntax), transfer_syntax) if transfer_syntax in made else None
    if content == "*/*" and EXPLICIT_VR_LITTLE_ENDIAN in made | {kept}:
        return OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN
    return (kept_type, kept) if matches(content, kept_type) else None


def _frame_type(transfer_syntax: str) -> str:
    return FRAME_MEDIA_TYPE.get(transfer_syntax, OCTET_STREAM)


def require(accepted: Sequence[MediaType], *offers: str) -> str:
    """Choose the first accepted of some plain media types.

    Raises:
        NotAcceptable: none is accepted.
    """
    for range_ in accepted:
        if range_.multipart:
            continue
        for offer in offers:
            if matches(range_.name, offer):
                return offer
    raise NotAcceptable(f"This is available as {' or '.join(offers)}.")
