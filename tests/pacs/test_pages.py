"""The viewer's page and files, and the manifest that an opened study's page already holds."""

import gzip
import html.parser
import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S

PAGE = (
    '<!doctype html><html><head><!--filmless:boot--><script type="module" src="/assets/a1.js"></script></head></html>'
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web process with a small viewer of the test's own."""
    folder = tmp_path_factory.mktemp("pages")
    viewer = folder / "viewer"
    (viewer / "assets").mkdir(parents=True)
    (viewer / "index.html").write_text(PAGE)
    (viewer / "assets" / "a1.js").write_text("console.log('x');" * 100)
    (viewer / "icon.svg").write_text("<svg/>")
    (folder / "secret.txt").write_text("not yours")
    server = WebServer(folder, f"sqlite:///{folder / 'index.db'}", {"FILMLESS_VIEWER_DIR": str(viewer)})
    try:
        server.start()
        yield server
    finally:
        server.close()


class Scripts(html.parser.HTMLParser):
    """The manifest and the preloaded image of a page, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.manifest = ""
        self.preload = ""
        self.scripts = 0
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if tag == "script":
            self.scripts += 1
            self._inside = fields.get("id") == "filmless-manifest"
        elif tag == "link" and fields.get("rel") == "preload":
            self.preload = fields.get("href") or ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.manifest += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


@pytest.mark.parametrize("path", ["/", "/sign-in", "/viewer", "/viewer?StudyInstanceUIDs=1.2.3"])
def test_strangers_get_the_plain_page(pages: WebServer, path: str) -> None:
    answer = httpx.get(f"{pages.url}{path}", timeout=HUNG_S)
    assert answer.text == PAGE
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_of_a_study_holds_its_manifest_and_names_its_first_image(pages: WebServer) -> None:
    made = instances.study(5, patient_name="<script>alert(1)</script>&amp;</SCRIPT><!--^NGUYỄN")
    with pages.client(Role.RADIOLOGIST) as client:
        store(client, made)
        answer = client.get("/viewer", params={"StudyInstanceUIDs": made[0].StudyInstanceUID})
        found = Scripts(answer.text)
        assert json.loads(found.manifest) == client.get(f"/api/studies/{made[0].StudyInstanceUID}/manifest").json() | {
            "study": json.loads(found.manifest)["study"]
        }
        assert found.scripts == 2, "nothing in a name became an element"
        assert json.loads(found.manifest)["study"]["patient_name"].startswith("<script>")
        assert found.preload == f"{instances.path(made[2])}/frames/1/rendered?viewport=64,64"
        assert client.get(found.preload).headers["content-type"] == "image/jpeg"


def test_the_page_of_a_study_out_of_reach_holds_nothing_of_it(pages: WebServer) -> None:
    (ds,) = instances.study(1)
    with pages.client() as client:
        store(client, [ds])
    with pages.client(Role.RADIOLOGIST, facility="79001") as stranger:
        answer = stranger.get("/viewer", params={"StudyInstanceUIDs": ds.StudyInstanceUID})
        assert answer.text == PAGE


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(pages: WebServer) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nowhere", "/nowhere/at/all", "/index.html", "/admin/nothing"):
        answer = httpx.get(f"{pages.url}{path}", headers=browser, timeout=HUNG_S)
        assert (answer.status_code, answer.text) == (404, PAGE), path
        program = httpx.get(f"{pages.url}{path}", timeout=HUNG_S)
        assert program.status_code == 404
        assert program.headers["content-type"] == "application/problem+json"
    for path in ("/api/nothing", "/dicom-web/nothing", "/assets/nothing.js"):
        answer = httpx.get(f"{pages.url}{path}", headers=browser, timeout=HUNG_S)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json", path


def test_built_files_are_kept_by_the_browser_and_compressed(pages: WebServer) -> None:
    answer = httpx.get(f"{pages.url}/assets/a1.js", timeout=HUNG_S)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text.startswith("console.log")
    again = httpx.get(f"{pages.url}/assets/a1.js", headers={"If-None-Match": answer.headers["etag"]}, timeout=HUNG_S)
    assert again.status_code == 304
    assert httpx.get(f"{pages.url}/icon.svg", timeout=HUNG_S).headers["content-type"] == "image/svg+xml"


def test_what_the_build_compressed_is_given_as_it_is(tmp_path: Path) -> None:
    """RFC 9110 §12.5.3: the coding that the client takes, brotli before gzip; what an older build left is not used."""
    assets = tmp_path / "viewer" / "assets"
    assets.mkdir(parents=True)
    body = b"console.log('x');" * 100
    for name in ("a1.js", "b2.js"):
        (assets / f"{name}.br").write_bytes(b"brotli of the build")
        (assets / name).write_bytes(body)
    os.utime(assets / "a1.js.br", ns=(2**62, 2**62))
    os.utime(assets / "b2.js.br", ns=(0, 0))
    server = WebServer(tmp_path, f"sqlite:///{tmp_path / 'i.db'}", {"FILMLESS_VIEWER_DIR": str(tmp_path / "viewer")})
    try:
        server.start()

        def coding(name: str, accepted: str) -> tuple[str | None, bytes]:
            with httpx.stream(
                "GET", f"{server.url}/assets/{name}", headers={"Accept-Encoding": accepted}, timeout=HUNG_S
            ) as answer:
                return answer.headers.get("content-encoding"), b"".join(answer.iter_raw())

        assert coding("a1.js", "gzip, deflate, br, zstd") == ("br", b"brotli of the build")
        assert coding("a1.js", "gzip") == ("gzip", gzip.compress(body, 9))
        assert coding("a1.js", "identity") == (None, body)
        assert coding("b2.js", "gzip, br")[0] == "gzip"
        assert httpx.get(f"{server.url}/assets/a1.js.br", timeout=HUNG_S).status_code == 404
    finally:
        server.close()


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js", "/assets/..%2f..%2fsecret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/index.html",
        "/assets/.hidden", "/secret.txt", "/assets/", "/assets/%00",
    ],
)  # fmt: skip
def test_nothing_else_is_given(pages: WebServer, path: str) -> None:
    answer = httpx.get(f"{pages.url}{path}", timeout=HUNG_S)
    assert answer.status_code == 404
    assert "not yours" not in answer.text


def test_without_a_built_viewer_the_page_says_so_and_the_services_work(tmp_path: Path) -> None:
    server = WebServer(tmp_path, f"sqlite:///{tmp_path / 'i.db'}", {"FILMLESS_VIEWER_DIR": str(tmp_path / "none")})
    try:
        server.start()
        answer = httpx.get(f"{server.url}/", timeout=HUNG_S)
        assert answer.status_code == 503
        assert answer.json()["title"] == "The viewer is not built"
        with server.client() as client:
            assert client.get("/dicom-web/studies").json() == []
    finally:
        server.close()
