"""Files in a ZIP archive that is written as it is sent, not compressed: images are (PS3.18 §8.7.3.3)."""

import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, cast

from storage.dicom.recoding import Piece

_BLOCK = 256 * 1024


def archive(files: Iterable[tuple[str, Iterable[Piece]]]) -> Iterator[bytes]:
    """The bytes of an archive of named files, in blocks; one piece of one file is held at a time."""
    out = _Out()
    with zipfile.ZipFile(cast("IO[bytes]", out), "w", zipfile.ZIP_STORED) as writer:
        for name, pieces in files:
            # no time: the same instances make the same archive
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            with writer.open(entry, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if out.size >= _BLOCK:
                        yield out.taken()
    yield out.taken()


class _Out:
    """What :mod:`zipfile` writes to: it cannot go back, so sizes come behind each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: Piece, /) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        block = b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        return block
