"""The viewer's pages and files; the page of a study holds its manifest, so that the first image comes at once."""

import gzip
import mimetypes
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pacs.api.documents import first_image_url, manifest_json
from pacs.web.authentication import principal_of
from pacs.web.errors import problem, request_id
from pacs.web.headers import accepts_gzip, content_coding, etag_matches
from pacs.web.service import Service, service
from storage.archive.query import study_manifest
from storage.errors import ArchiveError, NotFound

BOOT_MARKER = b"<!--filmless:boot-->"
_UID = re.compile(r"[0-9.]{1,64}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?<!\.br)(?<!\.gz)")
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "application/wasm", "image/svg+xml")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".woff2": "font/woff2"}
_log = structlog.get_logger("pacs.web.pages")

router = APIRouter()


@dataclass(frozen=True)
class StaticFile:
    """A file of the viewer in memory, with its compressed forms by content coding (RFC 9110 §8.4.1) where that pays."""

    body: bytes
    compressed: Mapping[str, bytes]
    media_type: str
    etag: str


class StaticFiles:
    """The files of the built viewer, read once; a few megabytes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, StaticFile]] = {}

    def read(self, *names: str) -> StaticFile:
        """Read a file by the parts of its path; a file that was built anew is read anew.

        Raises:
            NotFound: no such file.
        """
        if not all(_FILE.fullmatch(name) for name in names):
            raise NotFound("There is no such file.")
        path = self._root.joinpath(*names)
        try:
            changed = path.stat().st_mtime_ns
            known = self._known.get("/".join(names))
            if known is not None and known[0] == changed:
                return known[1]
            found = _static_file(path, changed)
        except OSError:
            raise NotFound("There is no such file.") from None
        with self._lock:
            self._known["/".join(names)] = (changed, found)
        return found


@router.get("/")
@router.get("/sign-in")
@router.get("/orders")
@router.get("/tray")
@router.get("/admin")
@router.get("/admin/quarantine")
@router.get("/admin/discrepancies")
@router.get("/admin/queue")
@router.get("/admin/routes")
@router.get("/admin/machines")
@router.get("/admin/network")
@router.get("/admin/imports")
@router.get("/monitor")
async def page(request: Request) -> Response:
    """Give the viewer's only page; which screen it shows is decided in the browser."""
    svc = service(request)
    return await svc.work.run(_page, request, None)


@router.get("/viewer")
async def viewer(request: Request) -> Response:
    """Give the page with the manifest of the study asked for in it, when the one who asks may see it."""
    svc = service(request)
    asked = request.query_params.get("StudyInstanceUIDs", "").split(",")[0].strip()
    return await svc.work.run(_page, request, asked if _UID.fullmatch(asked) else None)


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """Give a built file; its name changes with its content, so browsers keep it."""
    svc = service(request)
    found = await svc.work.run(request.app.state.static_files.read, "assets", name)
    return _file(request, found, "public, max-age=31536000, immutable")


@router.get("/{name}")
async def public_file(request: Request, name: str) -> Response:
    """Give a file beside the page, such as an icon."""
    svc = service(request)
    try:
        found = await svc.work.run(_beside_the_page, request, name)
    except NotFound:
        if not _wants_page(request):
            raise
        return await svc.work.run(_page, request, None, 404)
    return _file(request, found, "public, max-age=3600")


def unknown_address(otherwise: ASGIApp) -> ASGIApp:
    """Answer somebody's browser with our own page that there is no such page; programs hear it ``otherwise``."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            request = Request(scope, receive)
            if _wants_page(request):
                page = await service(request).work.run(_page, request, None, 404)
                await page(scope, receive, send)
                return
        await otherwise(scope, receive, send)

    return answer


def _beside_the_page(request: Request, name: str) -> StaticFile:
    if name == "index.html":
        raise NotFound("There is no such file.")
    files: StaticFiles = request.app.state.static_files
    return files.read(name)


def _wants_page(request: Request) -> bool:
    """Whether it is a person that goes to an address, not a program that asks one of the services."""
    service_ = request.url.path.startswith(("/api/", "/dicom-web/", "/network/", "/assets/", "/wado"))
    return not service_ and "text/html" in request.headers.get("accept", "")


def _page(request: Request, study: str | None, status: int = 200) -> Response:
    files: StaticFiles = request.app.state.static_files
    try:
        body = files.read("index.html").body
    except NotFound:
        return problem(
            503, "The viewer is not built", "Build it with make viewer; the DICOMweb services work without it.",
            request_id(request),
        )  # fmt: skip
    if study is not None:
        body = body.replace(BOOT_MARKER, _boot(request, service(request), study), 1)
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6)
    return Response(body, status, media_type="text/html; charset=utf-8", headers=headers)


def _boot(request: Request, svc: Service, study: str) -> bytes:
    """Make the manifest and a hint for the first image; without permission the page finds out from the API."""
    try:
        manifest = study_manifest(svc.archive, study, principal_of(request, svc.archive, svc.settings))
    except ArchiveError as error:
        _log.info("no manifest in the page", id=request_id(request), kind=type(error).__name__)
        return BOOT_MARKER
    made = [
        b'<script type="application/json" id="filmless-manifest">',
        _for_html(manifest_json(manifest)),
        b"</script>",
    ]
    image = first_image_url(manifest)
    if image is not None:
        made.append(f'<link rel="preload" as="image" href="{image.replace("&", "&amp;")}">'.encode())
    return b"".join(made)


def _for_html(json: bytes) -> bytes:
    """Escape JSON so that nothing in it can end its script element (HTML §13.2.6.4)."""
    for character in b"<>&":
        json = json.replace(bytes([character]), b"\\u%04x" % character)
    return json


def _static_file(path: Path, changed: int) -> StaticFile:
    body = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.types_map.get(path.suffix, "application/octet-stream")
    compressed: dict[str, bytes] = {}
    if media_type.startswith(_COMPRESSIBLE) and len(body) > 512:
        compressed = _built_beside(path, changed)
        if "gzip" not in compressed:
            compressed["gzip"] = gzip.compress(body, 9)
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return StaticFile(body, compressed, media_type, f'"{sha256(body).hexdigest()[:32]}"')


def _built_beside(path: Path, changed: int) -> dict[str, bytes]:
    """What the build compressed, best first; what is older than its file is of another build."""
    found: dict[str, bytes] = {}
    for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
        made = path.with_name(path.name + suffix)
        with suppress(OSError):
            if made.stat().st_mtime_ns >= changed:
                found[coding] = made.read_bytes()
    return found


def _file(request: Request, found: StaticFile, cache: str) -> Response:
    headers = {"Cache-Control": cache, "ETag": found.etag, "Vary": "Accept-Encoding"}
    if etag_matches(request, found.etag):
        return Response(status_code=304, headers=headers)
    coding = content_coding(request, *found.compressed) if found.compressed else "identity"
    if coding == "identity":
        return Response(found.body, media_type=found.media_type, headers=headers)
    return Response(
        found.compressed[coding], media_type=found.media_type, headers={**headers, "Content-Encoding": coding}
    )
