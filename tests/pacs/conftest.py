"""One web process for each database, shared by all tests of a test process: use your own UIDs."""

from collections.abc import Iterator

import httpx
import pytest

from tests.pacs.server import WebServer, running
from tests.peers import postgresql


@pytest.fixture(scope="session")
def web_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process with its index in SQLite."""
    folder = tmp_path_factory.mktemp("web")
    with running(folder, f"sqlite:///{folder / 'index.db'}") as server:
        yield server


@pytest.fixture(scope="session")
def web_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres: postgresql.PostgreSQL) -> Iterator[WebServer]:
    """A running web process with its index in PostgreSQL."""
    with running(tmp_path_factory.mktemp("web"), postgres.database()) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest) -> WebServer:
    """A running web process; others have put studies into its archive."""
    server: WebServer = request.getfixturevalue(f"web_on_{request.param}")
    return server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web_of_its_own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an archive that was empty before this module."""
    folder = tmp_path_factory.mktemp("web")
    url = f"sqlite:///{folder / 'index.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    with running(folder, url) as server:
        yield server


@pytest.fixture
def admin(web: WebServer) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with web.client() as client:
        yield client
