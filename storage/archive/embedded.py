"""Use case: a document or film that an instance holds whole, in the form that programs outside DICOM know.

Encapsulated PDF (PS3.3 §A.45.1) and video (PS3.5 §8.2.5 to §8.2.8); rendered as they are (PS3.18 §8.7.3).
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from storage.archive import Archive
from storage.archive.bulk_data import BulkValue, bulk_value
from storage.archive.retrieve import InstanceRow
from storage.errors import NotAcceptable, PixelError

EmbeddedType = Literal["application/pdf", "video/mp4"]
PDF: Final = "application/pdf"
MP4: Final = "video/mp4"

_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_ENCAPSULATED_DOCUMENT, _PIXEL_DATA = "00420011", "7FE00010"
_MPEG_2 = frozenset({"1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101"})
_MPEG_4 = tuple(f"1.2.840.10008.1.2.4.{number}" for number in range(102, 109))
# A PDF begins within its first kilobyte (ISO 32000-1, Annex H.3, note 13); an MP4 with a box named "ftyp".
_PDF_WITHIN, _MP4_AT = 1024, slice(4, 8)
_LONGEST_S = 300


@dataclass(frozen=True)
class Embedded:
    """What is inside: its type and bytes, or a file made of them that is gone when it is closed."""

    media_type: EmbeddedType
    value: BulkValue | None
    file: BinaryIO | None = None


def kind(row: InstanceRow) -> EmbeddedType | None:
    """What an instance holds whole; ``None``: nothing of that kind."""
    if row.sop_class_uid == _ENCAPSULATED_PDF:
        return PDF
    syntax = row.transfer_syntax_uid
    is_video = syntax in _MPEG_2 or any(syntax == one or syntax.startswith(f"{one}.") for one in _MPEG_4)
    return MP4 if is_video and row.number_of_frames > 0 else None


def embedded(archive: Archive, row: InstanceRow) -> Embedded:
    """The PDF or film of an instance, byte for byte; a film that is in another container is put into an MP4.

    Raises:
        NotFound: there is none.
        NotAcceptable: the bytes are not what the header says, or a browser cannot be given them.
        StoreUnavailable: its bytes cannot be had.
    """
    if kind(row) == PDF:
        value = bulk_value(archive, row, _ENCAPSULATED_DOCUMENT)
        if b"%PDF-" not in value.read(0, _PDF_WITHIN):
            raise NotAcceptable("The document of this instance is no PDF.")
        return Embedded(PDF, value)
    value = bulk_value(archive, row, _PIXEL_DATA)
    if row.transfer_syntax_uid in _MPEG_2:
        raise NotAcceptable("This film is MPEG-2, which browsers do not play; it can be had as a file.")
    if value.read(0, 8)[_MP4_AT] == b"ftyp":
        return Embedded(MP4, value)
    return Embedded(MP4, None, _in_mp4(archive, value))


def _in_mp4(archive: Archive, value: BulkValue) -> BinaryIO:
    """The same coded pictures in another container (PS3.5 §8.2.7 allows MPEG-2 transport streams as well)."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise NotAcceptable("This film is in a container that browsers do not read, and ffmpeg is not installed here.")
    with tempfile.NamedTemporaryFile(dir=archive.settings.data_dir) as source:
        for piece in value.pieces:
            source.write(piece)
        source.flush()
        made = tempfile.TemporaryFile(dir=archive.settings.data_dir)  # noqa: SIM115 - the caller closes it
        command = [
            ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-protocol_whitelist", "file,pipe",
            "-f", "mpegts", "-i", source.name,  # never guessed: other formats name further files to be read
            "-map", "0:v:0", "-c", "copy", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4",
            "pipe:1",
        ]  # fmt: skip
        try:
            subprocess.run(command, stdout=made, stderr=subprocess.DEVNULL, timeout=_LONGEST_S, check=True)
        except subprocess.SubprocessError as error:
            made.close()
            raise PixelError("the film could not be put into an MP4") from error
        except BaseException:
            made.close()
            raise
    made.seek(0)
    return made
