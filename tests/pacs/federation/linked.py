"""What the tests of linked sites do again and again."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from storage.access import audit, facilities, site_key, site_token
from storage.access.audit import Event
from storage.access.site_key import SiteKey
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer

PDF = b"%PDF-1.4 the patient's written consent"


@dataclass(frozen=True)
class Linked:
    """Two sites that know each other."""

    origin: WebServer
    asking: WebServer

    @property
    def origin_id(self) -> str:
        """The id of the site that has the studies."""
        return site_key.load(self.origin.settings).site_id

    @property
    def asking_id(self) -> str:
        """The id of the site that asks."""
        return site_key.load(self.asking.settings).site_id

    def grant(self, keeper: httpx.Client, **changes: Any) -> httpx.Response:
        """Grant something to the site that asks."""
        body = {
            "site_id": self.asking_id,
            "scope": "study",
            "purpose": "TREAT",
            "basis": "consent",
            "may_copy": True,
            "valid_until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
            "paper": {"name": "Đơn đồng ý.pdf", "content": base64.b64encode(PDF).decode()},
        }
        return keeper.post("/api/grants", json=body | changes)

    def ask(self, doctor: httpx.Client, study: str, **changes: str) -> httpx.Response:
        """Ask from the other site for a study."""
        body = {"study_instance_uid": study, "purpose": "TREAT"} | changes
        return doctor.post(f"/api/sites/{self.origin_id}/visit", json=body)

    def token(self, study: str, *, key: SiteKey | None = None, age_s: int = 0, **changes: Any) -> str:
        """A token of the site that asks; of another key, age or claims, where it is to be wrong."""
        claims = {
            "aud": self.origin_id,
            "sub": "bs.lan",
            "name": "BS Lan",
            "role": "referrer",
            "purpose": "TREAT",
            "study": study,
        }
        now = datetime.now(UTC) - timedelta(seconds=age_s)
        return site_token.say(key or site_key.load(self.asking.settings), "visit", claims | changes, now)

    def exchange(self, token: str) -> httpx.Response:
        """Show a token to the site that has the studies."""
        return httpx.post(f"{self.origin.url}/api/federation/session", json={"token": token}, timeout=60)

    def visitor(self, study: str, **changes: Any) -> httpx.Client:
        """A client with a session of a study."""
        admitted = self.exchange(self.token(study, **changes))
        assert admitted.status_code == 201, admitted.text
        fields = {"Authorization": f"Bearer {admitted.json()['secret']}"}
        return httpx.Client(base_url=self.origin.url, headers=fields, timeout=60)

    def study(self, keeper: httpx.Client, **values: Any) -> str:
        """Keep a study at the origin; its UID."""
        made = instances.study(2, **values)
        store(keeper, made)
        return str(made[0].StudyInstanceUID)


def link(origin: WebServer, asking: WebServer, origin_name: str, asking_name: str) -> None:
    """Invite, accept and confirm, over the API."""
    for server, name in ((origin, origin_name), (asking, asking_name)):
        facilities.get_or_create(server.archive.index, server.settings.facility, name)
    with origin.client() as there, asking.client() as here:
        invited = there.post("/api/sites/invitations", json={"note": asking_name, "address": origin.url})
        assert invited.status_code == 201, invited.text
        accepted = here.post(
            "/api/sites/invitations/accept",
            json={"invitation": invited.json()["invitation"], "address": asking.url, "may_search": True},
        )
        assert accepted.status_code == 201, accepted.text
        (waiting,) = there.get("/api/sites").json()["sites"]
        assert waiting["state"] == "waiting"
        rights = {"may_search": True, "may_break_glass": True}
        confirmed = there.put(f"/api/sites/{waiting['site_id']}", json={"confirm": True, **rights})
        assert confirmed.json()["state"] == "linked"


def events(server: WebServer, action: str, *, outcome: str = "", study: str | None = None) -> list[Event]:
    """The newest audit rows of an action."""
    with server.archive.index.read() as connection:
        found = audit.events(connection, study_instance_uid=study, limit=200)
    return [one for one in found if one.action == action and outcome in ("", one.outcome)]
