"""One search of many archives: three Filmless on both databases, Orthanc, dcmqrscp, and peers as one fears them."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest

from storage.access import audit, facilities
from storage.access.principal import Role
from storage.archive import peer
from storage.archive.peer import PeerSettings
from tests import instances
from tests.pacs.message import part10, store
from tests.pacs.server import WebServer
from tests.peers import dcmqrscp, dcmtk, free_port, orthanc, postgresql, rude_web

pytestmark = pytest.mark.interop
LIMIT = 40
NAME, NATIONAL_ID = "TRẦN^THỊ^ĐÀO", "001080000123"


@dataclass
class Linked:
    """A Filmless that knows all others, and each of the others."""

    hub: WebServer
    east: WebServer
    west: WebServer
    orthanc: orthanc.Orthanc
    machine: dcmqrscp.Dcmqrscp
    rude: rude_web.RudeWeb
    uids: dict[str, str]  # of the study that each has, by the code of its facility

    @contextmanager
    def asking(self, *names: str) -> Iterator[httpx.Client]:
        """A client of the hub while it asks these peers alone."""
        for one in peer.everything(self.hub.archive):
            settings = {name: getattr(one, name) for name in PeerSettings.__dataclass_fields__}
            peer.change(self.hub.archive, one.name, PeerSettings(**settings | {"enabled": one.name in names}), {})
        with self.hub.client(Role.RADIOLOGIST) as client:
            yield client


def patient(name: str = NAME, patient_id: str = NATIONAL_ID, count: int = 1) -> list[Any]:
    return instances.study(count, patient_name=name, patient_id=patient_id, rows=8, columns=8)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory, postgres: postgresql.PostgreSQL) -> Iterator[Linked]:
    folder = tmp_path_factory.mktemp("network")

    def web(name: str, database: str) -> WebServer:
        (folder / name).mkdir()
        made = WebServer(folder / name, database, {"FILMLESS_MAXIMUM_NETWORK_RESULTS": str(LIMIT)})
        made.start()
        return made

    hub = web("hub", f"sqlite:///{folder / 'hub.db'}")
    east = web("east", f"sqlite:///{folder / 'east.db'}")
    west = web("west", postgres.database())
    with (
        orthanc.running(folder / "orthanc") as other,
        dcmqrscp.running(folder / "dcmqrscp") as machine,
        rude_web.running() as rude,
    ):
        made = Linked(hub, east, west, other, machine, rude, {})
        try:
            fill(made)
            link(made)
            yield made
        finally:
            for server in (hub, east, west):
                server.close()
                assert '"unexpected"' not in server.log.read_text()


def fill(made: Linked) -> None:
    """Each has a study of the same patient."""
    for code, server in (("LOCAL", made.hub), ("EAST", made.east), ("WEST", made.west)):
        (one,) = patient()
        with server.client() as client:
            store(client, [one])
        made.uids[code] = one.StudyInstanceUID
    (one,) = patient()
    httpx.post(f"{made.orthanc.url}/instances", content=part10(one), timeout=60).raise_for_status()
    made.uids["ORTH"] = one.StudyInstanceUID
    datasets = patient("Trần Thị Đào")
    paths = instances.save(datasets, made.machine.folder / "sent")
    sent = dcmtk.dcmsend(paths, made.machine.port, aec=made.machine.aet)
    assert sent.acknowledged == {datasets[0].SOPInstanceUID}, sent.output
    made.uids["DCMTK"] = datasets[0].StudyInstanceUID


def link(made: Linked) -> None:
    """The hub knows all of them, each as a facility."""
    archive = made.hub.archive

    def add(name: str, settings: PeerSettings, **secrets: str) -> None:
        facilities.put(archive.index, settings.facility_code, f"Bệnh viện {name}")
        peer.add(archive, name, settings, secrets)

    for name, code, server in (("east", "EAST", made.east), ("west", "WEST", made.west)):
        settings = PeerSettings(kind="filmless", facility_code=code, url=server.url, sign_in="bearer", seconds=30)
        add(name, settings, token=server.token(Role.REFERRER))
    add("orthanc", PeerSettings(kind="orthanc", facility_code="ORTH", url=made.orthanc.url, seconds=30))
    add(
        "dicomweb", PeerSettings(kind="dicomweb", facility_code="OWEB", url=f"{made.orthanc.url}/dicom-web", seconds=30)
    )
    port = made.machine.port
    machine = PeerSettings(kind="dimse", facility_code="DCMTK", ae_title=made.machine.aet, host="127.0.0.1", port=port)
    add("dcmtk", machine)
    add("closed", PeerSettings(kind="dicomweb", facility_code="CLOSED", url=f"http://127.0.0.1:{free_port()}"))
    for path in ("hangs", "fails", "refuses", "redirects", "talks", "many", "lies"):
        seconds = 1.0 if path == "hangs" else 30.0
        rude = PeerSettings(kind="dicomweb", facility_code=path.upper(), url=f"{made.rude.url}/{path}", seconds=seconds)
        add(path, rude)


def lines(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    """What the list is told, all of it."""
    with client.stream("GET", "/api/network/studies", params=query) as answer:
        assert answer.status_code == 200, answer.read()
        return [json.loads(line) for line in answer.iter_lines()]


def states(told: list[dict[str, Any]]) -> dict[str, str]:
    """How each place stood in the end."""
    return {line["peer"]: line["state"] for line in told if line["kind"] == "source"}


def studies(told: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The last line of each study."""
    return {line["study"]["study_instance_uid"]: line for line in told if line["kind"] == "study"}


