"""What the status page is told, and who is told it."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pacs import presence
from storage.access.principal import Role
from storage.archive.upload import upload_pending
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S, until


def waiting(admin: httpx.Client) -> int:
    return sum(node["instances"] for node in admin.get("/api/status").json()["queue"])


def test_the_whole_of_it(web: WebServer, admin: httpx.Client) -> None:
    upload_pending(web.archive)
    datasets = instances.study(3)
    store(admin, datasets)
    until(lambda: waiting(admin) == 3, within_s=10)
    found = admin.get("/api/status").json()
    assert found["node"] == web.archive.spool.node
    (queue,) = found["queue"]
    assert (queue["node"], queue["here"], queue["instances"]) == (found["node"], True, 3)
    assert queue["bytes"] > 3 * 64 * 64 * 2
    assert queue["oldest_at"] is not None
    assert (queue["away_since"], queue["failing"]) == (None, 0)
    assert found["receiving"]["refused"] is None
    assert found["receiving"]["instances"] >= 3
    assert found["receiving"]["last_received_at"] is not None
    assert "spool" in found["disks"][0]["holds"]
    assert 0 < found["disks"][0]["free_bytes"] <= found["disks"][0]["total_bytes"]
    assert found["index"]["kind"] == ("sqlite" if web.archive.index.is_sqlite else "postgresql")
    assert found["object_store"]["kind"] == "folder"
    assert found["cache"] is None
    assert {one["kind"]: one["ready"] for one in found["processes"]} == {"dicom": 0, "web": 1, "worker": 0}
    until(lambda: admin.get("/api/status").json()["object_store"]["reachable"] is True, within_s=10)
    until(lambda: admin.get("/api/status").json()["index"]["reachable"] is True, within_s=10)


def test_the_queue_empties(web: WebServer, admin: httpx.Client) -> None:
    store(admin, instances.study(2))
    upload_pending(web.archive)
    until(lambda: waiting(admin) == 0, within_s=10)


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.TECHNOLOGIST, Role.REFERRER])
def test_administrators_alone(web: WebServer, role: Role) -> None:
    with web.client(role) as other:
        assert other.get("/api/status").status_code == 403
    with web.client(Role.ADMIN, facility="79304") as of_one_facility:
        assert of_one_facility.get("/api/status").status_code == 403
    assert httpx.get(f"{web.url}/api/status", timeout=HUNG_S).status_code == 401


def test_the_dead_are_not_among_the_living(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from pacs.presence import Presence;"
        "one = Presence(Path(sys.argv[1]), 'worker'); print(flush=True); sys.stdin.readline();"
        "one.ready(); print(flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        process.stdout.readline()
        (one,) = presence.living(tmp_path)
        assert (one.kind, one.pid, one.ready) == ("worker", process.pid, False)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert presence.living(tmp_path)[0].ready
        process.kill()
    assert presence.living(tmp_path) == []
    (left,) = (tmp_path / presence.FOLDER).iterdir()
    os.utime(left, (0, 0))
    assert presence.living(tmp_path) == []
    assert not left.exists()


def test_who_leaves_is_gone_at_once(tmp_path: Path) -> None:
    with presence.Presence(tmp_path, "web") as mine:
        mine.ready()
        assert [(one.kind, one.ready) for one in presence.living(tmp_path)] == [("web", True)]
    assert presence.living(tmp_path) == []
    assert list((tmp_path / presence.FOLDER).iterdir()) == []
