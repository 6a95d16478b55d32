"""``/api/imports``: what is taken over from other servers, for administrators alone."""

from storage.access import facilities
from storage.access.principal import SYSTEM
from storage.archive import Archive, server_import
from storage.archive.server_import import Progress
from storage.settings import StorageSettings
from tests.peers.filmless import Filmless


def test_imports_are_listed_explained_and_called_off_by_administrators(running_pacs: Filmless) -> None:
    archive = Archive.open(StorageSettings.model_validate({"data_dir": running_pacs.data}))
    try:
        facility = facilities.get_or_create(archive.index, "LOCAL")
        begun = server_import.begin(archive, "http://10.0.0.9:8042", facility.id, SYSTEM, last_position=9)
        progress = Progress(position=7)
        progress.counts.update(stored=5, bytes=1234)
        progress.problems["instance", "abc"] = "It is broken."
        server_import.note(archive, begun, progress, instances_there=8)
        with running_pacs.client("radiologist") as reader:
            assert reader.get("/api/imports").status_code == 403
            assert reader.delete(f"/api/imports/{begun.id}").status_code == 403
        with running_pacs.client() as admin:
            (row,) = admin.get("/api/imports").json()["imports"]
            shown = {name: row[name] for name in ("address", "state", "is_active", "stored", "refused", "bytes")}
            assert shown == {
                "address": "http://10.0.0.9:8042", "state": "running", "is_active": True,
                "stored": 5, "refused": 1, "bytes": 1234,
            }  # fmt: skip
            one = admin.get(f"/api/imports/{begun.id}").json()
            assert one["problems"] == [{"kind": "instance", "subject": "abc", "reason": "It is broken."}]
            assert admin.delete(f"/api/imports/{begun.id}").status_code == 204
            assert admin.delete(f"/api/imports/{begun.id}").status_code == 409
            assert admin.get(f"/api/imports/{begun.id}").json()["state"] == "cancelled"
            assert admin.get("/api/imports/999").status_code == 404
            assert admin.get("/api/imports/x").status_code == 404
        again = server_import.begin(archive, "http://10.0.0.9:8042", facility.id, SYSTEM, last_position=9)
        assert (again.id, again.position) == (begun.id, 7)
    finally:
        archive.close()