REAL = ("east", "west", "orthanc", "dcmtk")


@pytest.mark.parametrize("text", ["tran thi dao", "ĐÀO trần", NATIONAL_ID, f"{NATIONAL_ID} dao"])
def test_a_study_anywhere_is_found_by_unaccented_name_and_by_national_id(linked: Linked, text: str) -> None:
    with linked.asking(*REAL) as client:
        told = lines(client, q=text)
    assert states(told) == {"": "answered"} | dict.fromkeys(REAL, "answered")
    assert told[-1] == {"kind": "end", "complete": True}
    found = studies(told)
    assert found.keys() == set(linked.uids.values())
    for code, uid in linked.uids.items():
        (place,) = found[uid]["places"]
        assert place["facility_code"] == code
        assert place["number_of_instances"] == (1 if code != "DCMTK" else place["number_of_instances"])


def test_who_is_not_meant_is_not_found(linked: Linked) -> None:
    with linked.asking(*REAL) as client:
        told = lines(client, q="tran thi dung")
    assert told[-1]["complete"]
    assert not studies(told)


def test_standard_clients_search_the_network_under_a_root_of_its_own(linked: Linked) -> None:
    with linked.asking(*REAL, "dicomweb") as client:
        answer = client.get("/network/dicom-web/studies", params={"PatientName": "Tran^Thi^Dao"})
        own = client.get("/dicom-web/studies", params={"PatientName": "Tran^Thi^Dao"})
        pages = [
            client.get("/network/dicom-web/studies", params={"PatientID": NATIONAL_ID, "limit": 2, "offset": offset})
            for offset in (0, 2, 4)
        ]
        series = client.get(f"/network/dicom-web/studies/{linked.uids['WEST']}/series")
    assert answer.status_code == 200
    assert "warning" not in answer.headers
    found = {row["0020000D"]["Value"][0]: row for row in answer.json()}
    assert found.keys() == set(linked.uids.values())
    retrievable = {uid for uid, row in found.items() if "00081190" in row}
    assert retrievable == {linked.uids["LOCAL"]}
    assert [row["0020000D"]["Value"][0] for row in own.json()] == [linked.uids["LOCAL"]]
    paged = [row["0020000D"]["Value"][0] for page in pages for row in page.json()]
    assert sorted(paged) == sorted(linked.uids.values())
    assert [row["0020000D"]["Value"][0] for row in series.json()] == [linked.uids["WEST"]]


