"""``kill -9`` of the whole tree while a modality sends: all that was acknowledged is there, nothing is half there."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless

pytestmark = [pytest.mark.faults, pytest.mark.interop]


def listed(client: httpx.Client) -> dict[str, str]:
    """Every instance QIDO-RS lists: SOP Instance UID → path of the instance."""
    found: dict[str, str] = {}
    while True:
        answer = client.get("/dicom-web/instances", params={"limit": 500, "offset": len(found)})
        answer.raise_for_status()
        rows = answer.json()
        for row in rows:
            study, series, sop = (row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
            found[sop] = f"/dicom-web/studies/{study}/series/{series}/instances/{sop}"
        if len(rows) < 500:
            return found


@pytest.mark.parametrize("pause_s", [0.15, 0.6, 1.5])
def test_what_was_acknowledged_survives(start_pacs: Callable[..., Filmless], tmp_path: Path, pause_s: float) -> None:
    datasets = [ds for _ in range(6) for ds in instances.study(60)]
    paths = instances.save(datasets, tmp_path / "files")
    server = start_pacs()
    sender = dcmtk.Dcmsend(paths, server.dicom_port)
    time.sleep(pause_s + 0.5)  # let it load its files and be in the middle of sending
    server.kill()
    sent = sender.finish()
    time.sleep(2.1)  # a start leaves alone what may be a neighbour's that was opened this very moment

    server.start()
    with server.client() as client:
        found = listed(client)
        assert sent.acknowledged <= set(found), "an acknowledged instance is lost"
        # at most the one instance in flight was durable but its answer never left
        assert len(set(found) - sent.acknowledged) <= 1
        originals = {str(ds.SOPInstanceUID): ds for ds in datasets}
        for sop, path in found.items():
            frame = client.get(f"{path}/frames/1", headers={"Accept": "application/octet-stream; transfer-syntax=*"})
            assert frame.status_code == 200, frame.text
            assert frame.content == originals[sop].PixelData
        counts = client.get("/api/studies", params={"limit": 100}).json()
        assert sum(row["number_of_instances"] for row in counts["studies"]) == len(found)
    assert not [path for path in (server.data / "spool" / "incoming").iterdir() if path.stat().st_size]


def test_sending_again_completes_what_was_cut(start_pacs: Callable[..., Filmless], tmp_path: Path) -> None:
    datasets = instances.study(80)
    paths = instances.save(datasets, tmp_path / "files")
    server = start_pacs()
    sender = dcmtk.Dcmsend(paths, server.dicom_port)
    time.sleep(0.7)
    server.kill()
    sender.finish()
    server.start()
    again = dcmtk.dcmsend(paths, server.dicom_port)
    assert set(again.statuses.values()) == {0}
    with server.client() as client:
        assert set(listed(client)) == {str(ds.SOPInstanceUID) for ds in datasets}
