"""Every real file goes in over STOW-RS and comes back over WADO-RS byte for byte, or is refused with a reason."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydicom.filereader import _read_file_meta_info, read_preamble

from storage.access.principal import Role
from tests.pacs.message import parts, stow, without_meta
from tests.pacs.server import WebServer
from tests.peers import shared_dicom

pytestmark = pytest.mark.interop

FOLDER = shared_dicom()
FILES = sorted(path for path in FOLDER.rglob("*.dcm")) if FOLDER else []
# Files without a preamble are no Part 10 files; whatever else is refused is broken beyond use.
REFUSED = {
    "broken/meta_missing_tsyntax.dcm",
    "broken/no_meta.dcm",
    "broken/ExplVR_LitEndNoMeta.dcm",
    "broken/MR_truncated.dcm",
    "broken/rtplan_truncated.dcm",
    "broken/nested_priv_SQ.dcm",
}
RAW = 'multipart/related; type="application/octet-stream"'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of an archive of its own."""
    folder = tmp_path_factory.mktemp("files")
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}")
    try:
        server.start()
        with server.client(Role.RADIOLOGIST) as found:
            yield found
    finally:
        server.close()


def data_set(file: bytes) -> bytes:
    """What follows the file meta information, found by pydicom."""
    stream = io.BytesIO(file)
    read_preamble(stream, force=False)
    _read_file_meta_info(stream)
    return file[stream.tell() :]


@pytest.mark.skipif(not FILES, reason="../shared/dicom is not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER or Path("/"))))
def test_round_trip(client: httpx.Client, path: Path) -> None:
    content = path.read_bytes()
    answer = stow(client, [content])
    if answer.status_code != 200:
        reasons = [
            item["00081197"]["Value"][0]
            for tag in ("00081198", "0008119A")
            for item in answer.json().get(tag, {}).get("Value", [])
        ]
        assert (answer.status_code, len(reasons)) == (409, 1)
        assert str(path.relative_to(FOLDER or Path("/"))) in REFUSED, answer.text
        return
    url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    stored = client.get(url, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
    assert stored.status_code == 200
    assert without_meta(parts(stored)[0][1]) == data_set(content)
    (metadata,) = client.get(f"{url}/metadata").json()
    assert metadata["00080018"]["Value"][0] in url
    for resource, accept in (
        ("/frames/1", RAW),
        ("/frames/1", RAW + "; transfer-syntax=*"),
        ("/frames/1", 'multipart/related; type="image/jphc", ' + RAW + ";q=0.5"),
        ("/rendered", "image/jpeg"),
        ("/thumbnail", "image/jpeg"),
        ("", 'multipart/related; type="application/dicom"'),
    ):
        found = client.get(f"{url}{resource}", headers={"Accept": accept})
        assert found.status_code in (200, 404, 406, 413), f"{resource}: {found.text}"
        if found.status_code != 200:
            assert found.headers["content-type"] == "application/problem+json"
            assert "image/jpeg" not in accept or found.json()["detail"]
