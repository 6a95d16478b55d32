"""Store requests that stop half-way, dawdle or lie about their length: nothing is half stored (PS3.18 §10.5)."""

import socket
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.faults.account import listed, settle, settle_everything
from tests.faults.node import Node, node
from tests.faults.sender import study
from tests.faults.web_sender import BOUNDARY, begun, body, post, status
from tests.wait import until

pytestmark = pytest.mark.faults

PATIENCE_S = 2.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    data = tmp_path_factory.mktemp("web") / "data"
    with node(data, ("web", "worker"), FILMLESS_REQUEST_TIMEOUT=str(PATIENCE_S)) as made:
        yield made
        assert '"unexpected"' not in made.log.read_text(), "a peer's fault is no error of ours"


@pytest.fixture(scope="module")
def client(running: Node) -> Iterator[httpx.Client]:
    with running.client() as made:
        yield made


@pytest.fixture(autouse=True)
def others_are_served(running: Node, client: httpx.Client) -> Iterator[None]:
    """After each test an honest request is served, and no trace of the other is left."""
    yield
    sent = study(2)
    assert post(client, sent) == {instance.sop for instance in sent}
    until(lambda: not running.incoming(), within_s=10)
    settle(client, sent, {instance.sop for instance in sent})
    settle_everything(running, client)


def wait_quiet(running: Node, client: httpx.Client, study_instance_uid: str) -> None:
    """Wait until the server has dealt with all it has read."""
    seen: set[str] | None = None
    while running.incoming() or seen != (seen := listed(client, study_instance_uid)):
        time.sleep(0.3)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.999])
def test_a_client_that_goes_half_way_leaves_whole_instances_or_none(
    running: Node, client: httpx.Client, share: float
) -> None:
    sent = study(4, size=512)
    message = body(sent)
    with begun(running, len(message)) as connection:
        connection.sendall(message[: int(len(message) * share)])
    wait_quiet(running, client, sent[0].study)
    assert len(settle(client, sent, set())) < 4


def test_a_slow_body_arrives_and_holds_up_nobody(running: Node, client: httpx.Client) -> None:
    sent, other = study(1, size=16), study(1)
    message = body(sent)
    with begun(running, len(message)) as connection:
        connection.sendall(message[:100])
        for position in range(100, len(message), 40):
            connection.sendall(message[position : position + 40])
            time.sleep(0.01)
            if position == 500:
                assert post(client, other)
        assert status(connection) == 200
    settle(client, sent, {sent[0].sop})


def test_a_body_that_stalls_is_given_up(running: Node, client: httpx.Client) -> None:
    sent = study(2)
    message = body(sent)
    with begun(running, len(message)) as connection:
        connection.sendall(message[:-1000])
        assert status(connection) == 408
    wait_quiet(running, client, sent[0].study)
    assert len(settle(client, sent, set())) < 2


def test_a_hundred_slow_bodies_hold_up_nobody(running: Node, client: httpx.Client) -> None:
    message = body(study(1))
    slow = [begun(running, len(message)) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(message[:5000])
        sent = study(1)
        assert post(client, sent)
    finally:
        for connection in slow:
            connection.close()
    until(lambda: not running.incoming(), within_s=10)


def test_a_length_beyond_the_body_is_no_success(running: Node, client: httpx.Client) -> None:
    sent = study(2)
    message = body(sent)
    with begun(running, len(message) + 1000) as connection:
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        assert status(connection) in (0, 400)
    settle(client, sent, set())


def test_a_length_short_of_the_body_is_no_success(running: Node, client: httpx.Client) -> None:
    sent = study(1)
    message = body(sent)
    with begun(running, len(message) // 2) as connection:
        connection.sendall(message)
        assert status(connection) == 400
    assert not settle(client, sent, set())


@pytest.mark.parametrize("length", [20 * 1024**3, 2**63, 10**40], ids=["20 GB", "8 EB", "absurd"])
def test_a_length_beyond_all_limits_is_refused_unread(running: Node, length: int) -> None:
    process = psutil.Process(running.pids("web")[-1])
    before = process.memory_info().rss
    with begun(running, length) as connection:
        assert status(connection) in (0, 400, 413)
    assert process.memory_info().rss - before < 16 * 1024 * 1024


def endings() -> dict[str, bytes]:
    """Multipart messages that are not what their head says."""
    whole = body(study(1))
    head, _, _ = whole.partition(b"\r\n\r\n")
    return {
        "no closing boundary": whole[: -len(BOUNDARY) - 6],
        "a part without an end": whole[: len(whole) // 2],
        "a head without an end": head,
        "an endless head": head + b"\r\nX: " + b"x" * 200_000,
        "no boundary at all": b"x" * 100_000,
        "only the closing boundary": f"--{BOUNDARY}--\r\n".encode(),
        "nothing": b"",
    }


ENDINGS = endings()


@pytest.mark.parametrize("message", ENDINGS.values(), ids=ENDINGS.keys())
def test_half_a_multipart_message_is_refused(running: Node, message: bytes) -> None:
    with begun(running, len(message)) as connection:
        connection.sendall(message)
        assert status(connection) in (400, 409)


def test_whole_parts_before_a_cut_are_kept_and_told_apart(client: httpx.Client) -> None:
    sent = study(3)
    message = body(sent)
    cut = message[: len(message) - len(sent[2].file) // 2]
    answer = client.post(
        "/dicom-web/studies",
        content=cut,
        headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'},
    )
    assert answer.status_code == 202
    told = {item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"]}
    assert told == {sent[0].sop, sent[1].sop}
    assert settle(client, sent, told) == told
