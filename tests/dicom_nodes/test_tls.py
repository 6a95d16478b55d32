"""Associations under TLS, as they are called and as we call."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dicom_nodes.scp.server import Node
from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.store import store
from dicom_nodes.settings import NodeSettings
from dicom_nodes.upper_layer.tls import TLSUnavailable
from storage.access import ae, certificates
from storage.access.ae_policy import Policy
from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.network_finding import Cause, listed
from tests.dicom_nodes.conftest import RunningNode
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write
from tests.dicom_nodes.test_store import kept_data_set
from tests.peers import dcmtk, free_port

Start = Callable[..., RunningNode]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of a node and of two machines."""
    folder = tmp_path_factory.mktemp("tls")
    certificates.make_authority(folder, "BV")
    for name in ("node", "CT1"):
        certificates.issue(folder, name, ["127.0.0.1"], 30)
    return folder


def secure(node: RunningNode, certificate_sha256: str = "") -> Destination:
    """The node, to be called with TLS."""
    return Destination("FILMLESS", "127.0.0.1", node.port, tls=True, certificate_sha256=certificate_sha256)


def test_large_instances_go_both_ways_byte_for_byte(
    start_node: Start, archive: Archive, tls: Path, tmp_path: Path
) -> None:
    node = start_node(dicom_tls_dir=tls)
    datasets = [ct(size=1024), ct(size=700), ct(size=64)]
    paths = [write(tmp_path, dataset) for dataset in datasets]
    assert [sent.status for sent in store(paths, secure(node), node.settings)] == [0, 0, 0]
    for dataset, path in zip(datasets, paths, strict=True):
        kept = kept_data_set(archive, dataset.StudyInstanceUID, dataset.SOPInstanceUID)
        assert hashlib.sha256(kept).digest() == hashlib.sha256(data_set_of(path)).digest()


def test_images_are_sent_to_a_machine_that_wants_tls(
    node: RunningNode, archive: Archive, tls: Path, tmp_path: Path
) -> None:
    port = free_port()
    received = tmp_path / "received"
    received.mkdir()
    identity = ["+tls", str(tls / "CT1.key"), str(tls / "CT1.crt"), "+cf", str(tls / "authority.crt"), "-rc"]
    command = [dcmtk.program("storescp"), *identity, "-od", str(received), "--prefer-uncompr", str(port)]
    settings = node.settings.model_copy(update={"dicom_tls_dir": tls})
    path = write(tmp_path, ct(size=512))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
        try:
            there = Destination("STORESCP", "127.0.0.1", port, tls=True)
            _when_it_listens(there, settings)
            (sent,) = store([path], there, settings)
            assert sent.status == 0
            with pytest.raises(AssociationFailed, match="another certificate"):
                echo(Destination("STORESCP", "127.0.0.1", port, tls=True, certificate_sha256="0" * 64), settings)
            with pytest.raises(AssociationFailed):
                echo(Destination("STORESCP", "127.0.0.1", port), settings)
        finally:
            peer.kill()
    assert len(list(received.iterdir())) == 1


def _when_it_listens(there: Destination, settings: NodeSettings) -> None:
    for _ in range(100):
        try:
            echo(there, settings)
        except AssociationFailed as error:
            if "cannot be reached" not in str(error):
                raise
        else:
            return


def test_a_peer_that_speaks_no_tls_or_has_another_authority_is_told_so(
    start_node: Start, tls: Path, tmp_path: Path
) -> None:
    node = start_node(dicom_tls_dir=tls)
    certificates.make_authority(tmp_path, "Somebody else")
    certificates.issue(tmp_path, "node", [], 30)
    foreign = node.settings.model_copy(update={"dicom_tls_dir": tmp_path})
    with pytest.raises(AssociationFailed, match="do not agree on TLS: certificate verify failed"):
        echo(secure(node), foreign)


def test_the_certificate_a_machine_is_bound_to_is_wanted_of_it(start_node: Start, archive: Archive, tls: Path) -> None:
    node = start_node(dicom_tls_dir=tls)
    own = next(one.sha256 for one in certificates.everything(tls) if one.name == "node")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(certificate_sha256=own))
    assert echo(secure(node, own), node.settings) > 0
    with pytest.raises(AssociationFailed, match="1/1/1"):
        echo(node.destination, node.settings)


def test_a_machine_has_as_many_associations_as_it_may_and_calls_as_often(start_node: Start, archive: Archive) -> None:
    limits = Policy(associations_per_minute=2)
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="LOCAL", policy=limits)
    node = start_node()
    assert echo(node.destination, node.settings) > 0
    assert echo(node.destination, node.settings) > 0
    with pytest.raises(AssociationFailed, match="2/3/1"):
        echo(node.destination, node.settings)
    node.stop()
    assert Cause.RATE_OF_AE in {finding.cause for finding in listed(archive, SYSTEM)}


def test_a_class_the_machine_may_not_send_is_not_accepted(start_node: Start, archive: Archive, tmp_path: Path) -> None:
    mr_alone = Policy(sop_classes="1.2.840.10008.5.1.4.1.1.4")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="LOCAL", policy=mr_alone)
    node = start_node()
    (sent,) = store([write(tmp_path, ct())], node.destination, node.settings)
    assert sent.status is None
    node.stop()
    assert Cause.CLASS_NOT_ALLOWED in {finding.cause for finding in listed(archive, SYSTEM)}


def test_tls_that_is_asked_for_without_certificates_stops_the_start(archive: Archive, tmp_path: Path) -> None:
    settings = NodeSettings.model_validate({"dicom_port": 0, "dicom_tls_port": 2762, "dicom_tls_dir": tmp_path})
    with pytest.raises(TLSUnavailable, match="pacs tls node"):
        Node(archive, settings)


def test_a_call_with_tls_without_certificates_of_ours_is_a_failure_in_words(node: RunningNode, tmp_path: Path) -> None:
    (sent,) = store([write(tmp_path, ct())], secure(node), node.settings)
    assert "cannot call with TLS" in sent.reason
    elsewhere = node.settings.model_copy(update={"dicom_tls_dir": tmp_path})
    with pytest.raises(AssociationFailed, match="pacs tls node"):
        echo(secure(node), elsewhere)
