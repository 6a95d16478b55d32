"""A page of pixels as a PDF: one image as large as its film, nothing lost (ISO 32000-1 §8.9.5)."""

import zlib

from storage.pixels.film import Page

_POINTS_PER_MM = 72 / 25.4


def pdf_of(page: Page) -> bytes:
    """The page in eight bits, at the size of the film; the same page always gives the same bytes."""
    array = page.eight_bits()
    rows, columns = array.shape[:2]
    width, height = (f"{side * _POINTS_PER_MM:.3f}" for side in (page.width_mm, page.height_mm))
    space = "/DeviceRGB" if array.ndim == 3 else "/DeviceGray"
    pixels = zlib.compress(array.tobytes(), 6)
    content = f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode()
    image = (
        f"<< /Type /XObject /Subtype /Image /Width {columns} /Height {rows} /ColorSpace {space} "
        f"/BitsPerComponent 8 /Filter /FlateDecode /Length {len(pixels)} >>"
    )
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R "
        "/Resources << /XObject << /Im0 5 0 R >> >> >>".encode(),
        f"<< /Length {len(content)} >>".encode() + _stream(content),
        image.encode() + _stream(pixels),
    )
    written = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(written)


def _stream(data: bytes) -> bytes:
    return b"\nstream\n" + data + b"\nendstream"
