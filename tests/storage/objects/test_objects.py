"""Both object stores keep, read and refuse alike."""

import hashlib
import threading
from pathlib import Path

import pytest

from storage.errors import NotFound, StoreUnavailable
from storage.objects import ObjectStore, instance_key, open_store, sha256_of
from storage.objects.s3 import SINGLE_PUT_BYTES
from storage.settings import StorageSettings


@pytest.fixture
def store(tmp_path: Path, object_store_settings: dict[str, str]) -> ObjectStore:
    return open_store(settings_of(tmp_path, object_store_settings))


def settings_of(folder: Path, values: dict[str, str]) -> StorageSettings:
    return StorageSettings.model_validate({"data_dir": folder, **values})


def file_of(folder: Path, data: bytes, name: str = "source") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_an_object_comes_back_whole_and_in_ranges(store: ObjectStore, tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    assert store.create("instances/a/b/c.dcm", file_of(tmp_path, data))
    assert store.read("instances/a/b/c.dcm") == data
    assert store.read("instances/a/b/c.dcm", 1000, 7) == data[1000:1007]
    assert store.read("instances/a/b/c.dcm", len(data) - 3, 100) == data[-3:]
    assert store.read("instances/a/b/c.dcm", len(data) - 3) == data[-3:]
    assert store.read("instances/a/b/c.dcm", 5, 0) == b""
    assert store.read("instances/a/b/c.dcm", len(data), 10) == b""
    assert b"".join(store.chunks("instances/a/b/c.dcm")) == data
    assert b"".join(store.chunks("instances/a/b/c.dcm", 123_456)) == data[123_456:]
    assert store.head("instances/a/b/c.dcm").size == len(data)
    assert sha256_of(store, "instances/a/b/c.dcm") == hashlib.sha256(data).hexdigest()


def test_a_taken_key_is_left_alone(store: ObjectStore, tmp_path: Path) -> None:
    assert store.create("k", file_of(tmp_path, b"first", "1"))
    assert not store.create("k", file_of(tmp_path, b"second", "2"))
    assert store.read("k") == b"first"


def test_one_of_many_wins(store: ObjectStore, tmp_path: Path) -> None:
    won: list[bool] = []
    sources = [file_of(tmp_path, b"%d" % number, f"s{number}") for number in range(8)]
    threads = [threading.Thread(target=lambda s=source: won.append(store.create("k", s))) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]
    assert len(store.read("k")) == 1


def test_an_object_larger_than_one_request(store: ObjectStore, tmp_path: Path) -> None:
    data = hashlib.shake_128(b"x").digest(1024 * 1024) * (SINGLE_PUT_BYTES // 1024**2 + 3)
    source = file_of(tmp_path, data)
    assert store.create("large", source)
    assert not store.create("large", source)
    assert store.head("large").size == len(data)
    assert sha256_of(store, "large") == hashlib.sha256(data).hexdigest()


def test_put_replaces(store: ObjectStore) -> None:
    store.put("derived/x", b"old")
    store.put("derived/x", b"newer")
    assert store.read("derived/x") == b"newer"


def test_what_is_absent_is_not_found(store: ObjectStore) -> None:
    for call in (
        lambda: store.read("absent"),
        lambda: store.read("absent", 3, 4),
        lambda: store.head("absent"),
        lambda: store.chunks("absent"),
        lambda: sha256_of(store, "absent"),
    ):
        with pytest.raises(NotFound):
            call()


def test_delete_and_list(store: ObjectStore, tmp_path: Path) -> None:
    for key in ("instances/a/1", "instances/a/2", "instances/b/3", "derived/4"):
        store.create(key, file_of(tmp_path, key.encode(), key.replace("/", "_")))
    assert {(head.key, head.size) for head in store.keys("instances/a/")} == {
        ("instances/a/1", 13),
        ("instances/a/2", 13),
    }
    store.delete("instances/a/1")
    store.delete("instances/a/1")
    assert {head.key for head in store.keys("")} == {"instances/a/2", "instances/b/3", "derived/4"}
    assert list(store.keys("absent/")) == []


def test_an_open_store_answers_a_check_and_can_be_opened_again(
    store: ObjectStore, tmp_path: Path, object_store_settings: dict[str, str]
) -> None:
    store.put("k", b"1")
    store.check()
    again = open_store(settings_of(tmp_path, object_store_settings))
    assert again.read("k") == b"1"


def test_a_local_key_never_leaves_the_folder(tmp_path: Path) -> None:
    store = open_store(settings_of(tmp_path, {"object_store": str(tmp_path / "objects")}))
    (tmp_path / "secret").write_text("x")
    for key in ("../secret", "/etc/passwd", "a/../../secret", "", ".", "a//b"):
        with pytest.raises(NotFound):
            store.read(key)


def test_a_local_object_is_a_file_and_a_link_of_its_source(tmp_path: Path) -> None:
    store = open_store(settings_of(tmp_path, {"object_store": str(tmp_path / "objects")}))
    source = file_of(tmp_path, b"data")
    store.create("a/b", source)
    path = store.path("a/b")
    assert path is not None
    assert path.stat().st_ino == source.stat().st_ino
    source.unlink()
    assert path.read_bytes() == b"data"


def test_a_local_store_on_another_file_system_copies(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    store = open_store(settings_of(tmp_path, {"object_store": str(tmp_path / "objects")}))
    source = elsewhere / f"filmless-test-{tmp_path.name}"
    source.write_bytes(b"data")
    try:
        assert store.create("a/b", source)
        assert not store.create("a/b", source)
    finally:
        source.unlink()
    assert store.read("a/b") == b"data"
    assert [head.key for head in store.keys("")] == ["a/b"]


def test_a_server_that_is_away_or_refuses_is_unavailable(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    away = {
        "object_store": "s3://bucket",
        "s3_endpoint": "http://127.0.0.1:9",
        "s3_access_key": "a",
        "s3_secret_key": "b",
    }
    store = open_store(settings_of(tmp_path, away))
    with pytest.raises(StoreUnavailable):
        store.check()
    with pytest.raises(StoreUnavailable):
        store.read("k")
    server = request.getfixturevalue("seaweed")
    wrong = {**server.settings(server.bucket()), "s3_secret_key": "wrong"}
    with pytest.raises(StoreUnavailable):
        open_store(settings_of(tmp_path, wrong))


def test_a_bucket_is_made_where_there_is_none(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("seaweed")
    settings = settings_of(tmp_path, server.settings("made-by-the-archive"))
    open_store(settings).put("k", b"1")
    assert open_store(settings).read("k") == b"1"


def test_keys_are_opaque_and_name_their_content() -> None:
    key = instance_key("1.2.3", "1.2.3.4", "1.2.3.4.5", "ab" * 32)
    assert "1.2.3" not in key
    assert key.endswith("-abababababababab.dcm")
    assert key != instance_key("1.2.3", "1.2.3.4", "1.2.3.4.5", "cd" * 32)
    assert key.rsplit("/", 1)[0] == instance_key("1.2.3", "1.2.3.4", "9", "cd" * 32).rsplit("/", 1)[0]
