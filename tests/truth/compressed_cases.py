"""One ramp in every lossless compressed transfer syntax; J2K whose sign disagrees with the header (PS3.5 8.2, A.4)."""

from collections.abc import Callable

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import RLELosslessEncoder

from tests.truth import reference
from tests.truth.case import Case
from tests.truth.colour_cases import HUES
from tests.truth.grayscale_cases import RAMP_12
from tests.truth.mosaic import COLUMNS, ROWS, base, mosaic, set_pixels, values

AnyArray = npt.NDArray[np.generic]


def _compress(dataset: Dataset, frame: bytes, transfer_syntax_uid: uid.UID) -> None:
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = transfer_syntax_uid


def _rle(pixels: AnyArray) -> bytes:
    samples = 3 if pixels.ndim == 3 else 1
    encoded: bytes = RLELosslessEncoder.encode(
        pixels.tobytes(),
        encoding_plugin="pydicom",
        rows=ROWS,
        columns=COLUMNS,
        samples_per_pixel=samples,
        bits_allocated=pixels.dtype.itemsize * 8,
        bits_stored=pixels.dtype.itemsize * 8,
        pixel_representation=0,
        photometric_interpretation="RGB" if samples == 3 else "MONOCHROME2",
        number_of_frames=1,
        planar_configuration=0,
    )
    return encoded


def jpeg_lossless_sv1(pixels: AnyArray) -> bytes:
    """JPEG process 14, selection value 1, of a 12-bit image; ITU-T T.81 annex H with one fixed Huffman table."""
    rows, columns = pixels.shape
    values_ = pixels.astype(np.int64)
    predicted = np.empty_like(values_)
    predicted[:, 1:] = values_[:, :-1]
    predicted[1:, 0] = values_[:-1, 0]
    predicted[0, 0] = 1 << 11
    bits: list[str] = []
    for difference in (values_ - predicted).ravel().tolist():
        category = abs(difference).bit_length()
        extra = difference if difference >= 0 else difference + (1 << category) - 1
        bits.append(f"{category:05b}" + (f"{extra:0{category}b}" if category else ""))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
    sof = b"\xff\xc3\x00\x0b\x0c" + rows.to_bytes(2, "big") + columns.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    counts = bytes([0, 0, 0, 0, 17] + [0] * 11)
    dht = b"\xff\xc4" + (3 + 16 + 17).to_bytes(2, "big") + b"\x00" + counts + bytes(range(17))
    sos = b"\xff\xda\x00\x08\x01\x01\x00\x01\x00\x00"
    stream: bytes = b"\xff\xd8" + sof + dht + sos + scan + b"\xff\xd9"
    return stream


def _htj2k(pixels: AnyArray) -> bytes:
    return bytes(imagecodecs.htj2k_encode(pixels, reversible=True, tlm=True))


GRAYSCALE: dict[str, tuple[uid.UID, Callable[[AnyArray], bytes]]] = {
    "rle": (uid.RLELossless, _rle),
    "jpeg-lossless": (uid.JPEGLossless, lambda p: bytes(imagecodecs.ljpeg_encode(p, bitspersample=12))),
    "jpeg-lossless-sv1": (uid.JPEGLosslessSV1, jpeg_lossless_sv1),
    "jpeg-ls": (uid.JPEGLSLossless, lambda p: bytes(imagecodecs.jpegls_encode(p))),
    "j2k": (uid.JPEG2000Lossless, lambda p: bytes(imagecodecs.jpeg2k_encode(p, codecformat="j2k", reversible=True))),
    "htj2k": (uid.HTJ2KLossless, _htj2k),
    "htj2k-rpcl": (uid.HTJ2KLosslessRPCL, _htj2k),
}


