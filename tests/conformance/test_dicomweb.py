"""The DICOMweb conformance statement says what the code does."""

import inspect
import re
from pathlib import Path

import pytest
from starlette.routing import Route

from pacs.dicomweb import (
    bulk_data,
    capabilities,
    commitment,
    deletion,
    frames,
    instances,
    metadata,
    modality_steps,
    negotiation,
    network_qido,
    openapi,
    qido,
    rendered,
    rendering,
    stow,
    wado_uri,
    work_item_events,
    work_items,
)
from pacs.dicomweb.capabilities import Operation
from pacs.dicomweb.failure import FAILURE_REASON
from pacs.web.errors import STATUS
from storage.dicom.attributes import Level

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "conformance-dicomweb.md").read_text(encoding="utf-8")
MODULES = (
    bulk_data,
    capabilities,
    commitment,
    deletion,
    frames,
    instances,
    metadata,
    modality_steps,
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
    assert with_routes == {module.__name__.rpartition(".")[2] for module in (*MODULES, network_qido)}


def test_every_resource_of_the_network_is_stated() -> None:
    served = {route.path for route in network_qido.router.routes if isinstance(route, Route)}
    assert set(re.findall(r"^\| `GET (/network/dicom-web[^`]*)` \|", PAGE, re.M)) == served


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


def operations() -> list[Operation]:
    return list(capabilities.operations(route for module in MODULES for route in module.router.routes))


def described() -> openapi.Document:
    return openapi.document([route for module in MODULES for route in module.router.routes], "0")


def test_the_media_types_of_frames_are_stated() -> None:
    assert dict(re.findall(r"^\| ([0-9.]+) \| [^|]+ \| `([^`]+)` \|", PAGE, re.M)) == negotiation.FRAME_MEDIA_TYPE


def test_every_media_type_of_the_offers_is_stated() -> None:
    offered = {kind for one in operations() for kind in (*one.gives, *one.takes)}
    assert offered
    for kind in offered:
        assert re.sub(r'.*type="([^"]+)".*', r"\1", kind) in PAGE


def test_every_parameter_of_the_offers_is_stated() -> None:
    offered = {name for one in operations() for name in one.parameters}
    assert {"limit", "viewport", "reason"} <= offered
    for name in offered:
        assert f"`{name}`" in PAGE


# The parameters of PS3.18 §9.4 and §9.5 that are read.
WADO_URI = (
    *("requestType", "studyUID", "seriesUID", "objectUID", "contentType", "transferSyntax", "frameNumber", "rows"),
    *("columns", "region", "windowCenter", "windowWidth", "imageQuality", "annotation", "anonymize"),
)


@pytest.mark.parametrize("name", WADO_URI)
def test_every_parameter_of_wado_uri_is_read_and_stated(name: str) -> None:
    assert f'"{name}"' in inspect.getsource(wado_uri)
    assert re.search(rf"\b{name}\b", PAGE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("includefield", "all"), ("fuzzymatching", "true"), ("emptyvaluematching", "true"), ("limit", "1")),
        *(("multiplevaluematching", "true"), ("orderby", "-StudyDate"), ("offset", "1"), ("accept", "*/*")),
    ],
)
def test_the_parameters_of_a_search_are_understood(name: str, value: str) -> None:
    (search,) = (one for one in operations() if one.path == "/studies" and one.method == "GET")
    assert name in (*search.parameters, "accept")
    assert qido.read_query([(name, value)], Level.STUDY, {}, 100)


def test_every_status_of_the_openapi_document_is_stated() -> None:
    operations = [operation for methods in described()["paths"].values() for operation in methods.values()]
    statuses = {status for operation in operations for status in operation["responses"]}
    assert {"200", "206", "404"} <= statuses
    for status in statuses:
        assert f"`{status}`" in PAGE or re.search(rf"^\| {status} \|", PAGE, re.M), status


def test_every_resource_is_in_the_openapi_document() -> None:
    told = {
        (method.upper(), path.removeprefix("/dicom-web"))
        for path, methods in described()["paths"].items()
        for method in methods
    }
    elsewhere = {("GET", "/wado"), ("OPTIONS", "/"), ("OPTIONS", "/{path}")}
    assert told == rows(r"^\| ([A-Z]+) \| `([^`]+)` \|") - elsewhere
