"""``pacs audit``: a running Filmless seals its trail, tells of it outside the database, and finds who changed it."""

import json
import sqlite3
from collections.abc import Callable

from tests import instances
from tests.pacs.message import store
from tests.peers.filmless import Filmless


def test_a_trail_of_a_whole_filmless_is_whole_and_a_change_of_the_database_is_found(
    start_pacs: Callable[..., Filmless],
) -> None:
    server = start_pacs()
    made = instances.study(1)
    with server.client() as client:
        store(client, made)
        assert client.get(f"/dicom-web/studies/{made[0].StudyInstanceUID}/metadata").is_success
    server.stop()
    first = json.loads(server.cli("audit", "verify", "--json", "-").stdout)
    assert (first["count"], first["unsealed"]) == (0, 0), "the worker ends with everything in its place"
    assert first["lines"] >= 2
    assert first["anchored"] == first["last"], "and told of"
    noted = server.cli("audit", "head").stdout.strip()
    assert "whole" in server.cli("audit", "verify", "--head", noted).stdout
    with sqlite3.connect(server.data / "filmless.db") as database:
        (position,) = database.execute("SELECT position FROM audit_event WHERE action = 'store'").fetchone()
        database.execute("UPDATE audit_event SET actor = 'nobody' WHERE position = ?", (position,))
        database.execute("DELETE FROM audit_event WHERE position = ?", (position + 1,))
    ended = server.cli("audit", "verify", "--head", noted, check=False)
    told = ended.stdout
    assert ended.returncode == 2
    assert f"Line {position} (event" in told
    assert "was altered" in told
    assert f"Line {position + 1} was removed" in told