def test_the_others_are_told_while_one_hangs_and_each_failure_has_its_words(linked: Linked) -> None:
    rude = ("hangs", "fails", "refuses", "redirects", "talks", "closed")
    with linked.asking("east", *rude) as client:
        told = lines(client, q="tran thi dao")
    assert states(told) == {
        "": "answered",
        "east": "answered",
        "hangs": "slow",
        "fails": "failed",
        "refuses": "refused",
        "redirects": "failed",
        "talks": "failed",
        "closed": "down",
    }
    assert told[-1] == {"kind": "end", "complete": False}
    assert {linked.uids["LOCAL"], linked.uids["EAST"]} == studies(told).keys()
    # The line of the study stands before that of the peer whose time is over: it was shown meanwhile.
    order = [line.get("peer", "") for line in told if line["kind"] == "source" and line["state"] != "asked"]
    assert order[-1] == "hangs"
    with linked.asking("hangs", "refuses") as client:
        answer = client.get("/network/dicom-web/studies", params={"PatientID": "nobody"})
    assert answer.json() == []
    assert "HANGS (hangs) did not answer in time" in answer.headers["warning"]
    assert "REFUSES (refuses) refuses us" in answer.headers["warning"]
    assert answer.headers["x-total-count-relation"] == "at-least"


def test_a_peer_with_a_hundred_thousand_studies_is_cut_and_its_answer_is_not_read_to_the_end(linked: Linked) -> None:
    with linked.asking("many", "east") as client:
        before = memory(linked.hub.pid)
        told = lines(client, q="nguyen duc")
        after = memory(linked.hub.pid)
    (many,) = [line for line in told if line.get("peer") == "many" and line["state"] != "asked"]
    assert (many["state"], many["rows"], many["more"]) == ("answered", LIMIT, True)
    assert len(studies(told)) == LIMIT
    assert not told[-1]["complete"]
    assert after - before < 64 * 1024 * 1024


def memory(pid: int) -> int:
    root = psutil.Process(pid)
    return int(sum(one.memory_info().rss for one in [root, *root.children(recursive=True)]))


def test_copies_of_one_study_are_one_row_that_says_which_is_whole(linked: Linked) -> None:
    slices = patient("LÊ^VĂN^HAI", "HAI1", count=3)
    for server, some in ((linked.hub, slices[:1]), (linked.east, slices), (linked.west, slices[:2])):
        with server.client() as client:
            store(client, some)
    with linked.asking("east", "west") as client:
        told = lines(client, q="HAI1")
        (row,) = client.get("/network/dicom-web/studies", params={"PatientID": "HAI1"}).json()
    (one,) = studies(told).values()
    assert [(place["facility_code"], place["number_of_instances"], place["lacks"]) for place in one["places"]] == [
        ("EAST", 3, False),
        ("WEST", 2, True),
        ("LOCAL", 1, True),
    ]
    assert one["differs"] == []
    assert row["00201208"]["Value"] == [3]
    assert "00081190" not in row  # what is here is not all of it


def test_a_peer_that_gives_a_study_to_another_patient_is_told_apart(linked: Linked) -> None:
    uid = linked.uids["EAST"]
    linked.rude.lies = [rude_web.study(1, uid=uid, name="TRẦN^THỊ^ĐÀO", patient_id=NATIONAL_ID)]
    linked.rude.lies[0]["00100030"]["Value"] = ["19991231"]
    with linked.asking("east", "lies") as client:
        told = lines(client, q=NATIONAL_ID)
        answer = client.get("/network/dicom-web/studies", params={"PatientID": NATIONAL_ID})
    one = studies(told)[uid]
    assert one["differs"] == ["patient_birth_date"]
    assert {place["patient_birth_date"] for place in one["places"]} == {"19800102", "19991231"}
    assert "different patients" in answer.headers["warning"]


def test_what_a_peer_gives_unasked_is_left_out(linked: Linked) -> None:
    linked.rude.lies = [rude_web.study(7, name="PHẠM^VĂN^BA", patient_id="OTHER")]
    with linked.asking("lies") as client:
        assert studies(lines(client, q=NATIONAL_ID)).keys() == {linked.uids["LOCAL"]}


def test_a_search_of_everything_is_refused_and_asks_nobody(linked: Linked) -> None:
    linked.rude.asked.clear()
    with linked.asking("lies") as client:
        for query in ({}, {"state": "arriving", "q": "a"}, {"q": "1 2 3"}):
            assert client.get("/api/network/studies", params=query).status_code == 400
        assert client.get("/network/dicom-web/studies", params={"StudyDate": "yesterday"}).status_code == 400
    with linked.hub.client(Role.TECHNOLOGIST) as client:
        assert client.get("/api/network/studies", params={"q": "dao"}).status_code == 403
    assert linked.rude.asked == []


