"""A kept instance in another transfer syntax: decompressed, compressed or written anew (PS3.4 §C.4.2.2.2, PS3.5 §A)."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from storage.archive import Archive, retrieve
from storage.archive.retrieve import InstanceRow
from storage.dicom.derivation import code_string, derived_uid, marks
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN, FileMeta, encode_meta
from storage.dicom.recoding import ENCODINGS, Encapsulated, Piece, Replacement, Replacements, recode
from storage.errors import NotAcceptable
from storage.pixels.decode import HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL
from storage.pixels.deliver import delivered_format
from storage.pixels.encode import ENCODERS, LOSSY
from storage.pixels.image import ImageFormat

PIXEL_DATA = 0x7FE00010
PHOTOMETRIC_INTERPRETATION = 0x00280004
PLANAR_CONFIGURATION = 0x00280006
EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS = 0x7FE00001, 0x7FE00002
MAXIMUM_CONVERTED_BYTES = 1 << 30

# What an image can be compressed to.
COMPRESSED = frozenset(ENCODERS)
_HTJ2K = frozenset({HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL})

LOSSY_IMAGE_COMPRESSION = 0x00282110
# These always lose: JPEG baseline and extended, JPEG-LS near-lossless.
_ALWAYS_LOSSY = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"})

# Colour decoded from these is exact; from a lossy syntax the change from YBR to RGB would round again.
_LOSSLESS = frozenset(
    {
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",
        "1.2.840.10008.1.2.4.90",
        "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202",
        "1.2.840.10008.1.2.5",
    }
)


@dataclass(frozen=True)
class DataSet:
    """A data set ready to be sent: its transfer syntax, its size in bytes, and its pieces.

    ``sop_instance_uid``: of a derived image that is no longer the kept one, its own; else empty.
    """

    transfer_syntax_uid: str
    size: int
    pieces: Iterable[Piece]
    sop_instance_uid: str = ""


def as_stored(archive: Archive, row: InstanceRow, piece_size: int) -> DataSet:
    """The data set byte for byte as it was received.

    Raises:
        NotFound, StoreUnavailable: the bytes cannot be had.
    """
    instance = retrieve.open_instance(archive, row)
    size = instance.size - row.dataset_offset

    def pieces() -> Iterator[Piece]:
        for offset in range(row.dataset_offset, instance.size, piece_size):
            yield instance.read(offset, min(piece_size, instance.size - offset))

    return DataSet(row.transfer_syntax_uid, size, pieces())


def converted(archive: Archive, row: InstanceRow, target: str, *, may_round: bool = False) -> DataSet:
    """The data set in an uncompressed transfer syntax, or compressed in one of :data:`COMPRESSED`.

    ``may_round``: colour of a lossy image may be decoded, although YBR to RGB rounds once more. What is compressed with
    loss is a new, derived image with a UID of its own, the same each time (PS3.3 §C.7.6.1.1.5).

    Raises:
        NotAcceptable: that would lose something that was not asked for, or it cannot be decoded or encoded here.
        InvalidInstance, PixelError, TooLarge: the data set is broken, or too large to be converted.
    """
    instance = retrieve.open_instance(archive, row)
    if instance.size > MAXIMUM_CONVERTED_BYTES:
        raise NotAcceptable("The instance is too large to be converted.")
    stored = instance.read(row.dataset_offset, instance.size - row.dataset_offset)
    source = row.transfer_syntax_uid if row.transfer_syntax_uid in ENCODINGS else EXPLICIT_VR_LITTLE_ENDIAN
    replacements: Replacements = {}
    uid = ""
    if target in COMPRESSED:
        replacements = _compressed(archive, row, target, may_round)
        if target in LOSSY:
            uid = derived_uid(row.sop_instance_uid, target)
            replacements = {**replacements, **marks(retrieve.header(archive, row), row, uid, _ratio(row, replacements))}
    elif row.transfer_syntax_uid not in ENCODINGS:
        replacements = _decompressed(archive, row, target, may_round)
    pieces = recode(stored, source, target, replacements)
    return DataSet(target, sum(map(len, pieces)), pieces, uid)


def part10(row: InstanceRow, data_set: DataSet) -> list[Piece]:
    """A Part 10 file around a converted data set, with the digest of that data set (PS3.10 §7.1)."""
    pieces = list(data_set.pieces)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    uid = data_set.sop_instance_uid or row.sop_instance_uid
    head, at = encode_meta(FileMeta(data_set.transfer_syntax_uid, row.sop_class_uid, uid))
    return [head[:at] + digest.digest() + head[at + digest.digest_size :], *pieces]


def _format(archive: Archive, row: InstanceRow, may_round: bool) -> ImageFormat:
    """What the frames of an image that is to be converted are."""
    if row.number_of_frames < 1:
        raise NotAcceptable("The instance holds no image that could be converted.")
    stored = ImageFormat.of(retrieve.header(archive, row), row.transfer_syntax_uid)
    compressed = row.transfer_syntax_uid not in ENCODINGS
    if compressed and not may_round and stored.samples_per_pixel > 1 and row.transfer_syntax_uid not in _LOSSLESS:
        raise NotAcceptable("The colours of a lossy image cannot be decompressed without rounding.")
    if stored.samples * stored.number_of_frames * stored.bits_allocated // 8 > MAXIMUM_CONVERTED_BYTES:
        raise NotAcceptable("The image is too large to be decompressed.")
    return stored


def _compressed(archive: Archive, row: InstanceRow, target: str, may_round: bool) -> dict[int, Replacement | None]:
    """Encapsulated pixel data and what describes it (PS3.5 §8.2, §A.4)."""
    stored = _format(archive, row, may_round or target in LOSSY)
    made = delivered_format(stored, target)
    frames = [
        retrieve.delivered_frame(archive, row, number, target) for number in range(1, stored.number_of_frames + 1)
    ]
    # OpenJPH transforms colours reversibly, which the data set has to say (PS3.5 §8.2.4)
    transformed = made.samples_per_pixel > 1 and target in _HTJ2K
    colour = "YBR_RCT" if transformed else made.photometric_interpretation
    replacements: dict[int, Replacement | None] = {
        PIXEL_DATA: Encapsulated(frames),
        PHOTOMETRIC_INTERPRETATION: code_string(colour),
        EXTENDED_OFFSET_TABLE: None,
        EXTENDED_OFFSET_TABLE_LENGTHS: None,
    }
    if made.samples_per_pixel > 1:
        replacements[PLANAR_CONFIGURATION] = ("US", made.planar_configuration.to_bytes(2, "little"))
    return replacements


def _ratio(row: InstanceRow, replacements: Replacements) -> float:
    """How many times smaller the frames became (PS3.3 §C.7.6.1.1.5.2)."""
    made = replacements[PIXEL_DATA]
    assert isinstance(made, Encapsulated)
    before = (row.rows or 0) * (row.columns or 0) * row.number_of_frames
    samples = 3 if PLANAR_CONFIGURATION in replacements else 1
    return before * samples / max(1, sum(map(len, made.frames)))


def _decompressed(archive: Archive, row: InstanceRow, target: str, may_round: bool) -> dict[int, Replacement | None]:
    """Native pixel data and what describes it (PS3.3 §C.7.6.3.1)."""
    stored = _format(archive, row, may_round)
    if target not in ENCODINGS or ENCODINGS[target].big_endian:
        raise NotAcceptable("Images are decompressed to little endian only.")
    plain = delivered_format(stored, EXPLICIT_VR_LITTLE_ENDIAN)
    frames = [
        retrieve.delivered_frame(archive, row, number, EXPLICIT_VR_LITTLE_ENDIAN)
        for number in range(1, stored.number_of_frames + 1)
    ]
    pixels = b"".join(frames)
    wide = stored.bits_allocated > 8 or ENCODINGS[target].implicit
    replacements: dict[int, Replacement | None] = {
        PIXEL_DATA: ("OW" if wide else "OB", pixels + b"\0" * (len(pixels) % 2)),
        PHOTOMETRIC_INTERPRETATION: code_string(plain.photometric_interpretation),
        EXTENDED_OFFSET_TABLE: None,
        EXTENDED_OFFSET_TABLE_LENGTHS: None,
    }
    if plain.samples_per_pixel > 1:
        replacements[PLANAR_CONFIGURATION] = ("US", plain.planar_configuration.to_bytes(2, "little"))
    if row.transfer_syntax_uid in _ALWAYS_LOSSY:
        replacements[LOSSY_IMAGE_COMPRESSION] = code_string("01")  # nothing else would tell it any more
    return replacements
