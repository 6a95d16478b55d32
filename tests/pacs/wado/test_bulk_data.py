"""WADO-RS: bulk data (PS3.18 §10.4.1.1.5)."""

import httpx
import pytest
from pydicom.dataset import Dataset

from tests import instances
from tests.pacs.message import parts, store
from tests.pacs.wado.resource import RAW, get


class TestBulkData:
    def test_ranges(self, client: httpx.Client, cine: Dataset) -> None:
        path = f"{instances.path(cine)}/bulkdata/7FE00010"
        whole = get(client, path, "application/octet-stream")
        assert whole.content == cine.PixelData
        assert whole.headers["accept-ranges"] == "bytes"
        for field, expected in (
            ("bytes=100-139", slice(100, 140)),
            ("bytes=590-", slice(590, 600)),
            ("bytes=-7", slice(593, 600)),
        ):
            answer = get(client, path, "application/octet-stream", Range=field)
            assert answer.status_code == 206
            assert answer.content == cine.PixelData[expected]
            assert answer.headers["content-range"] == f"bytes {expected.start}-{expected.stop - 1}/600"
        beyond = get(client, path, "application/octet-stream", Range="bytes=600-")
        assert beyond.status_code == 416
        assert beyond.headers["content-range"] == "bytes */600"

    def test_as_a_message_of_one_part(self, client: httpx.Client, cine: Dataset) -> None:
        ((kind, body),) = parts(get(client, f"{instances.path(cine)}/bulkdata/7FE00010", RAW))
        assert kind.startswith("application/octet-stream")
        assert body == cine.PixelData

    def test_compressed_pixels_come_as_frames(self, client: httpx.Client, compressed: tuple[Dataset, bytes]) -> None:
        ds, pixels = compressed
        ((_, body),) = parts(get(client, f"{instances.path(ds)}/bulkdata/7FE00010", RAW))
        assert body == pixels

    def test_a_value_inside_a_sequence(self, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        item = Dataset()
        item.add_new(0x00420011, "OB", bytes(range(256)) * 40)
        ds.add_new(0x00081140, "SQ", [Dataset(), item])
        store(client, [ds])
        (found,) = client.get(f"{instances.path(ds)}/metadata").json()
        address = found["00081140"]["Value"][1]["00420011"]["BulkDataURI"]
        assert get(client, address, "application/octet-stream").content == bytes(range(256)) * 40

    @pytest.mark.parametrize("path", ["00100010/", "7FE0", "7FE00010/1/7FE00010", "00081140", "00420011"])
    def test_what_is_not_there(self, client: httpx.Client, study: list[Dataset], path: str) -> None:
        answer = get(client, f"{instances.path(study[0])}/bulkdata/{path}", "application/octet-stream")
        assert answer.status_code == 404
