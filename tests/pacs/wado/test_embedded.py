"""What an instance holds whole: its PDF or film, as it was received (PS3.18 §8.7.3)."""

import io
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG4HP41, EncapsulatedPDFStorage, VideoEndoscopicImageStorage

from tests import instances
from tests.pacs.message import store
from tests.pacs.wado.resource import get

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 9


def document(content: bytes) -> Dataset:
    """An encapsulated PDF."""
    (ds,) = instances.study(1)
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, keyword)
    ds.SOPClassUID, ds.Modality = EncapsulatedPDFStorage, "DOC"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return ds


def film(content: list[bytes]) -> Dataset:
    """A film of three frames, in fragments."""
    (ds,) = instances.study(1)
    ds.SOPClassUID, ds.Modality, ds.NumberOfFrames = VideoEndoscopicImageStorage, "ES", 3
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = encapsulate([b"".join(content)], fragments_per_frame=len(content), has_bot=False)
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = MPEG4HP41
    return ds


class TestPdf:
    def test_comes_as_it_was_and_may_be_framed_by_our_own_pages(self, client: httpx.Client) -> None:
        ds = document(PDF)
        store(client, [ds])
        answer = get(client, f"{instances.path(ds)}/rendered", "application/pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.rstrip(b"\0") == PDF
        policies = answer.headers.get_list("content-security-policy")
        assert len(policies) == 1
        assert "frame-ancestors 'self'" in policies[0]
        assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
        assert client.get("/").headers["x-frame-options"] == "DENY"
        again = client.get(f"{instances.path(ds)}/rendered", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    def test_something_else_under_that_name_is_refused(self, client: httpx.Client) -> None:
        ds = document(b"<html><script>alert(1)</script></html>")
        store(client, [ds])
        assert client.get(f"{instances.path(ds)}/rendered").status_code == 406
        assert get(client, f"{instances.path(ds)}/rendered", "image/png").status_code == 406


class TestFilm:
    def test_ranges_over_fragments(self, client: httpx.Client) -> None:
        ds = film([FILM[:1000], FILM[1000:]])
        store(client, [ds])
        path = f"{instances.path(ds)}/rendered"
        whole = get(client, path, "video/mp4")
        assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
        assert whole.content == FILM
        for first, last in ((0, 0), (990, 1010), (1000, 1001), (2000, len(FILM) - 1)):
            part = get(client, path, "video/*", Range=f"bytes={first}-{last}")
            assert part.status_code == 206
            assert part.headers["content-range"] == f"bytes {first}-{last}/{len(FILM)}"
            assert part.content == FILM[first : last + 1]
        assert get(client, path, "video/mp4", Range=f"bytes={len(FILM)}-").status_code == 416

    def test_a_transport_stream_is_put_into_an_mp4(self, client: httpx.Client, tmp_path: Path) -> None:
        if shutil.which("ffmpeg") is None:
            pytest.fail("ffmpeg is not installed")
        made = tmp_path / "film.ts"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10", "-t", "1", "-c:v", "libx264",
             "-f", "mpegts", str(made)],
            check=True,
        )  # fmt: skip
        ds = film([made.read_bytes()])
        store(client, [ds])
        answer = get(client, f"{instances.path(ds)}/rendered", "video/mp4")
        assert answer.status_code == 200
        probed = subprocess.run(
            ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets,width,codec_name",
             "-of", "csv=p=0", "-"],
            check=True, input=io.BytesIO(answer.content).read(), capture_output=True,
        )  # fmt: skip
        assert probed.stdout.decode().strip() == "h264,64,10"

    def test_a_list_of_other_files_in_its_place_is_not_followed(self, client: httpx.Client, tmp_path: Path) -> None:
        """ffmpeg, left to guess, takes this for a playlist and plays the file that it names."""
        made = tmp_path / "other.ts"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10", "-t", "1", "-c:v", "libx264",
             "-f", "mpegts", str(made)],
            check=True,
        )  # fmt: skip
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{made}\n#EXT-X-ENDLIST\n".encode()
        ds = film([playlist + b"\n" * (len(playlist) % 2)])
        store(client, [ds])
        answer = get(client, f"{instances.path(ds)}/rendered", "video/mp4")
        assert 400 <= answer.status_code < 500
        assert b"ftyp" not in answer.content