def test_a_search_is_in_the_audit_of_both_sides(linked: Linked) -> None:
    with linked.asking("east") as client:
        lines(client, q="tran thi dao")
    with linked.hub.archive.index.read() as connection:
        (event, *_) = [one for one in audit.events(connection, limit=5) if one.action == "search-network"]
    detail = json.loads(event.detail)
    assert (detail["peers"], detail["keys"]) == (["east"], ["text=tran thi dao"])
    with linked.east.archive.index.read() as connection:
        (event, *_) = audit.events(connection, limit=1)
    assert (event.action, event.actor_kind) == ("search", "token")


def test_a_peer_that_is_not_asked_any_more_is_silent(linked: Linked) -> None:
    with linked.asking() as client:
        told = lines(client, q="tran thi dao")
    assert states(told) == {"": "answered"}
    assert studies(told).keys() == {linked.uids["LOCAL"]}


STEPS = ("reach", "tls", "sign-in", "search", "retrieve")


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("east", ("well", "clear", "well", "well", "well")),
        ("orthanc", ("well", "clear", "well", "well", "well")),
        ("dicomweb", ("well", "clear", "well", "well", "well")),
        ("dcmtk", ("well", "clear", "well", "well", "well")),
        ("closed", ("failed", "untried", "untried", "untried", "untried")),
        ("hangs", ("failed", "untried", "untried", "untried", "untried")),
        ("refuses", ("well", "clear", "failed", "untried", "untried")),
        ("fails", ("well", "clear", "failed", "untried", "untried")),
    ],
)
def test_trying_a_peer_says_which_step_fails(linked: Linked, name: str, outcomes: tuple[str, ...]) -> None:
    with linked.hub.client() as client:
        answer = client.post("/api/peers/test", json={"name": name})
    assert answer.status_code == 200
    steps = answer.json()["steps"]
    assert [step["name"] for step in steps] == list(STEPS)
    assert tuple(step["outcome"] for step in steps) == outcomes, steps
    assert all(step["cause"] and step["message"] for step in steps if step["outcome"] == "failed")


def test_peers_are_for_administrators_and_secrets_are_never_told(linked: Linked) -> None:
    with linked.hub.client(Role.RADIOLOGIST) as client:
        for answer in (
            client.get("/api/peers"),
            client.get("/api/facilities/all"),
            client.post("/api/peers/test", json={"name": "east"}),
            client.delete("/api/peers", params={"name": "east"}),
        ):
            assert answer.status_code == 403
    with linked.hub.client() as client:
        body = {"name": "new", "kind": "orthanc", "facility_code": "ORTH", "url": "http://10.0.0.1:8042"}
        body |= {"sign_in": "basic", "user_name": "u"}
        assert client.post("/api/peers", json=body).status_code == 400  # no password
        made = client.post("/api/peers", json={**body, "secrets": {"password": "hidden words"}})
        assert made.status_code == 201
        told = made.text + client.get("/api/peers").text
        assert "hidden words" not in told
        assert made.json()["secret_names"] == ["password"]
        assert client.put("/api/peers", json={**body, "seconds": 3}).json()["seconds"] == 3.0
        assert client.delete("/api/peers", params={"name": "new"}).status_code == 204


def test_an_address_that_only_listens_is_not_waited_for_longer_than_its_time(linked: Linked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        facilities.put(linked.hub.archive.index, "SILENT", "Silent")
        silent = PeerSettings(
            kind="dimse", facility_code="SILENT", ae_title="SILENT", host="127.0.0.1", port=port, seconds=1
        )
        peer.add(linked.hub.archive, "silent", silent, {})
        try:
            with linked.asking("silent", "east") as client:
                told = lines(client, q="tran thi dao")
        finally:
            peer.remove(linked.hub.archive, "silent")
    assert states(told) == {"": "answered", "east": "answered", "silent": "slow"}
