"""What a modality sends comes back over WADO-RS byte for byte; the oracle is what DCMTK's own receiver was given."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from storage.dicom.part10 import read_meta
from tests.interop.test_dimse_dcmtk import StoreSCP, readable
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = pytest.mark.interop

PART = re.compile(rb'boundary="?([^";]+)"?')


def data_set_of(answer: httpx.Response) -> bytes:
    """The data set of the only part of a multipart answer."""
    match = PART.search(answer.headers["content-type"].encode())
    assert match is not None
    content = answer.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + match[1], 1)[0]
    return content[read_meta(content)[1] :]


def test_every_readable_file(start_pacs: Callable[..., Filmless], tmp_path: Path, dicom_files: Path) -> None:
    # The 13 syntaxes of one slice share one SOP Instance UID; tests/truth/test_syntaxes.py has them under 13.
    files = [path for path in readable(dicom_files) if path.parent.name != "ctimage"]
    oracle = StoreSCP(tmp_path / "oracle", "+xa", "--unique-filenames", "--promiscuous")
    try:
        dcmtk.dcmsend(files, oracle.port, aec="STORESCP")
        given = set(oracle.data_sets())
    finally:
        oracle.close()
    server = start_pacs()
    sent = dcmtk.dcmsend(files, server.dicom_port)
    assert len(sent.acknowledged) > 150
    refused = {uid: status for uid, status in sent.statuses.items() if uid not in sent.acknowledged}
    assert set(refused.values()) <= {0x0111, 0xA900, 0xC000}, refused
    returned = set()
    with server.client() as client:
        rows = client.get("/dicom-web/instances", params={"limit": 1000}).json()
        for row in rows:
            study, series, sop = (row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
            answer = client.get(
                f"/dicom-web/studies/{study}/series/{series}/instances/{sop}",
                headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
            )
            assert answer.status_code == 200, answer.text
            assert hashlib.sha256(data_set_of(answer)).hexdigest() in given, sop
            returned.add(sop)
    assert returned >= sent.acknowledged
