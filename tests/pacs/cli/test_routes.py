"""``pacs routes``: rules and the queue on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pacs.cli import app
from pacs.cli.options import console
from storage.archive import Archive
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source

STUDY = "1.2.3"


def test_rules_and_the_queue_are_kept_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 300)
    monkeypatch.setenv("FILMLESS_MINIMUM_FREE_BYTES", "0")

    def pacs(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path)])
        assert done.exit_code == code, done.output
        return done.output + str(done.exception or "")

    assert "not registered" in pacs("routes", "add", "x", "--to", "FAR", code=1)
    pacs("ae", "add", "FAR@127.0.0.1:104")
    conditions = ("--modality", "CT", "--received", "17:00-07:00", "--days", "51")
    assert "Rule 1" in pacs("routes", "add", "Ca trực đêm", "--to", "FAR", *conditions, "--confirm")
    listed = pacs("routes", "list")
    assert "modality CT, received 17:00-07:00, days 15" in listed
    assert "at once, confirmed" in listed
    assert "suspended" in pacs("routes", "disable", "1")
    assert "in force" in pacs("routes", "enable", "1")
    pacs("routes", "remove", "1")
    assert "There is no such rule" in pacs("routes", "remove", "1", code=1)

    archive = Archive.open(StorageSettings.model_validate({"data_dir": tmp_path, "minimum_free_bytes": 0}))
    keep(archive, ct_slice(study=STUDY), local_source(archive))
    archive.close()
    assert "Delivery 1 is due" in pacs("routes", "send", STUDY, "FAR")
    queue = pacs("routes", "queue")
    assert all(text in queue for text in ("store", "FAR", "waiting", "0/1", STUDY, "1 waiting"))
    pacs("routes", "cancel", "1")
    assert "1 cancelled" in pacs("routes", "queue", "--state", "cancelled")
    pacs("routes", "retry", "1")
    assert "1 waiting" in pacs("routes", "queue")
