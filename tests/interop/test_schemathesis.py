"""schemathesis makes requests of the OpenAPI document: none is a 5xx, and each answer is one the document knows."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydicom.dataset import Dataset
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer, serving_without_error

pytestmark = pytest.mark.interop

EXAMPLES = 8


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with serving_without_error(tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture(scope="module")
def client(web: WebServer) -> Iterator[httpx.Client]:
    with web.client() as made:
        yield made


@pytest.fixture(scope="module")
def kept(client: httpx.Client) -> Dataset:
    """An instance that is there."""
    made = instances.study(3, patient_id="SCHEMA")
    store(client, made)
    return made[1]


@pytest.fixture(scope="module")
def document(web: WebServer, client: httpx.Client) -> Any:
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    schema.config.update(base_url=web.url)
    return schema


KNOWN = (not_a_server_error, status_code_conformance, content_type_conformance)


def test_no_request_is_a_server_error(document: Any, client: httpx.Client, kept: Dataset) -> None:
    headers = {"Authorization": client.headers["Authorization"]}
    real = {
        "study": str(kept.StudyInstanceUID),
        "series": str(kept.SeriesInstanceUID),
        "instance": str(kept.SOPInstanceUID),
    }

    def attempt(case: Any) -> None:
        case.validate_response(case.call(headers=headers), checks=KNOWN)
        names = real.keys() & (case.path_parameters or {}).keys()
        if case.method != "DELETE" and names:
            # The same of an instance that is there.
            case.path_parameters.update({name: real[name] for name in names})
            case.validate_response(case.call(headers=headers), checks=KNOWN)

    wrong = []
    for found in document.get_all_operations():
        operation = found.ok()
        run = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        made = operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        try:
            run(given(case=made)(attempt))()
        except (Exception, FailureGroup) as error:  # noqa: BLE001 - each is tried, then all that is wrong is told
            told = error.exceptions if isinstance(error, FailureGroup) else [error]
            wrong += [f"{operation.label}: {one}" for one in told]
    assert not wrong, "\n\n".join(wrong)
