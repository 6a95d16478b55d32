"""The start after an unclean stop: what the index has forgotten comes back from the spool, and this may be cut too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.account import settle, settle_everything
from tests.faults.node import Node, node
from tests.faults.sender import acknowledged, send, study

pytestmark = pytest.mark.faults


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Node]:
    """A node without a worker: what it receives stays in the spool."""
    with node(tmp_path / "data", ("dicom",)) as made:
        yield made


def forget_index(stopped: Node) -> None:
    """What a power cut may do to commits that were not synced, at its worst."""
    for file in stopped.data.glob("filmless.db*"):
        file.unlink()


def test_a_recovery_that_is_cut_half_way_is_completed_by_the_next(receiving: Node) -> None:
    sent = study(6)
    told = acknowledged(send(receiving.dicom_port, sent))
    receiving.slay("dicom")
    forget_index(receiving)

    receiving.arm("reconcile: file", 3)
    receiving.begin("dicom")
    receiving.wait_dead("dicom")
    receiving.serve("dicom", "web", "worker")
    with receiving.client() as client:
        assert len(settle(client, sent, told)) == 6
        settle_everything(receiving, client)
    assert not receiving.quarantined()


def test_a_damaged_file_is_put_aside_even_if_that_is_cut(receiving: Node) -> None:
    sent = study(3)
    told = acknowledged(send(receiving.dicom_port, sent))
    receiving.slay("dicom")
    forget_index(receiving)
    damaged = next(
        path for path in (receiving.data / "spool" / "ready").iterdir() if sent[1].sop.encode() in path.read_bytes()
    )
    content = bytearray(damaged.read_bytes())
    content[-100] ^= 1
    damaged.write_bytes(content)

    receiving.arm("quarantine: noted")
    receiving.begin("dicom")
    receiving.wait_dead("dicom")
    receiving.serve("dicom", "web", "worker")
    assert receiving.quarantined() == [damaged.name]
    assert (receiving.data / "spool" / "quarantine" / damaged.name).read_bytes() == content
    with receiving.client() as client:
        assert settle(client, sent, told - {sent[1].sop}) == told - {sent[1].sop}
        settle_everything(receiving, client)
        assert acknowledged(send(receiving.dicom_port, sent)) == {instance.sop for instance in sent}
        assert len(settle(client, sent, told)) == 3
