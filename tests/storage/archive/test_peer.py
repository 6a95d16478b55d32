"""Peers: what cannot be right is refused, and a secret is sealed, never shown, and goes to no other place."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from storage.access.principal import Principal, Role
from storage.access.sealing import KEY_FILE, Unsealable, seal, unseal
from storage.archive import Archive, peer
from storage.archive.peer import PeerSettings
from storage.errors import Forbidden, InvalidRequest, NotFound

ORTHANC = PeerSettings(
    kind="orthanc", facility_code="79001", url="https://pacs.example.vn/o", sign_in="basic", user_name="u"
)
MACHINE = PeerSettings(kind="dimse", facility_code="79001", ae_title="PACS2", host="10.0.0.5", port=104)
READER = Principal("user", "reader", frozenset({Role.RADIOLOGIST}), None)


def test_a_secret_is_sealed_and_read_back(archive: Archive) -> None:
    made = peer.add(archive, "Chợ Rẫy", ORTHANC, {"password": "bí mật"})
    assert (made.facility_name, made.secret_names) == ("Bệnh viện Chợ Rẫy", ("password",))
    assert made.secrets(archive) == {"password": "bí mật"}
    assert "bí mật" not in repr(made)
    with archive.index.read() as connection:
        kept = connection.execute(text("SELECT secrets FROM peer")).scalar_one()
    assert kept.startswith("1:")
    assert "m\\u1eadt" not in kept
    assert (archive.settings.data_dir / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_secret_stays_for_the_same_place_alone(archive: Archive) -> None:
    peer.add(archive, "P", ORTHANC, {"password": "one"})
    same = peer.change(archive, "P", replace(ORTHANC, seconds=3.0), {})
    assert same.secrets(archive) == {"password": "one"}
    elsewhere = replace(ORTHANC, url="https://other.example.vn/o")
    with pytest.raises(InvalidRequest, match="not told to another place"):
        peer.change(archive, "P", elsewhere, {})
    assert peer.change(archive, "P", elsewhere, {"password": "two"}).secrets(archive) == {"password": "two"}
    unsigned = peer.change(archive, "P", replace(ORTHANC, sign_in="none"), {})
    assert unsigned.secrets(archive) == {}


def test_what_is_sealed_for_one_is_not_opened_for_another(archive: Archive) -> None:
    sealed = seal(archive.settings, "secret", "peer A")
    assert unseal(archive.settings, sealed, "peer A") == "secret"
    for changed, purpose in ((sealed, "peer B"), (sealed[:-6] + "AAAA==", "peer A"), ("", "peer A")):
        with pytest.raises(Unsealable):
            unseal(archive.settings, changed, purpose)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ORTHANC, url="ftp://host"),
        replace(ORTHANC, url="https://user:password@host/"),
        replace(ORTHANC, url="https://host/?x=1"),
        replace(ORTHANC, url="https://host:99999/"),
        replace(ORTHANC, url=""),
        replace(ORTHANC, seconds=0.0),
        replace(ORTHANC, seconds=float("nan")),
        replace(ORTHANC, facility_code="unknown"),
        replace(ORTHANC, description="two\nlines"),
        replace(ORTHANC, user_name=""),
        replace(ORTHANC, authority="-----BEGIN PRIVATE KEY-----"),
        replace(MACHINE, ae_title="longer than sixteen"),
        replace(MACHINE, host="a b"),
        replace(MACHINE, port=0),
        replace(MACHINE, sign_in="basic"),
        replace(MACHINE, certificate_sha256="abc"),
    ],
)
def test_what_cannot_be_right_is_refused(archive: Archive, wrong: PeerSettings) -> None:
    with pytest.raises(InvalidRequest):
        peer.add(archive, "P", wrong, {"password": "x"} if wrong.sign_in == "basic" else {})
    assert peer.everything(archive) == []


def test_a_name_is_there_once_and_only_administrators_change_peers(archive: Archive) -> None:
    peer.add(archive, "P", MACHINE, {})
    with pytest.raises(InvalidRequest, match="already"):
        peer.add(archive, "P", MACHINE, {})
    for act in (
        lambda: peer.add(archive, "Q", MACHINE, {}, READER),
        lambda: peer.change(archive, "P", MACHINE, {}, READER),
        lambda: peer.remove(archive, "P", READER),
    ):
        with pytest.raises(Forbidden):
            act()
    peer.change(archive, "P", replace(MACHINE, enabled=False), {})
    assert peer.everything(archive, enabled=True) == []
    peer.remove(archive, "P")
    with pytest.raises(NotFound):
        peer.by_name(archive, "P")
