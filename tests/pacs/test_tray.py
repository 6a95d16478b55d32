"""``/api/tray``: films that nobody knows the patient of, as a technologist sees and files them."""

from datetime import datetime
from io import BytesIO
from uuid import uuid4

import httpx
import numpy as np
import pytest
from PIL import Image

from storage.access.principal import SYSTEM, Role
from storage.archive import film_filing
from storage.archive.film import Printer, take
from storage.dicom.film import Film, FilmImage, Proposal
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S


def printed(web: WebServer, label: str = "", name: str = "") -> int:
    """Print a film of one image; its number in the tray."""
    pixels = np.random.default_rng(3).integers(0, 256, (50, 40), dtype=np.uint8).tobytes()
    image = FilmImage(1, 50, 40, 1, 8, 8, "MONOCHROME2", pixels)
    film = Film(
        f"2.25.{uuid4().int}", datetime.now().astimezone(), "FILMONLY", (image,), size="8INX10IN", label=label,
        proposal=Proposal(patient_name=name),
    )  # fmt: skip
    take(web.archive, film, Printer("FILMONLY", "10.0.0.7", 1), SYSTEM)
    film_filing.work_off(web.archive)
    with web.client(Role.TECHNOLOGIST) as client:
        return int(client.get("/api/tray").json()["films"][0]["id"])


def test_a_film_is_seen_and_filed(web: WebServer, admin: httpx.Client) -> None:
    (kept,) = instances.study(1, patient_id=uuid4().hex[:12])
    store(admin, [kept])
    number = printed(web, "PHÒNG 2", "LÊ^THỊ^HƯƠNG")
    with web.client(Role.TECHNOLOGIST) as client:
        waiting = client.get("/api/tray/count").json()["waiting"]
        page = client.get("/api/tray", params={"limit": 1}).json()
        assert page["total"] == waiting >= 1
        (film,) = page["films"]
        assert (film["id"], film["state"], film["reason"]) == (number, "tray", "nothing-known")
        assert (film["ae_title"], film["texts"], film["number_of_images"]) == ("FILMONLY", ["PHÒNG 2"], 1)
        found = client.get(f"/api/tray/{number}").json()
        assert found["proposal"]["patient_name"] == "LÊ^THỊ^HƯƠNG"
        picture = client.get(f"/api/tray/{number}/picture", params={"side": 300})
        assert (picture.headers["content-type"], picture.headers["cache-control"]) == ("image/png", "private, no-store")
        assert max(Image.open(BytesIO(picture.content)).size) == 300
        filed = client.post(f"/api/tray/{number}/file", json={"study_instance_uid": str(kept.StudyInstanceUID)})
        assert filed.json() == {"study_instance_uid": str(kept.StudyInstanceUID)}
        again = client.post(f"/api/tray/{number}/file", json={"study_instance_uid": str(kept.StudyInstanceUID)})
        assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
        assert client.get("/api/tray/count").json()["waiting"] == waiting - 1
        (settled,) = client.get("/api/tray", params={"state": "settled", "limit": 1}).json()["films"]
        assert (settled["id"], settled["state"], settled["reason"]) == (number, "filed", "hand")
    series = admin.get(f"/dicom-web/studies/{kept.StudyInstanceUID}/series").json()
    assert sorted(one["00080060"]["Value"][0] for one in series) == ["CT", "DOC", "HC", "HC"]


def test_a_film_becomes_a_study_of_its_own_or_goes(web: WebServer, admin: httpx.Client) -> None:
    first = printed(web)
    with web.client(Role.TECHNOLOGIST) as client:
        for body in ({}, {"patient_name": "A"}, {"patient_name": "A", "patient_id": "1", "patient_sex": "?"}):
            assert client.post(f"/api/tray/{first}/file", json=body).status_code == 400
        typed = {"patient_name": "Lê Thị Hương", "patient_id": "079201000555", "patient_birth_date": "19850203"}
        uid = client.post(f"/api/tray/{first}/file", json=typed).json()["study_instance_uid"]
        second = printed(web)
        assert client.request("DELETE", f"/api/tray/{second}", json={"reason": ""}).status_code == 400
        assert client.request("DELETE", f"/api/tray/{second}", json={"reason": "phim thử"}).status_code == 204
        assert client.get(f"/api/tray/{second}").json()["state"] == "discarded"
        assert client.get(f"/api/tray/{second}/picture").status_code == 409
    (study,) = admin.get("/dicom-web/studies", params={"StudyInstanceUID": uid}).json()
    assert study["00100010"]["Value"] == [{"Alphabetic": "Lê Thị Hương"}]


def test_who_sees_the_tray(web: WebServer) -> None:
    number = printed(web)
    assert httpx.get(f"{web.url}/api/tray", timeout=HUNG_S).status_code == 401
    with web.client(Role.REFERRER) as referrer:
        for address in ("/api/tray", "/api/tray/count", f"/api/tray/{number}", f"/api/tray/{number}/picture"):
            assert referrer.get(address).status_code == 403, address
    with web.client(Role.TECHNOLOGIST, facility="ELSEWHERE") as stranger:
        assert stranger.get("/api/tray").json()["total"] == 0
        assert stranger.get(f"/api/tray/{number}").status_code == 403


@pytest.mark.parametrize(
    ("address", "status"),
    [("/api/tray?state=odd", 400), ("/api/tray?limit=201", 400), ("/api/tray/x", 404), ("/api/tray/999999", 404)],
)
def test_addresses_and_parameters(admin: httpx.Client, address: str, status: int) -> None:
    assert admin.get(address).status_code == status
