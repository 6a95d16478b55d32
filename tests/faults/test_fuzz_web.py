"""Multipart bodies and query strings made by hypothesis: no 5xx, and memory that does not grow (PS3.18 §8.3, §10.5)."""

import re
from collections.abc import Iterator

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from storage.dicom.attributes import ATTRIBUTES
from tests import instances
from tests.pacs.message import part10, store
from tests.pacs.server import WebServer, serving_without_error

pytestmark = pytest.mark.faults

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
GROWTH = 96 * 1024 * 1024
BOUNDARY = "fuzz"

NAMES = st.sampled_from(
    [
        *(attribute.keyword for attribute in ATTRIBUTES),
        *("includefield", "limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "orderby"),
        *("accept", "charset", "00400275.00400007", "RequestAttributesSequence.ScheduledProcedureStepID", "00090010"),
        *("viewport", "window", "quality", "annotation", "iccprofile"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.from_regex(re.compile(r"[0-9*?.\-,:\\^ %_']{0,40}")),
    st.sampled_from(
        [
            *(
                "",
                "*",
                "?",
                "**",
                "-",
                "20260101-",
                "-20260101",
                "20261301-20260001",
                "2026-01-01",
                "all",
                "true",
                "1e9",
            ),
            *(
                "-1",
                "999999999999999999999",
                "1.2.3,4.5.6",
                "a" * 5000,
                "\\" * 100,
                "*" * 300,
                "NGUYỄN^*",
                "\u0000",
                "%",
            ),
            *("40,400", "nan,nan", "inf,1", "0,0,0,0,0,0", "1,1,-5,-5,2,2", "99999,99999", "1,1,LINEAR", "100,100,,,,"),
        ]
    ),
)
QUERY = st.lists(st.tuples(NAMES | st.text(min_size=1, max_size=20), VALUES), max_size=6)
RESOURCES = st.sampled_from(
    [
        *("/studies", "/series", "/instances", "/studies/{study}/series", "/studies/{study}/series/{series}/instances"),
        *("{path}/rendered", "{path}/thumbnail", "{path}/metadata", "{path}/frames/1", "{path}/frames/1/rendered"),
        *("/studies/{study}", "/studies/{study}/rendered", "{path}/bulkdata/7FE00010", "/studies/{any}/metadata"),
        *("{path}/frames/{any}", "{path}/bulkdata/{any}", "/{any}", "/workitems", "/workitems/{any}"),
    ]
)
ACCEPT = st.one_of(
    st.sampled_from(
        [
            *("*/*", "application/dicom+json", "application/json;q=0", "image/jpeg", "image/*;q=0.1", "image/gif"),
            *('multipart/related; type="application/dicom+xml"', "multipart/related", 'multipart/related; type="*/*"'),
            *('multipart/related; type="application/octet-stream"; transfer-syntax=*', "application/zip", "a/b/c", ","),
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
)
RANGE = st.sampled_from(["", "bytes=0-", "bytes=5-1", "bytes=-0", "bytes=99999999999999-", "bytes=0-1,2-3", "x=1-2"])


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
    made = instances.study(2, patient_id="FUZZ")
    store(client, made)
    return made[0]


@pytest.fixture
def memory(web: WebServer, kept: Dataset) -> Iterator[None]:
    """After the test the processes hold hardly more memory than before it."""
    tree = [psutil.Process(web.pid), *psutil.Process(web.pid).children(recursive=True)]
    before = sum(process.memory_info().rss for process in tree)
    yield
    assert sum(process.memory_info().rss for process in tree) - before < GROWTH


def sound(answer: httpx.Response) -> None:
    """An answer that is no failure of the server, and a problem where it is an error."""
    assert answer.status_code < 500, (answer.request.url, answer.text)
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/dicom+json":
        assert answer.headers["content-type"] == "application/problem+json", (answer.request.url, answer.text)


@pytest.mark.usefixtures("memory")
def test_no_query_string_is_a_server_error(client: httpx.Client, kept: Dataset) -> None:
    uids = {"study": str(kept.StudyInstanceUID), "series": str(kept.SeriesInstanceUID)}
    path = instances.path(kept).removeprefix("/dicom-web")

    @QUICK
    @given(resource=RESOURCES, query=QUERY, accept=ACCEPT, span=RANGE, any_=st.text(min_size=1, max_size=30))
    def attempt(resource: str, query: list[tuple[str, str]], accept: str, span: str, any_: str) -> None:
        address = httpx.URL("/dicom-web" + resource.format(path=path, any="\0", **uids).replace("\0", quoted(any_)))
        headers = {"Accept": accept.strip(), **({"Range": span} if span else {})}
        sound(client.get(address, params=[(name, surrogate_free(value)) for name, value in query], headers=headers))

    attempt()


def quoted(text: str) -> str:
    """Any text as one part of an address."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


def surrogate_free(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


HEADS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(b"Content-Type: application/dicom", b"Content-Type: application/dicom+json", b"Content-Type: "),
                *(b"Content-Type: application/dicom+xml", b"Content-Location: ../x", b"Content-Location: \xff"),
                *(b"Content-Type: application/octet-stream", b"no colon", b": empty", b"Content-Length: 99999999999"),
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=4,
)
WHOLE = part10(instances.study(1, patient_id="FUZZ-BODY", rows=8, columns=8)[0])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file with some of its bytes replaced, taken out or doubled."""
    made = bytearray(WHOLE)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(made) - 1))
        length = draw(st.integers(0, 16))
        made[at : at + length] = draw(st.binary(max_size=24))
        if not made:
            return b""
    return bytes(made[: draw(st.integers(0, len(made)))] if draw(st.booleans()) else made)


PART = st.one_of(
    damaged(),
    st.binary(max_size=400),
    st.just(WHOLE),
    st.sampled_from([b"[{}]", b"[", b'[{"00080018":{"vr":"UI","Value":[1]}}]', b"<NativeDicomModel/>", b"<a" * 500]),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A multipart body, more or less."""
    made = [draw(st.sampled_from([b"", b"\r\n", b"preamble"]))]
    for head, part in draw(st.lists(st.tuples(HEADS, PART), max_size=4)):
        delimiter = draw(st.sampled_from([b"\r\n--fuzz\r\n", b"--fuzz\r\n", b"\n--fuzz\n", b"\r\n--fuzz  \r\n"]))
        made += [delimiter, b"\r\n".join(head), draw(st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\n"])), part]
    made.append(draw(st.sampled_from([b"\r\n--fuzz--\r\n", b"\r\n--fuzz--", b"--fuzz", b""])))
    return b"".join(made)


TYPES = st.sampled_from(
    [
        *(f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',) * 4,
        *(f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY}',) * 2,
        f'multipart/related; type="application/dicom+xml"; boundary={BOUNDARY}',
        *("application/dicom", "application/dicom+json", "multipart/related", "multipart/related; boundary=", "text/x"),
    ]
)


@pytest.mark.usefixtures("memory")
def test_no_body_of_a_store_request_is_a_server_error(client: httpx.Client) -> None:
    @QUICK
    @given(body=bodies(), content_type=TYPES)
    def attempt(body: bytes, content_type: str) -> None:
        headers = {"Content-Type": content_type, "Accept": "application/dicom+json"}
        sound(client.post("/dicom-web/studies", content=body, headers=headers))

    attempt()
