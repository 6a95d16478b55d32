"""WADO-RS: images in another transfer syntax than they are kept in, as files, frames and archives (PS3.18 §8.7.3)."""

import io
import zipfile
from pathlib import Path

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    UltrasoundImageStorage,
)

from tests import instances
from tests.pacs.message import part10, parts, store, without_meta
from tests.pacs.server import WebServer
from tests.pacs.wado.resource import DEFAULT, get, series_path, study_path
from tests.wait import until

LOSSLESS = (
    JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless, HTJ2KLossless, HTJ2KLosslessRPCL
)  # fmt: skip
LOSSY = {"LossyImageCompressionRatio", "LossyImageCompressionMethod"}
FRAME_TYPES: dict[str, str] = {
    JPEGLosslessSV1: "image/jpeg",
    JPEGLSLossless: "image/jls",
    JPEG2000Lossless: "image/jp2",
    RLELossless: "image/dicom-rle",
    HTJ2KLosslessRPCL: "image/jphc",
}


@pytest.fixture(scope="package")
def colour(client: httpx.Client) -> Dataset:
    """Three frames of a smooth colour image, already compressed with loss once, as its header says."""
    (ds,) = instances.study(1)
    ds.SOPClassUID, ds.Modality, ds.NumberOfFrames = UltrasoundImageStorage, "US", 3
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.ImageType, ds.LossyImageCompression = ["ORIGINAL", "PRIMARY", "X"], "01"
    ds.LossyImageCompressionRatio, ds.LossyImageCompressionMethod = 3, "ISO_15444_1"
    earlier = Dataset()
    earlier.ReferencedSOPClassUID, earlier.ReferencedSOPInstanceUID = UltrasoundImageStorage, "1.2.3.4"
    earlier.is_undefined_length_sequence_item = True
    ds.SourceImageSequence = [earlier]
    ds["SourceImageSequence"].is_undefined_length = True
    ramp = np.linspace(0, 200, 64).astype("u1")
    frame = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64)), np.full((64, 64), 90, "u1")], axis=-1)
    ds.PixelData = b"".join((frame + 20 * number).astype("u1").tobytes() for number in range(3))
    store(client, [ds])
    return ds


def as_file(client: httpx.Client, path: str, transfer_syntax: str) -> Dataset:
    answer = get(client, path, f"application/dicom; transfer-syntax={transfer_syntax}")
    assert answer.status_code == 200, answer.text
    return pydicom.dcmread(io.BytesIO(answer.content))


