"""What compressed frames say of themselves, read from their first bytes only (ITU-T T.81, T.87, T.800, T.814).

Nothing here allocates by what a header claims, so a lying frame is refused before any codec sees it.
"""

from dataclasses import dataclass
from typing import Final

from storage.errors import PixelError


@dataclass(frozen=True)
class Codestream:
    """Size in pixels, samples per pixel, and how samples are kept."""

    rows: int
    columns: int
    samples: int
    precision: int
    """Bits of a sample."""
    signed: bool = False
    lossless: bool = False
    """The coding can be reversible: JPEG process 14, 5/3 wavelet."""
    colour_transformed: bool | None = None
    """Samples are a luminance-chrominance transform of RGB that belongs to the codestream; None: it does not say."""


_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_FRAME: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3})
_OTHER_FRAMES: Final = frozenset({0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


def jpeg(data: bytes) -> Codestream:
    """Header of a JPEG frame: baseline, extended, progressive or lossless Huffman (T.81 B.2). Raises PixelError."""
    if data[:2] != b"\xff\xd8":
        raise PixelError("the frame does not start as JPEG")
    adobe: int | None = None
    jfif = False
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise PixelError("the JPEG frame's markers are damaged")
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position + 4 : position + 2 + length]
        if length < 2 or len(segment) != length - 2 or marker in {0xDA, 0xD9}:
            break
        if marker in _OTHER_FRAMES:
            raise PixelError("hierarchical and arithmetic JPEG are not supported")
        if marker in _START_OF_FRAME:
            return _start_of_frame(marker, segment, adobe, jfif)
        if marker == 0xEE and segment[:5] == b"Adobe" and len(segment) >= 12:
            adobe = segment[11]
        jfif = jfif or (marker == 0xE0 and segment[:4] == b"JFIF")
        position += 2 + length
    raise PixelError("the JPEG frame has no frame header")


def _start_of_frame(marker: int, segment: bytes, adobe: int | None, jfif: bool) -> Codestream:
    if len(segment) < 6 or len(segment) < 6 + 3 * segment[5]:
        raise PixelError("the JPEG frame header is cut short")
    components = [segment[6 + 3 * index : 9 + 3 * index] for index in range(segment[5])]
    return Codestream(
        rows=int.from_bytes(segment[1:3], "big"),
        columns=int.from_bytes(segment[3:5], "big"),
        samples=len(components),
        precision=segment[0],
        lossless=marker == 0xC3,
        colour_transformed=_jpeg_colour(components, adobe, jfif) if len(components) == 3 else False,
    )


def _jpeg_colour(components: list[bytes], adobe: int | None, jfif: bool) -> bool | None:
    """Adobe's APP14 flag decides, then subsampled chroma (RGB never is), then JFIF, then component names (T.872)."""
    if adobe is not None:
        return adobe != 0
    if any(component[1] != components[0][1] for component in components):
        return True
    if jfif:
        return True
    if bytes(component[0] for component in components) == b"RGB":
        return False
    return None


def jpeg_ls(data: bytes) -> Codestream:
    """Header of a JPEG-LS frame (T.87 C.2.2). Raises PixelError."""
    if data[:2] != b"\xff\xd8":
        raise PixelError("the frame does not start as JPEG-LS")
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position + 4 : position + 2 + length]
        if length < 2 or len(segment) != length - 2 or marker == 0xDA:
            break
        if marker == 0xF7 and len(segment) >= 6:
            rows, columns = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
            return Codestream(rows, columns, segment[5], segment[0], lossless=True)
        position += 2 + length
    raise PixelError("the JPEG-LS frame has no frame header")


def jpeg_2000(data: bytes) -> Codestream:
    """Header of a JPEG 2000 or HTJ2K codestream, bare or in JP2 boxes (T.800 A.5.1, A.6.1). Raises PixelError."""
    start = 0 if data[:4] == b"\xff\x4f\xff\x51" else data.find(b"\xff\x4f\xff\x51", 0, 4096)
    size = data[start + 6 : start + 42] if start >= 0 else b""
    if len(size) < 36:
        raise PixelError("the frame does not start as JPEG 2000")
    right, bottom, left, top = (int.from_bytes(size[2 + 4 * n : 6 + 4 * n], "big") for n in range(4))
    samples = int.from_bytes(size[34:36], "big")
    components = data[start + 42 : start + 42 + 3 * samples]
    if not 1 <= samples <= 4 or len(components) < 3 * samples:
        raise PixelError("the JPEG 2000 frame's size marker is damaged")
    if any(components[3 * n : 3 * n + 3] != components[0:1] + b"\x01\x01" for n in range(samples)):
        raise PixelError("JPEG 2000 components of unequal size or depth are not supported")
    coding = data.find(b"\xff\x52", start + 42 + 3 * samples, start + 65536)
    style = data[coding + 4 : coding + 14] if coding >= 0 else b""
    if len(style) < 10:
        raise PixelError("the JPEG 2000 frame has no coding style")
    return Codestream(
        rows=bottom - top,
        columns=right - left,
        samples=samples,
        precision=(components[0] & 0x7F) + 1,
        signed=bool(components[0] & 0x80),
        lossless=style[9] == 1,
        colour_transformed=style[4] == 1,
    )


def ends(data: bytes) -> bool:
    """Whether the end marker FF D9 closes the frame (trailing fill apart): codecs fill what is missing with grey."""
    return data.rfind(b"\xff\xd9", max(0, len(data) - 1024)) >= 0
