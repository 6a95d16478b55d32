"""Every real file goes in over STOW-RS and comes back over WADO-RS byte for byte, or is refused with a reason."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from pydicom.filereader import _read_file_meta_info, read_preamble

from storage.access.principal import Role
from tests.conformance.dicom_json import bulk_data_uris, violations
from tests.pacs.message import parts, stow, without_meta
from tests.pacs.server import WebServer
from tests.peers import shared_dicom
from tests.truth import independent

pytestmark = pytest.mark.interop

FOLDER = shared_dicom()
# Deflated first: its UID cannot be changed by a replacement of bytes.
FILES = sorted(FOLDER.rglob("*.dcm"), key=lambda path: ("Deflated" not in path.name, path)) if FOLDER else []
# No preamble, no UIDs, cut off, or a file meta information that names another instance.
REFUSED = {
    "broken": {
        "ExplVR_LitEndNoMeta", "GH1146", "GH223", "MR_truncated", "UN_sequence", "badVR", "bad_sequence",
        "dwv-test-sequence", "emri_small_jpeg_2k_lossless_too_short", "meta_missing_tsyntax", "nested_priv_SQ",
        "no-meta-length-test", "no_meta", "no_meta_group_length", "rtplan_truncated",
    },
    "charsets": {"chrJapMulti", "chrSQEncoding", "empty_charset_LEI"},
    "modalities": {"CR-MONO1-10-chest", "NeurosurgeryPlan", "rtdose", "rtplan", "rtstruct"},
    "pixels": {"JLSL_RGB_ILV0", "JLSL_RGB_ILV2", "JPEGLSNearLossless_16", "no-number-rows"},
    "syntaxes": {"HTJ2KLossless_08_RGB", "HTJ2K_08_RGB"},
}  # fmt: skip
DUPLICATE = 0x0111
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


def reasons(answer: httpx.Response) -> list[int]:
    """The failure reasons of a store answer."""
    found = answer.json()
    items = [item for tag in ("00081198", "0008119A") for item in found.get(tag, {}).get("Value", [])]
    return [item["00081197"]["Value"][0] for item in items]


def check_metadata(client: httpx.Client, url: str) -> None:
    """The metadata is valid, is that of the instance, and each bulk data URI in it leads to a value."""
    (metadata,) = client.get(f"{url}/metadata").json()
    assert metadata["00080018"]["Value"][0] in url
    assert list(violations(metadata)) == []
    for uri in bulk_data_uris(metadata):
        value = client.get(uri, headers={"Accept": RAW + "; transfer-syntax=*"})
        assert value.status_code == 200, f"{uri}: {value.text}"


def check_picture(client: httpx.Client, url: str, content: bytes) -> None:
    """What is rendered looks as other decoders and the standard say; without a decoder the answer is 406."""
    answer = client.get(f"{url}/frames/1/rendered", headers={"Accept": "image/png"})
    assert answer.status_code in (200, 404, 406, 413, 415), answer.text
    expected = independent.picture(content)
    if answer.status_code != 200:
        assert answer.json()["detail"]
        return
    picture: Image.Image = Image.open(io.BytesIO(answer.content))
    if expected is None:
        return
    if picture.height != expected.shape[0]:
        # Pixels that are not square are made so.
        picture = picture.resize((expected.shape[1], expected.shape[0]))
    shown = np.asarray(picture, dtype=np.float64)
    if shown.ndim > expected.ndim:
        shown = shown.mean(axis=2)
    elif shown.ndim < expected.ndim:
        expected = expected.mean(axis=2)
    assert shown.shape == expected.shape
    # Decoders of lossy streams and of colour with fewer samples differ a little, never on the whole.
    assert float(np.abs(shown - expected).mean()) < 2


@pytest.mark.skipif(not FILES, reason="../shared/dicom is not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER or Path("/"))))
def test_round_trip(client: httpx.Client, path: Path) -> None:
    content = path.read_bytes()
    answer = stow(client, [content])
    for number in range(10, 40):
        # One slice is here in 13 transfer syntaxes under one UID: give each a UID of its own, of the same length.
        if reasons(answer) != [DUPLICATE]:
            break
        uid = answer.json()["00081198"]["Value"][0]["00081155"]["Value"][0].encode()
        content = content.replace(uid, uid[:-2] + str(number).encode())
        answer = stow(client, [content])
    if path.stem in REFUSED.get(path.parent.name, ()):
        assert answer.status_code == 409
        assert reasons(answer)[0] in (0xA900, 0xC000)
        return
    assert answer.status_code == 200, answer.text
    url = answer.json()["00081199"]["Value"][0]["00081190"]["Value"][0]
    stored = client.get(url, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
    assert stored.status_code == 200
    assert without_meta(parts(stored)[0][1]) == data_set(content)
    check_metadata(client, url)
    check_picture(client, url, content)
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
