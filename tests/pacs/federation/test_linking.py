"""Linking two sites: keys that each verified, an invitation good once, and a link that closes at once."""

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access import site_key
from storage.access.principal import Role
from tests.pacs.federation.linked import Linked, events, link
from tests.pacs.server import WebServer


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Linked]:
    """Two sites that do not know each other."""
    folder = tmp_path_factory.mktemp("pair")
    servers = [WebServer(_made(folder / name), f"sqlite:///{folder / name}.db") for name in ("a", "b")]
    try:
        for server in servers:
            server.start()
        yield Linked(*servers)
    finally:
        for server in servers:
            server.close()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def invitation(origin: WebServer) -> str:
    """A new invitation."""
    with origin.client() as there:
        made = there.post("/api/sites/invitations", json={"note": "B", "address": origin.url, "days": 1})
        assert made.status_code == 201, made.text
        return str(made.json()["invitation"])


def accept(asking: WebServer, token: str) -> httpx.Response:
    """Accept it at the other site."""
    with asking.client() as here:
        body = {"invitation": token, "address": asking.url}
        return here.post("/api/sites/invitations/accept", json=body)


def test_the_key_is_made_once_and_for_its_owner_alone(pair: Linked) -> None:
    place = site_key.path(pair.origin.settings)
    first = site_key.load(pair.origin.settings)
    assert site_key.load(pair.origin.settings).public == first.public
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert site_key.is_signed(first.public, b"said", first.sign(b"said"))
    assert not site_key.is_signed(first.public, b"said otherwise", first.sign(b"said"))
    with pair.origin.client() as admin:
        own = admin.get("/api/sites").json()["own"]
    assert own["fingerprint"].replace("-", "").lower() == own["site_id"] == first.site_id
    assert "PRIVATE" not in str(own)


def test_an_invitation_is_read_before_it_is_accepted(pair: Linked) -> None:
    token = invitation(pair.origin)
    with pair.asking.client() as here, pair.origin.client() as there:
        card = here.post("/api/sites/invitations/read", json={"invitation": f"  {token[:40]}\n{token[40:]} "}).json()
        assert (card["site_id"], card["address"]) == (pair.origin_id, pair.origin.url)
        head, claims, signature = token.split(".")
        for wrong in (token[:-8] + "AAAAAAAA", f"{head}.{claims}", "", f"{head}.{claims[:-4]}AAAA.{signature}"):
            assert here.post("/api/sites/invitations/read", json={"invitation": wrong}).status_code == 400
        assert there.post("/api/sites/invitations/read", json={"invitation": token}).status_code == 400
        (made,) = there.get("/api/sites").json()["invitations"]
        assert there.delete(f"/api/sites/invitations/{made['id']}").status_code == 204
    assert accept(pair.asking, token).status_code == 403


def test_a_link_is_open_when_both_sides_have_compared_and_an_invitation_links_one_site(pair: Linked) -> None:
    token = invitation(pair.origin)
    assert accept(pair.asking, token).json()["state"] == "linked"
    assert accept(pair.asking, token).status_code == 201  # the answer may have been lost
    with pair.origin.client() as there:
        (waiting,) = there.get("/api/sites").json()["sites"]
        assert (waiting["state"], waiting["may_search"], waiting["site_id"]) == ("waiting", False, pair.asking_id)
        refused = pair.exchange(pair.token("1.2.3"))
        assert (refused.status_code, refused.json()["missing"]) == (403, "link")
        # Another key with the same invitation.
        place = site_key.path(pair.asking.settings)
        kept = place.read_bytes()
        place.unlink()
        try:
            assert accept(pair.asking, token).status_code == 403
        finally:
            place.write_bytes(kept)
        rights = {"may_search": False, "may_break_glass": False}
        opened = there.put(f"/api/sites/{pair.asking_id}", json={"confirm": True, **rights})
        assert opened.json()["state"] == "linked"
        assert pair.exchange(pair.token("1.2.3")).json()["missing"] == "grant"
        assert there.delete(f"/api/sites/{pair.asking_id}").status_code == 204
        assert pair.exchange(pair.token("1.2.3")).json()["missing"] == "link"
        assert there.put(f"/api/sites/{pair.asking_id}", json={"confirm": True, **rights}).status_code == 409
    assert len(events(pair.origin, "administer")) >= 5


def test_a_closed_link_is_opened_by_a_new_invitation(pair: Linked) -> None:
    with pair.origin.client() as there:
        assert [one["state"] for one in there.get("/api/sites").json()["sites"]] == ["closed"]
    link(pair.origin, pair.asking, "A", "B")


def test_patient_data_go_nowhere_in_the_clear(pair: Linked) -> None:
    with pair.origin.client() as there:
        for address in ("http://pacs.example.vn", "ftp://127.0.0.1", "https://a@b", "https://a/b", "nowhere"):
            refused = there.post("/api/sites/invitations", json={"note": "", "address": address})
            assert refused.status_code == 400, address
        good = there.post("/api/sites/invitations", json={"note": "", "address": "https://pacs.example.vn/"})
        assert good.status_code == 201


def test_only_administrators_link(pair: Linked) -> None:
    with pair.origin.client(Role.RADIOLOGIST) as reader:
        assert reader.get("/api/sites").status_code == 403
        assert reader.post("/api/sites/invitations", json={"note": "", "address": pair.origin.url}).status_code == 403
        assert reader.get("/api/grants").status_code == 200
    with pair.origin.client(Role.REFERRER) as doctor:
        assert doctor.get("/api/grants").status_code == 403