class TestFiles:
    @pytest.mark.parametrize("target", LOSSLESS)
    def test_lossless_files_have_the_same_pixels_and_uid(
        self, client: httpx.Client, study: list[Dataset], colour: Dataset, target: str
    ) -> None:
        for kept in (study[1], colour):
            found = as_file(client, instances.path(kept), target)
            assert found.file_meta.TransferSyntaxUID == target
            assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID == kept.SOPInstanceUID
            assert found.ImageType == kept.ImageType if "ImageType" in kept else "ImageType" not in found
            assert "DerivationDescription" not in found
            pixels = decoded(found)
            assert pixels.tobytes() == kept.PixelData
            assert found.PatientName == kept.PatientName

    def test_a_lossy_file_is_a_derived_image_and_says_so(self, client: httpx.Client, colour: Dataset) -> None:
        found = as_file(client, instances.path(colour), JPEGBaseline8Bit)
        assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID != colour.SOPInstanceUID
        assert found.ImageType == ["DERIVED", "PRIMARY", "X"]
        assert found.LossyImageCompression == "01"
        ratio = float(found.LossyImageCompressionRatio[1])
        assert float(found.LossyImageCompressionRatio[0]) == 3
        assert 5 < ratio < 60
        assert found.LossyImageCompressionMethod == ["ISO_15444_1", "ISO_10918_1"]
        assert "JPEG" in found.DerivationDescription
        assert found.DerivationCodeSequence[0].CodeValue == "113040"
        assert [one.ReferencedSOPInstanceUID for one in found.SourceImageSequence] == [colour.SOPInstanceUID]
        marked = {"SOPInstanceUID", "ImageType", "SourceImageSequence", "PhotometricInterpretation", "PixelData"}
        assert not {one.keyword for one in colour if one.keyword not in marked and found.get(one.tag) != one} - LOSSY
        assert found.PhotometricInterpretation == "YBR_FULL_422"
        assert abs(decoded(found).astype(int).ravel() - np.frombuffer(colour.PixelData, "u1")).max() < 30
        again = as_file(client, instances.path(colour), JPEGBaseline8Bit)
        assert again.SOPInstanceUID == found.SOPInstanceUID, "the same each time"

    def test_what_is_compressed_changes_its_compression(
        self, client: httpx.Client, compressed: tuple[Dataset, bytes]
    ) -> None:
        ds, pixels = compressed
        assert decoded(as_file(client, instances.path(ds), JPEGLosslessSV1)).tobytes() == pixels

    def test_sixteen_bits_have_no_baseline_form(self, client: httpx.Client, study: list[Dataset]) -> None:
        accept = f"application/dicom; transfer-syntax={JPEGBaseline8Bit}"
        assert get(client, instances.path(study[0]), accept).status_code == 406

    def test_of_several_what_cannot_be_converted_comes_as_kept(self, client: httpx.Client) -> None:
        image, report = instances.study(2)
        for keyword in ("PixelData", "Rows", "Columns"):
            del report[keyword]
        report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
        store(client, [image, report])
        found = parts(get(client, series_path(image), f"{DEFAULT}; transfer-syntax={JPEGLSLossless}"))
        assert [kind.rpartition("=")[2] == JPEGLSLossless for kind, _ in found] == [True, False]


class TestFrames:
    @pytest.mark.parametrize("target", FRAME_TYPES)
    def test_by_media_type_and_transfer_syntax(self, client: httpx.Client, study: list[Dataset], target: str) -> None:
        path = f"{instances.path(study[0])}/frames/1"
        kind = f"{FRAME_TYPES[target]}; transfer-syntax={target}"
        ((told, body),) = parts(
            get(client, path, f'multipart/related; type="{FRAME_TYPES[target]}"; transfer-syntax={target}')
        )
        assert told == kind
        assert get(client, path, kind).content == body
        whole = as_file(client, instances.path(study[0]), target)
        assert body in bytes(whole.PixelData)

    def test_baseline_of_eight_bits_when_it_is_asked_for(self, client: httpx.Client, cine: Dataset) -> None:
        answer = get(client, f"{instances.path(cine)}/frames/2", "image/jpeg")
        assert answer.headers["content-type"] == f"image/jpeg; transfer-syntax={JPEGBaseline8Bit}"
        assert abs(imagecodecs.jpeg8_decode(answer.content).astype(int) - 80).max() <= 1
        assert get(client, f"{instances.path(cine)}/frames/2", "image/*").status_code == 406, "never unasked"


class TestZip:
    @pytest.mark.parametrize("level", ["study", "series", "instance"])
    def test_an_archive_of_files(self, client: httpx.Client, study: list[Dataset], level: str) -> None:
        path = {"study": study_path(study[0]), "series": series_path(study[0]), "instance": instances.path(study[0])}
        answer = get(client, path[level], "application/zip; transfer-syntax=*")
        assert answer.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            files = [archive.read(name) for name in names]
        assert names == [f"001/{number:06}.dcm" for number in range(1, len(names) + 1)]
        expected = study[:1] if level == "instance" else study
        assert [without_meta(file) for file in files] == [without_meta(part10(ds)) for ds in expected]

    def test_with_the_transfer_syntax_asked_for(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, series_path(study[0]), f"application/zip; transfer-syntax={JPEGLSLossless}")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            found = [pydicom.dcmread(archive.open(name)) for name in archive.namelist()]
        assert {ds.file_meta.TransferSyntaxUID for ds in found} == {JPEGLSLossless}
        assert decoded(found[2]).tobytes() == study[2].PixelData


