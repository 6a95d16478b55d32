"""The DICOMweb conformance statement says what the code does."""

import re
from pathlib import Path

from starlette.routing import Route

from pacs.dicomweb import (
    bulk_data,
    capabilities,
    commitment,
    deletion,
    frames,
    instances,
    metadata,
    negotiation,
    qido,
    rendered,
    rendering,
    stow,
    wado_uri,
    work_item_events,
    work_items,
)
from pacs.dicomweb.failure import FAILURE_REASON
from pacs.web.errors import STATUS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "conformance-dicomweb.md").read_text(encoding="utf-8")
MODULES = (
    bulk_data,
    capabilities,
    commitment,
    deletion,
    frames,
    instances,
    metadata,
    qido,
    rendered,
    stow,
    wado_uri,
    work_item_events,
    work_items,
)


def rows(pattern: str) -> set[tuple[str, ...]]:
    return set(re.findall(pattern, PAGE, re.M))


def test_every_resource_is_stated_and_every_stated_one_exists() -> None:
    served = {
        (method, re.sub(r":\w+}", "}", route.path.removeprefix("/dicom-web") or "/"))
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert rows(r"^\| ([A-Z]+) \| `([^`]+)` \|") == served


def test_every_module_of_the_services_is_looked_at() -> None:
    folder = Path(negotiation.__file__).parent
    with_routes = {path.stem for path in folder.glob("*.py") if "APIRouter(" in path.read_text(encoding="utf-8")}
    assert with_routes == {module.__name__.rpartition(".")[2] for module in MODULES}


def test_every_failure_reason_is_stated() -> None:
    stated = set(re.findall(r"^\| ([0-9A-F]{4}) \|", PAGE, re.M))
    assert stated == {f"{reason:04X}" for reason in FAILURE_REASON.values()}


def test_every_status_is_stated() -> None:
    stated = {int(found) for found in re.findall(r"^\| ([45]\d\d) \|", PAGE, re.M)}
    assert {status for status, _ in STATUS.values()} <= stated


def test_the_media_types_that_are_made_are_stated() -> None:
    for media_type in (
        negotiation.DICOM,
        negotiation.OCTET_STREAM,
        "image/jphc",
        rendering.JPEG,
        rendering.PNG,
        rendering.GIF,
        rendering.MP4,
    ):
        assert media_type in PAGE
