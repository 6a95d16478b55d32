"""What went wrong on the DICOM network, and who is connected, as every process tells in the index."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.access import facilities
from storage.access.principal import SYSTEM, Principal
from storage.archive import Archive, live_association, network_finding
from storage.archive.live_association import Live, Register
from storage.archive.network_finding import Cause, Finding, Peer, dismiss, listed, note
from storage.errors import Forbidden, NotFound
from storage.index.network_schema import dicom_process
from storage.settings import StorageSettings

CT1 = Peer("CT1", "PACS", "10.0.0.5")


@pytest.fixture
def archive(storage_settings: StorageSettings) -> Iterator[Archive]:
    """An empty archive on both databases."""
    opened = Archive.open(storage_settings)
    opened.index.migrate()
    yield opened
    opened.close()


def live(archive: Archive, name: str, requests: int = 0) -> Live:
    facility = facilities.get_or_create(archive.index, "LOCAL").id
    now = datetime.now(UTC)
    return Live(name, "CT1", "FILMLESS", "10.0.0.5", facility, "", "TLSv1.3", "C-STORE", requests, 0, now, now)


def register(archive: Archive) -> Register:
    return Register(archive, ae_title="FILMLESS", port=11112, tls_port=0, maximum_associations=64)


def test_the_same_again_is_counted_and_its_latest_detail_kept(archive: Archive) -> None:
    note(archive.index, "a", [(Finding(Cause.CALLED_AE, CT1, detail={"ours": "OLD"}), 1)])
    note(archive.index, "b", [(Finding(Cause.CALLED_AE, CT1, detail={"ours": "FILMLESS"}), 2)])
    note(archive.index, "b", [(Finding(Cause.LOST, CT1), 1)])
    lost, called = listed(archive, SYSTEM)
    assert (lost.cause, lost.times) == ("lost", 1)
    assert (called.times, called.node, called.detail, called.peer) == (3, "b", {"ours": "FILMLESS"}, CT1)
    assert called.first_at < called.last_at


def test_a_flood_of_strangers_leaves_the_latest(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_finding, "MOST_ROWS", 20)
    for start in range(0, 60, 10):
        strangers = [Peer(f"X{number}", "", "10.0.0.9") for number in range(start, start + 10)]
        note(archive.index, "a", [(Finding(Cause.CALLING_AE, peer), 1) for peer in strangers])
    kept = [finding.peer.calling_ae_title for finding in listed(archive, SYSTEM)]
    assert sorted(kept) == sorted(f"X{number}" for number in range(40, 60))


def test_a_finding_that_was_seen_to_is_gone_until_it_happens_again(archive: Archive) -> None:
    note(archive.index, "a", [(Finding(Cause.ADDRESS, CT1), 5)])
    (found,) = listed(archive, SYSTEM)
    with pytest.raises(Forbidden):
        dismiss(archive, Principal("user", "an", facilities=None), found.id)
    dismiss(archive, SYSTEM, found.id)
    with pytest.raises(NotFound):
        dismiss(archive, SYSTEM, found.id)
    note(archive.index, "a", [(Finding(Cause.ADDRESS, CT1), 1)])
    assert [one.times for one in listed(archive, SYSTEM)] == [1]


def test_associations_of_all_processes_are_seen_until_they_end(archive: Archive) -> None:
    one, other = register(archive), register(archive)
    one.tell([live(archive, "a"), live(archive, "b")], heartbeat=True)
    other.tell([live(archive, "c")], heartbeat=True)
    one.tell([live(archive, "b", requests=7)], heartbeat=False)
    seen = {found["association"]: found["requests"] for found in live_association.associations(archive, SYSTEM)}
    assert seen == {"b": 7, "c": 0}
    other.close()
    assert [found["association"] for found in live_association.associations(archive, SYSTEM)] == ["b"]
    assert [found["port"] for found in live_association.processes(archive, SYSTEM)] == [11112]


def test_a_process_that_died_is_forgotten_and_one_that_was_only_slow_comes_back(archive: Archive) -> None:
    slow, other = register(archive), register(archive)
    slow.tell([live(archive, "a")], heartbeat=True)
    with archive.index.write() as connection:
        connection.execute(update(dicom_process).values(seen_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert live_association.associations(archive, SYSTEM) == []
    other.tell([], heartbeat=True)
    assert len(live_association.processes(archive, SYSTEM)) == 1
    slow.tell([live(archive, "a")], heartbeat=True)
    assert [found["association"] for found in live_association.associations(archive, SYSTEM)] == ["a"]


def test_only_administrators_of_everything_see_the_network(archive: Archive) -> None:
    for read in (live_association.associations, live_association.processes, listed):
        with pytest.raises(Forbidden):
            read(archive, Principal("user", "an", facilities=None))


def test_every_cause_is_explained_on_the_page() -> None:
    diagnosis = Path(__file__).parents[3] / "viewer" / "src" / "app" / "network" / "diagnosis.ts"
    named = diagnosis.read_text(encoding="utf-8")
    assert [cause.value for cause in Cause if f"'{cause.value}'" not in named] == []
