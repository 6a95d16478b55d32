"""One web process for each database, shared by the tests of a module: use your own UIDs."""

from collections.abc import Iterator

import httpx
import pytest

from tests.pacs.server import WebServer
from tests.peers import postgresql


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an empty archive."""
    folder = tmp_path_factory.mktemp("web")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'index.db'}"
    else:
        server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
        url = server.database()
    started = WebServer(folder, url)
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.fixture
def admin(web: WebServer) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with web.client() as client:
        yield client
