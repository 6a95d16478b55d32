"""The disk fills up: senders are told so with a reason, nothing is lost, and receiving resumes by itself."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.account import settle, settle_everything
from tests.faults.node import node
from tests.faults.sender import Instance, acknowledged, send, study
from tests.faults.web_sender import CONTENT_TYPE, body, post
from tests.wait import until

pytestmark = pytest.mark.faults

SIZE = 48 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("a small file system can only be mounted by root")
        pytest.skip("a small file system can only be mounted by root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all room but ``leave`` bytes."""
    ballast = disk / "ballast"
    free = shutil.disk_usage(disk).free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - leave, 1))
    return ballast


def send_until_refused(port: int, sent: list[Instance]) -> tuple[set[str], int, str]:
    """What was acknowledged, and status and reason of the first refusal."""
    answers = send(port, sent)
    refusals = [given for given in answers.values() if given.status != 0]
    assert refusals, "nothing was refused"
    return acknowledged(answers), refusals[0].status, refusals[0].comment


def assert_web_refuses(client: httpx.Client) -> None:
    answer = client.post("/dicom-web/studies", content=body(study(8, size=512)), headers={"Content-Type": CONTENT_TYPE})
    assert answer.status_code in (202, 503)
    reasons = {item["00081197"]["Value"][0] for item in answer.json()["00081198"]["Value"]}
    assert reasons == {0xA700}


def assert_nothing_is_lost(client: httpx.Client, sent: list[Instance], told: set[str]) -> None:
    """What was acknowledged is served even now."""
    for instance in sent:
        if instance.sop in told:
            path = f"/dicom-web/studies/{instance.study}/series/{instance.series}/instances/{instance.sop}"
            answer = client.get(path, headers={"Accept": "application/dicom; transfer-syntax=*"})
            assert answer.status_code == 200
            assert answer.content.endswith(instance.data_set)


@pytest.mark.parametrize("reserve", [8 * 1024 * 1024, 0], ids=["nearly full", "full to the last byte"])
def test_a_full_disk_is_told_and_receiving_resumes(small_disk: Path, reserve: int) -> None:
    with node(small_disk / "data", FILMLESS_MINIMUM_FREE_BYTES=str(reserve)) as running, running.client() as client:
        early = study(3)
        told = acknowledged(send(running.dicom_port, early))
        running.wait_uploaded()
        ballast = fill(small_disk, reserve + 2_500_000)
        late = study(12, size=512)
        some, status, comment = send_until_refused(running.dicom_port, late)
        assert status == 0xA700
        assert "disk" in comment or "index" in comment
        assert_web_refuses(client)
        assert not running.incoming()
        told |= some
        assert_nothing_is_lost(client, early + late, told)

        ballast.unlink()
        until(lambda: len(acknowledged(send(running.dicom_port, late))) == len(late), within_s=20, every_s=0.5)
        stored = study(1)
        assert post(client, stored) == {stored[0].sop}
        settle(client, early + late, {instance.sop for instance in early + late})
        settle_everything(running, client)


def test_processes_that_die_on_a_full_disk_come_back(small_disk: Path) -> None:
    with node(small_disk / "data", ("dicom",), FILMLESS_MINIMUM_FREE_BYTES="0") as running:
        sent = study(12, size=512)
        ballast = fill(small_disk, 2_500_000)
        told, _, _ = send_until_refused(running.dicom_port, sent)
        running.slay("dicom")
        ballast.unlink()
        running.serve("dicom", "web", "worker")
        with running.client() as client:
            assert told <= settle(client, sent, told)
            settle_everything(running, client)