class TestHead:
    @pytest.mark.parametrize("path", ["", "/frames/1", "/bulkdata/7FE00010"])
    def test_head_tells_what_get_would(self, client: httpx.Client, study: list[Dataset], path: str) -> None:
        address, accept = f"{instances.path(study[0])}{path}", {"Accept": "*/*; transfer-syntax=*"}
        told, given = client.head(address, headers=accept), client.get(address, headers=accept)
        assert (told.status_code, told.content) == (200, b"")
        assert told.headers["content-length"] == given.headers["content-length"]
        assert told.headers["content-type"].partition(";")[0] == given.headers["content-type"].partition(";")[0]

    def test_of_what_is_not_there(self, client: httpx.Client, study: list[Dataset]) -> None:
        told = client.head(f"{instances.path(study[0])}/frames/9", headers={"Accept": "*/*"})
        assert (told.status_code, told.content) == (404, b"")


def decoded(ds: Dataset) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
    """The pixels as an independent decoder gives them; colours as RGB, interleaved."""
    if ds.file_meta.TransferSyntaxUID in (HTJ2KLossless, HTJ2KLosslessRPCL):
        frames = pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1)))
        return np.stack([imagecodecs.htj2k_decode(frame) for frame in frames])
    return ds.pixel_array


class TestRanges:
    def test_a_frame_can_be_had_in_pieces(self, web: WebServer, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{instances.path(study[2])}/frames/1"
        whole = get(client, path, "image/jphc")
        assert whole.headers["accept-ranges"] == "bytes"
        size, etag = len(whole.content), whole.headers["etag"]
        first = get(client, path, "image/jphc", Range="bytes=0-999")
        rest = get(client, path, "image/jphc", **{"Range": "bytes=1000-", "If-Range": etag})
        assert (first.status_code, rest.status_code) == (206, 206)
        assert first.headers["content-range"] == f"bytes 0-999/{size}"
        assert first.headers["etag"] == etag
        assert first.content + rest.content == whole.content
        changed = get(client, path, "image/jphc", **{"Range": "bytes=5-9", "If-Range": '"another"'})
        assert (changed.status_code, changed.content) == (200, whole.content)
        beyond = get(client, path, "image/jphc", Range=f"bytes={size}-")
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        raw = get(client, path, "application/octet-stream", Range="bytes=16-31")
        assert (raw.status_code, raw.content) == (206, bytes(study[2].PixelData)[16:32])

    def test_the_first_bytes_are_a_smaller_picture(self, client: httpx.Client) -> None:
        (ds,) = instances.study(1, rows=512, columns=512)
        store(client, [ds])
        path = f"{instances.path(ds)}/frames/1"
        whole = get(client, path, "image/jphc").content
        first = get(client, path, "image/jphc", Range=f"bytes=0-{len(whole) // 8}")
        assert first.status_code == 206
        smaller = imagecodecs.htj2k_decode(first.content, skipres=2)
        assert smaller.shape == (128, 128)
        assert np.array_equal(smaller, imagecodecs.htj2k_decode(whole, skipres=2))

    def test_it_is_compressed_once_and_kept(self, web: WebServer, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        store(client, [ds])
        before = set(web.settings.data_dir.joinpath("derived").rglob("*-1-4.201"))
        answer = get(client, f"{instances.path(ds)}/frames/1", "image/jphc")

        def kept() -> set[Path]:
            return set(web.settings.data_dir.joinpath("derived").rglob("*-1-4.201")) - before

        until(lambda: get(client, f"{instances.path(ds)}/frames/1", "image/jphc").is_success and kept(), every_s=0.2)
        (file,) = kept()
        assert file.read_bytes() == answer.content
        file.write_bytes(b"what is kept is what is given")
        assert get(client, f"{instances.path(ds)}/frames/1", "image/jphc").content == b"what is kept is what is given"
        file.unlink()
        assert get(client, f"{instances.path(ds)}/frames/1", "image/jphc").content == answer.content
