"""Linking and granting at the command line, with two data folders and one running web process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pacs.cli import app
from storage.access.principal import SYSTEM
from storage.archive import site
from tests.pacs.server import WebServer


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """The site that invites."""
    folder = tmp_path_factory.mktemp("origin")
    server = WebServer(folder, f"sqlite:///{folder / 'data' / 'filmless.db'}")
    try:
        server.start()
        yield server
    finally:
        server.close()


def run(data: Path, *arguments: str) -> str:
    """What a command says."""
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return result.output


def test_two_sites_are_linked_at_the_command_line(origin: WebServer, tmp_path: Path) -> None:
    here, there = tmp_path / "asking", origin.settings.data_dir
    invited = run(there, "site", "invite", "Quảng Trị", "--address", origin.url).strip()
    assert site.own(origin.archive).fingerprint in run(here, "site", "read", invited)
    said = run(here, "site", "accept", invited, "--address", "https://qt.example.vn", "--may-search")
    (waiting,) = site.everything(origin.archive, SYSTEM)
    assert waiting.state == "waiting"
    assert waiting.fingerprint in said.replace("\n", "")
    assert waiting.fingerprint in run(here, "site", "show")
    run(there, "site", "confirm", waiting.fingerprint[:9], "--may-break-glass")
    (linked,) = site.everything(origin.archive, SYSTEM)
    assert (linked.state, linked.may_search, linked.may_break_glass) == ("linked", False, True)
    assert "linked" in run(there, "site", "list")
    assert "number" in run(there, "grant", "list", "--unreviewed")
    run(there, "site", "close", linked.site_id)
    assert site.find(origin.archive, linked.site_id).state == "closed"
