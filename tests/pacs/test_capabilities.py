"""OPTIONS tells what is offered, from the routes themselves (PS3.18 §8.9)."""

from xml.etree import ElementTree

import httpx
import pytest

WADL = "{http://wadl.dev.java.net/2009/02}"


def test_the_root_tells_everything_as_wadl(admin: httpx.Client) -> None:
    answer = admin.options("/dicom-web")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.sun.wadl+xml"
    root = ElementTree.fromstring(answer.content)
    resources = {one.get("path"): one for one in root.iter(f"{WADL}resource")}
    assert {"studies", "studies/{study}/metadata", "studies/{study}/series/{series}"} <= resources.keys()
    methods = {one.get("name"): one for one in resources["studies"].iter(f"{WADL}method")}
    assert set(methods) == {"GET", "POST"}
    assert "limit" in {one.get("name") for one in methods["GET"].iter(f"{WADL}param")}
    taken = {one.get("mediaType") for one in methods["POST"].find(f"{WADL}request") or ()}
    assert 'multipart/related; type="application/dicom"' in taken
    assert [one.get("name") for one in resources["studies/{study}/metadata"].findall(f"{WADL}param")] == ["study"]


def test_a_resource_tells_its_own_methods_as_json(admin: httpx.Client) -> None:
    answer = admin.options("/dicom-web/studies/1.2.3", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert set(answer.headers["allow"].split(", ")) == {"DELETE", "GET", "OPTIONS", "POST"}
    (resource,) = answer.json()["resources"]
    assert resource["path"] == "/studies/{study}"
    assert answer.json()["base"].endswith("/dicom-web")


@pytest.mark.parametrize(("path", "accept", "status"), [("/nothing", "*/*", 404), ("", "image/png", 406)])
def test_what_cannot_be_told(admin: httpx.Client, path: str, accept: str, status: int) -> None:
    assert admin.options(f"/dicom-web{path}", headers={"Accept": accept}).status_code == status
    assert httpx.options(f"{admin.base_url}/dicom-web").status_code == 401
