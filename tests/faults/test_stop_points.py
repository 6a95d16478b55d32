"""Each process dies at each point on the way of an instance: nothing acknowledged is lost, nothing is half there."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from storage.fault_point import Point
from tests.faults.account import settle, settle_everything
from tests.faults.node import Node, node
from tests.faults.sender import acknowledged, send, study
from tests.faults.web_sender import post, post_one_by_one

pytestmark = pytest.mark.faults

DURABLE: list[Point] = [
    "spool: first bytes",
    "spool: complete",
    "spool: durable",
    "index: before commit",
    "index: committed",
]
UPLOAD: list[Point] = ["upload: begin", "upload: created", "upload: verified", "upload: noted"]
DOCUMENT: list[Point] = ["series document: made", "series document: stored"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with node(tmp_path_factory.mktemp("stop") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def client(running: Node) -> Iterator[httpx.Client]:
    with running.client() as made:
        yield made


@pytest.mark.parametrize("point", [*DURABLE, "answer: sent"])
def test_the_dicom_process_dies_while_it_receives(running: Node, client: httpx.Client, point: Point) -> None:
    sent = study(5)
    running.arm(point, 3)
    told = acknowledged(send(running.dicom_port, sent))
    running.wait_dead("dicom")
    assert told == {instance.sop for instance in sent[: 3 if point == "answer: sent" else 2]}

    running.serve("dicom")
    assert len(settle(client, sent, told)) <= 3
    assert acknowledged(send(running.dicom_port, sent)) == {instance.sop for instance in sent}
    settle(client, sent, {instance.sop for instance in sent})
    settle_everything(running, client)


@pytest.mark.parametrize("point", ["spool: durable", "index: before commit", "index: committed"])
def test_four_associations_lose_nothing_together(running: Node, client: httpx.Client, point: Point) -> None:
    studies = [study(8) for _ in range(4)]
    told: set[str] = set()
    running.arm(point, 5)
    senders = [
        threading.Thread(target=lambda sent=sent: told.update(acknowledged(send(running.dicom_port, sent))))
        for sent in studies
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    running.wait_dead("dicom")

    running.serve("dicom")
    everything = [instance for sent in studies for instance in sent]
    kept = settle(client, everything, told)
    assert len(kept - told) <= 4, "at most the one of each association was under way"
    settle_everything(running, client)


@pytest.mark.parametrize("point", ["spool: first bytes", "spool: durable", "index: committed"])
def test_the_web_process_dies_between_store_requests(running: Node, client: httpx.Client, point: Point) -> None:
    sent = study(4)
    running.arm(point, 3)
    told = post_one_by_one(client, sent)
    assert running.fired(point)
    assert told == {instance.sop for instance in sent[:2]}
    running.revive("web")
    assert len(settle(client, sent, told)) <= 3
    assert post(client, sent) == {instance.sop for instance in sent}
    settle(client, sent, {instance.sop for instance in sent})
    settle_everything(running, client)


@pytest.mark.parametrize("point", ["spool: complete", "index: before commit"])
def test_the_web_process_dies_within_a_store_request(running: Node, client: httpx.Client, point: Point) -> None:
    sent = study(5)
    running.arm(point, 3)
    assert not post(client, sent)
    assert running.fired(point)
    running.revive("web")
    assert len(settle(client, sent, set())) <= 3
    assert post(client, sent) == {instance.sop for instance in sent}
    settle(client, sent, {instance.sop for instance in sent})
    settle_everything(running, client)


@pytest.mark.parametrize("point", UPLOAD)
def test_the_worker_dies_while_it_uploads(running: Node, client: httpx.Client, point: Point) -> None:
    sent = study(6)
    running.arm(point, 2 if point in UPLOAD[:2] else 1)
    told = acknowledged(send(running.dicom_port, sent))
    running.wait_dead("worker")
    assert len(told) == 6
    settle(client, sent, told)
    running.begin("worker")
    settle_everything(running, client)
    settle(client, sent, told)


@pytest.mark.parametrize("point", DOCUMENT)
def test_the_worker_dies_while_it_writes_a_series_document(running: Node, client: httpx.Client, point: Point) -> None:
    sent = study(3)
    running.arm(point)
    told = acknowledged(send(running.dicom_port, sent))
    running.wait_dead("worker")
    settle(client, sent, told)
    running.begin("worker")
    assert acknowledged(send(running.dicom_port, study(1))), "others are received meanwhile"
    settle_everything(running, client)


@pytest.mark.parametrize("point", DOCUMENT)
def test_the_web_process_dies_while_it_writes_a_series_document(
    running: Node, client: httpx.Client, point: Point
) -> None:
    sent = study(3)
    told = acknowledged(send(running.dicom_port, sent))
    running.arm(point)
    with pytest.raises(httpx.TransportError):
        client.get(f"/dicom-web/studies/{sent[0].study}/metadata")
    running.revive("web")
    settle(client, sent, told)