def _ramps() -> list[Case]:
    found = []
    for name, (transfer_syntax_uid, encode) in GRAYSCALE.items():
        dataset = base(f"ramp-{name}")
        set_pixels(dataset, mosaic(RAMP_12.astype("<u2")), bits_stored=12)
        dataset.WindowCenter, dataset.WindowWidth = "2000", "2000"
        _compress(dataset, encode(mosaic(RAMP_12.astype("<u2"))), transfer_syntax_uid)
        expected = reference.to_bytes(reference.linear(mosaic(RAMP_12).astype(np.float64), 2000, 2000))
        found.append(Case(f"ramp-{name}", dataset, expected, "PS3.5 A.4: lossless, the same as native"))
    return found


def _colours() -> list[Case]:
    image = mosaic(HUES).astype(np.uint8)
    encoders: dict[str, tuple[uid.UID, str, bytes]] = {
        "rle": (uid.RLELossless, "RGB", _rle(image)),
        "jpeg-ls": (uid.JPEGLSLossless, "RGB", bytes(imagecodecs.jpegls_encode(image))),
        "j2k-rct": (
            uid.JPEG2000Lossless,
            "YBR_RCT",
            bytes(imagecodecs.jpeg2k_encode(image, codecformat="j2k", reversible=True, mct=True)),
        ),
        "htj2k": (uid.HTJ2KLossless, "YBR_RCT", _htj2k(image)),
    }
    found = []
    for name, (transfer_syntax_uid, photometric, frame) in encoders.items():
        dataset = base(f"rgb-{name}")
        set_pixels(dataset, image, photometric=photometric)
        _compress(dataset, frame, transfer_syntax_uid)
        found.append(Case(f"rgb-{name}", dataset, image, "PS3.5 A.4, 8.2: compressed colour"))
    return found


def _rle_ybr() -> Case:
    """RLE keeps the photometric interpretation of its planes: YBR_FULL has to be converted after decoding."""
    ybr = mosaic(HUES).astype(np.uint8)
    dataset = base("ybr-rle")
    set_pixels(dataset, ybr, photometric="YBR_FULL")
    _compress(dataset, _rle(ybr), uid.RLELossless)
    return Case("ybr-rle", dataset, reference.ybr_full_to_rgb(ybr), "PS3.5 8.2.2: RLE with YBR_FULL")


def _sign_disagreements() -> list[Case]:
    """The header's Pixel Representation decides how the bits are read, whatever the codestream's Ssiz says."""
    signed = values(-2000, 3000, -160, 239, 240)
    display = reference.to_bytes(reference.linear(mosaic(signed).astype(np.float64), 40, 400))
    unsigned = values(0, 65535)
    window = reference.to_bytes(reference.linear(mosaic(unsigned).astype(np.float64), 32768, 65536))
    found = []
    for codec, transfer_syntax_uid, encode in (
        ("j2k", uid.JPEG2000Lossless, GRAYSCALE["j2k"][1]),
        ("htj2k", uid.HTJ2KLossless, GRAYSCALE["htj2k"][1]),
    ):
        name = f"{codec}-unsigned-codestream-signed-header"
        dataset = base(name)
        set_pixels(dataset, mosaic(signed.astype("<i2")), signed=True)
        dataset.WindowCenter, dataset.WindowWidth = "40", "400"
        _compress(dataset, encode(mosaic(signed.astype("<i2").view("<u2"))), transfer_syntax_uid)
        found.append(Case(name, dataset, display, "PS3.5 8.2.4, C.7.6.3.1: Pixel Representation 1, Ssiz unsigned"))
        name = f"{codec}-signed-codestream-unsigned-header"
        dataset = base(name)
        set_pixels(dataset, mosaic(unsigned.astype("<u2")))
        dataset.WindowCenter, dataset.WindowWidth = "32768", "65536"
        _compress(dataset, encode(mosaic(unsigned.astype("<u2").view("<i2"))), transfer_syntax_uid)
        found.append(Case(name, dataset, window, "PS3.5 8.2.4, C.7.6.3.1: Pixel Representation 0, Ssiz signed"))
    return found


def compressed_cases() -> list[Case]:
    """All compressed cases."""
    return [*_ramps(), *_colours(), _rle_ybr(), *_sign_disagreements()]
