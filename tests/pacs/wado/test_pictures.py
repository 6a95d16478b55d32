"""WADO-RS: rendered resources and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4)."""

import io
import shutil

import httpx
import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageSequence
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEGLSLossless,
)

from tests import instances
from tests.pacs.message import part10, parts, store, stow
from tests.pacs.server import WebServer
from tests.pacs.wado.resource import AS_STORED, RAW, get, series_path, study_path

PNGS = 'multipart/related; type="image/png"'
# The second is the first without its marks.
NAMES = ("NGUYỄN^THỊ^ƯỚC ĐỖ", "NGUYEN^THI^UOC DO")
HELD = ("content-type", "content-length", "etag", "cache-control")


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


class TestPictures:
    def test_rendered(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, f"{instances.path(study[0])}/rendered", "image/jpeg, */*;q=0.1")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (64, 64)

    def test_window_viewport_and_format(self, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{instances.path(study[0])}/frames/1/rendered?window=0,100,linear&viewport=32,32"
        answer = get(client, path, "image/png")
        assert answer.headers["content-type"] == "image/png"
        array = np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))
        assert array.shape == (32, 32)
        assert array[:, 0].max() == 0
        assert array[:, -1].min() == 255

    @pytest.mark.parametrize("level", ["study", "series", "instance", "frame"])
    def test_thumbnails_of_every_level(self, client: httpx.Client, study: list[Dataset], level: str) -> None:
        path = {
            "study": f"/dicom-web/studies/{study[0].StudyInstanceUID}",
            "series": series_path(study[0]),
            "instance": instances.path(study[0]),
            "frame": f"{instances.path(study[0])}/frames/1",
        }[level]
        answer = client.get(f"{path}/thumbnail?viewport=16,16")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (16, 16)
        assert client.get(f"{path}/thumbnail", headers={"If-None-Match": "x"}).status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "window=1", "window=a,b,linear", "window=1,0,linear", "window=1,2,cubic", "window=nan,1,linear",
            "viewport=0,10", "viewport=10", "viewport=9,9,-1,0,5,6", "viewport=9,9,0,0,0,6", "viewport=1,2,3,4,5,6,7",
            "viewport=99999,1", "quality=0", "quality=101", "annotation=names", "iccprofile=maybe", "viewport=9,9,a",
        ],
    )  # fmt: skip
    def test_odd_parameters(self, client: httpx.Client, study: list[Dataset], query: str) -> None:
        assert client.get(f"{instances.path(study[0])}/rendered?{query}").status_code == 400

    @pytest.mark.parametrize("accept", ["image/webp", "text/html", 'multipart/related; type="image/gif"'])
    def test_other_formats_are_not_offered(self, client: httpx.Client, study: list[Dataset], accept: str) -> None:
        assert get(client, f"{instances.path(study[0])}/rendered", accept).status_code == 406
        assert get(client, f"{instances.path(study[0])}/thumbnail", accept).status_code == 406

    @pytest.mark.parametrize("accept", ['multipart/related; type="image/jpeg"', "*/*", ""])
    def test_a_whole_series_is_a_message_of_pictures(
        self, client: httpx.Client, study: list[Dataset], accept: str
    ) -> None:
        for path in (study_path(study[0]), series_path(study[0])):
            found = parts(get(client, f"{path}/rendered?viewport=16,16", accept))
            assert [(kind, opened(body).size) for kind, body in found] == [("image/jpeg", (16, 16))] * 4
        assert get(client, f"{series_path(study[0])}/rendered", "image/png").status_code == 406

    def test_several_frames_in_the_order_asked_for(self, client: httpx.Client, cine: Dataset) -> None:
        path = f"{instances.path(cine)}/frames/4,2/rendered?window=128,256,linear"
        found = parts(get(client, path, 'multipart/related; type="image/png"'))
        assert [np.asarray(opened(body)).max() for _, body in found] == [160, 80]
        assert len(parts(get(client, f"{instances.path(cine)}/rendered", 'multipart/related; type="image/jpeg"'))) == 5
        assert get(client, path, "image/jpeg").status_code == 406
        assert get(client, f"{instances.path(cine)}/frames/2,6/rendered", "*/*").status_code == 404

    def test_what_cannot_be_shown_does_not_spoil_its_series(self, client: httpx.Client) -> None:
        broken, good = instances.study(2)
        broken.file_meta.TransferSyntaxUID = JPEGLSLossless
        broken.PixelData = encapsulate([b"\xff\xd8\xff\xf7 this is no JPEG-LS at all\xff\xd9"])
        broken["PixelData"].is_undefined_length = True
        store(client, [broken, good])
        assert len(parts(get(client, f"{series_path(good)}/rendered", "*/*"))) == 1
        assert (
            get(client, f"{instances.path(broken)}/rendered", 'multipart/related; type="image/png"').status_code == 406
        )

    def test_a_multi_frame_image_moves(self, client: httpx.Client, cine: Dataset) -> None:
        answer = get(client, f"{instances.path(cine)}/rendered?window=128,256,linear", "image/gif")
        assert answer.headers["content-type"] == "image/gif"
        moving = opened(answer.content)
        assert [np.asarray(one.convert("L")).max() for one in ImageSequence.Iterator(moving)] == [40, 80, 120, 160, 200]
        assert moving.info["duration"] == 100
        etag = answer.headers["etag"]
        again = get(client, f"{instances.path(cine)}/rendered?window=128,256", "image/gif", **{"If-None-Match": etag})
        assert again.status_code == 304

    def test_as_a_video_where_ffmpeg_is(self, client: httpx.Client, cine: Dataset) -> None:
        answer = get(client, f"{instances.path(cine)}/rendered", "video/mp4")
        if shutil.which("ffmpeg") is None:
            assert answer.status_code == 406
            assert "ffmpeg" in answer.json()["detail"]
        else:
            assert answer.headers["content-type"] == "video/mp4"
            assert answer.content[4:8] == b"ftyp"
            assert answer.content.count(b"moof") >= 1

    def test_a_region_is_cut_out_enlarged_and_turned_round(self, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{instances.path(study[0])}/rendered?window=20,440,linear"
        whole = np.asarray(opened(get(client, path, "image/png").content), int)
        part = np.asarray(opened(get(client, f"{path}&viewport=64,64,32,16,32,32", "image/png").content), int)
        assert part.shape == (64, 64)
        assert abs(part[::2, ::2] - whole[16:48, 32:]).mean() < 4
        turned = np.asarray(opened(get(client, f"{path}&viewport=64,64,32,16,-32,-32", "image/png").content), int)
        assert (turned == part[::-1, ::-1]).all()
        assert get(client, f"{path}&viewport=64,64,64,0", "image/png").status_code == 406

    def test_the_patient_is_burnt_in_with_every_diacritic(self, client: httpx.Client) -> None:
        named, plain = (instances.study(1, patient_name=name, rows=256, columns=256)[0] for name in NAMES)
        store(client, [named])
        store(client, [plain])
        query = "rendered?annotation=patient,technique&window=5000,10,linear"
        first, second = (
            np.asarray(opened(get(client, f"{instances.path(ds)}/{query}", "image/png").content))
            for ds in (named, plain)
        )
        bare = np.asarray(opened(get(client, f"{instances.path(named)}/rendered?window=5000,10", "image/png").content))
        assert bare.max() == 0
        assert (first > 200).sum() > 200
        assert (first != second).any(), "the diacritics are drawn, not left out"
        # the letters of the second name are those of the first without their marks: fewer dots of ink
        assert (first[:60] > 200).sum() > (second[:60] > 200).sum()
        small = get(client, f"{instances.path(named)}/rendered?annotation=patient&viewport=32,32", "image/png")
        assert small.status_code == 406

    @pytest.mark.parametrize(("asked", "embedded"), [("no", False), ("yes", True), ("srgb", True)])
    def test_the_colour_profile_asked_for(self, client: httpx.Client, asked: str, embedded: bool) -> None:
        (ds,) = instances.study(1)
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit, ds.PixelRepresentation = 7, 0
        ds.PixelData = bytes(range(256)) * 48
        store(client, [ds])
        for kind in ("image/png", "image/jpeg"):
            picture = opened(get(client, f"{instances.path(ds)}/rendered?iccprofile={asked}", kind).content)
            assert bool(picture.info.get("icc_profile")) == embedded
        assert get(client, f"{instances.path(ds)}/rendered?iccprofile=adobergb", "image/png").status_code == 406

    @pytest.mark.parametrize("path", ["rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail"])
    def test_head_tells_what_get_would(self, client: httpx.Client, study: list[Dataset], path: str) -> None:
        address = f"{instances.path(study[0])}/{path}"
        told, given = client.head(address), client.get(address)
        assert (told.status_code, told.content) == (200, b"")
        assert [told.headers[name] for name in HELD] == [given.headers[name] for name in HELD]
        whole = client.head(f"{series_path(study[0])}/rendered")
        assert (whole.status_code, whole.content) == (200, b"")
        assert whole.headers["content-type"].startswith("multipart/related")

    def test_a_pixel_bomb_is_refused_clearly_and_the_server_lives(self, web: WebServer, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        ds.Rows = ds.Columns = 46341
        ds.file_meta.TransferSyntaxUID = JPEGLSLossless
        ds.PixelData = encapsulate([bytes(imagecodecs.jpegls_encode(np.zeros((8, 8), np.uint16)))])
        ds["PixelData"].is_undefined_length = True
        answer = stow(client, [part10(ds)])
        assert answer.status_code == 200, "it is kept: nothing is lost"
        for path, accept in (
            ("rendered", "image/jpeg"),
            ("thumbnail", "*/*"),
            ("frames/1", RAW),
            ("frames/1", "image/jphc"),
        ):
            refused = get(client, f"{instances.path(ds)}/{path}", accept)
            assert refused.status_code in (406, 413), path
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["detail"]
        assert client.get("/health").status_code == 200
        assert get(client, instances.path(ds), AS_STORED).status_code == 200
