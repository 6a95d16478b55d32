"""The account after a fault: what was acknowledged is served byte for byte, and nothing else is there."""

import hashlib
from collections.abc import Iterable, Sequence

import httpx

from pacs.dicomweb.media_type import parse_one
from tests.faults.node import Node
from tests.faults.sender import Instance, data_set_in

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def served(client: httpx.Client, study: str) -> dict[str, str]:
    """What WADO-RS gives of a study: SOP Instance UID → SHA-256 of the data set; empty if there is no such study."""
    answer = client.get(f"/dicom-web/studies/{study}", headers={"Accept": AS_STORED})
    if answer.status_code == 404:
        return {}
    assert answer.status_code == 200, answer.text
    boundary = b"--" + parse_one(answer.headers["content-type"]).parameters["boundary"].encode()
    first, *parts, last = (b"\r\n" + answer.content).split(b"\r\n" + boundary)
    assert first == b""
    assert last.startswith(b"--"), "the message is cut off"
    files = [part.partition(b"\r\n\r\n")[2] for part in parts]
    return {_sop_instance_uid(file): hashlib.sha256(data_set_in(file)).hexdigest() for file in files}


def _sop_instance_uid(file: bytes) -> str:
    at = file.index(b"\x02\x00\x03\x00UI")
    length = int.from_bytes(file[at + 6 : at + 8], "little")
    return file[at + 8 : at + 8 + length].rstrip(b"\0").decode()


def listed(client: httpx.Client, study: str) -> set[str]:
    """The instances QIDO-RS lists in a study."""
    answer = client.get(f"/dicom-web/studies/{study}/instances", params={"limit": 1000})
    if answer.status_code == 204:
        return set()
    assert answer.status_code == 200, answer.text
    return {row["00080018"]["Value"][0] for row in answer.json()}


def described(client: httpx.Client, study: str) -> set[str]:
    """The instances in the metadata of a study."""
    answer = client.get(f"/dicom-web/studies/{study}/metadata")
    if answer.status_code == 404:
        return set()
    assert answer.status_code == 200, answer.text
    return {row["00080018"]["Value"][0] for row in answer.json()}


def settle(client: httpx.Client, sent: Sequence[Instance], acknowledged: Iterable[str]) -> set[str]:
    """Assert the account of the studies of ``sent``; gives the SOP Instance UIDs that are kept.

    Kept may be more than acknowledged: what was durable when its answer was lost. It is never less, and every
    instance that any of the three services tells of is there with the bytes that were sent.
    """
    right = {instance.sop: instance.digest for instance in sent}
    kept: set[str] = set()
    for study in {instance.study for instance in sent}:
        found = served(client, study)
        assert found == {sop: right.get(sop, "nobody sent it") for sop in found}
        assert listed(client, study) == set(found), "the index lists other instances than are served"
        assert described(client, study) == set(found), "the metadata tell of other instances than are served"
        kept |= set(found)
    lost = set(acknowledged) - kept
    assert not lost, f"{len(lost)} acknowledged instances are lost"
    return kept


def settle_everything(node: Node, client: httpx.Client) -> None:
    """Assert that, once the worker has emptied the spool, there is one object for each instance and nothing else."""
    node.wait_uploaded()
    assert not node.incoming()
    total = int(client.get("/api/studies", params={"limit": 1}).json()["total"])
    rows = client.get("/api/studies", params={"limit": max(total, 1)}).json()["studies"]
    assert len(node.objects()) == sum(row["number_of_instances"] for row in rows)
