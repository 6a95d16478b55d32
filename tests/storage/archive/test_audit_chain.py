"""The audit trail as a chain: whoever changes it in the database is found, and the line is named; on both databases."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from storage.access import audit, audit_key
from storage.access.audit_line import line_hash
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive, audit_chain
from storage.archive.audit_checkpoint import AUDIT, everything, statement
from storage.archive.audit_proof import Proof, verify
from storage.errors import Forbidden, InvalidRequest
from storage.index.audit_chain_schema import audit_chain as head_table
from storage.index.schema import audit_event

ANNA = Principal("user", "bs.an", frozenset({Role.RADIOLOGIST}), None, address="10.0.0.7")


def note(archive: Archive, count: int, since: int = 0) -> None:
    with archive.index.write() as connection:
        for number in range(since, since + count):
            audit.record(connection, ANNA, Action.VIEW, study_instance_uid=f"1.2.{number}", patient_id="BN-Đ")


def sealed(archive: Archive, count: int = 20) -> None:
    """A trail of so many lines, told of outside the database."""
    note(archive, count)
    assert audit_chain.seal(archive) == count
    assert audit_chain.anchor(archive)


def told(proof: Proof) -> list[tuple[str, int, int]]:
    return [(one.kind, one.first, one.last) for one in proof.findings]


def alter(archive: Archive, line: int, /, **values: Any) -> None:
    with archive.index.write() as connection:
        connection.execute(update(audit_event).where(audit_event.c.position == line).values(**values))


def line(archive: Archive, position: int) -> dict[str, Any]:
    with archive.index.read() as connection:
        row = connection.execute(select(audit_event).where(audit_event.c.position == position)).mappings().one()
        return dict(row)


def rehash(archive: Archive, first: int) -> None:
    """What somebody who knows the code does after a change: all from a line on are hashed anew, and the head."""
    with archive.index.write() as connection:
        after = select(audit_event).where(audit_event.c.position >= first).order_by(audit_event.c.position)
        rows = [dict(row) for row in connection.execute(after).mappings()]
    previous = line(archive, first - 1)["hash"]
    for row in rows:
        made = line_hash(previous, row, row["sealed_at"])
        alter(archive, row["position"], previous_hash=previous, hash=made)
        previous = made
    with archive.index.write() as connection:
        connection.execute(update(head_table).values(hash=previous))


def test_an_untouched_trail_is_whole_and_says_how_far_it_is_told_of(archive: Archive) -> None:
    assert told(verify(archive, SYSTEM)) == [], "nothing yet"
    note(archive, 3)
    proof = verify(archive, SYSTEM)
    assert (proof.unsealed, proof.lines) == (4, 0), "three views and a verification wait"
    assert proof.oldest_unsealed is not None
    assert audit_chain.seal(archive) == 5
    assert audit_chain.seal(archive) == 0
    assert audit_chain.anchor(archive)
    proof = verify(archive, SYSTEM)
    assert (told(proof), proof.lines, proof.last, proof.anchored) == ([], 5, 5, 5)
    assert audit_chain.seal(archive) == 2, "that there is a statement, and that it was verified"
    assert audit_chain.anchor(archive)
    assert audit_chain.seal(archive) == 0, "a statement a minute is no event"
    assert not audit_chain.anchor(archive)
    proof = verify(archive, SYSTEM)
    assert (told(proof), proof.statements) == ([], 2)


@pytest.mark.parametrize(
    "values",
    [
        {"actor": "bs.binh"},
        {"patient_id": ""},
        {"outcome": "refused"},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"sealed_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"detail": "{}"},
        {"hash": "0" * 64},
        {"hash": None},
    ],
)
def test_an_altered_line_is_named(archive: Archive, values: dict[str, Any]) -> None:
    sealed(archive)
    alter(archive, 7, **values)
    proof = verify(archive, SYSTEM)
    assert ("altered", 7, 7) in told(proof)
    assert {first for _, first, _ in told(proof)} <= {7} | ({20, 0, 1} if "hash" in values else set())
    assert proof.findings[0].event == line(archive, 7)["id"]


def test_a_line_altered_and_hashed_anew_is_named_by_the_one_after_it(archive: Archive) -> None:
    sealed(archive)
    row = line(archive, 7) | {"actor": "bs.binh"}
    alter(archive, 7, actor="bs.binh", hash=line_hash(row["previous_hash"], row, row["sealed_at"]))
    assert told(verify(archive, SYSTEM)) == [("broken", 7, 7)]


def test_whoever_hashes_all_the_rest_anew_is_found_by_the_statement_outside(archive: Archive) -> None:
    sealed(archive)
    note(archive, 5, 20)
    audit_chain.seal(archive)
    alter(archive, 7, actor="bs.binh")
    rehash(archive, 7)
    assert set(told(verify(archive, SYSTEM))) == {("rewritten", 1, 20)}


def test_removed_lines_are_named(archive: Archive) -> None:
    sealed(archive)
    with archive.index.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.position.in_([1, 5, 6, 12])))
    assert told(verify(archive, SYSTEM)) == [("removed", 1, 1), ("removed", 5, 6), ("removed", 12, 12)]


def test_a_line_taken_back_to_be_sealed_anew_is_missed(archive: Archive) -> None:
    sealed(archive)
    alter(archive, 5, position=None, actor="nobody")
    audit_chain.seal(archive)
    assert told(verify(archive, SYSTEM)) == [("removed", 5, 5)]


def test_lines_that_changed_places_are_named(archive: Archive) -> None:
    sealed(archive)
    for position, to in ((5, 99), (9, 5), (99, 9)):
        alter(archive, position, position=to)
    assert told(verify(archive, SYSTEM)) == [("reordered", 5, 5), ("reordered", 9, 9)]


def test_contents_that_changed_places_are_named(archive: Archive) -> None:
    sealed(archive)
    first, second = line(archive, 5), line(archive, 6)
    names = ("at", "study_instance_uid")
    alter(archive, 5, **{name: second[name] for name in names})
    alter(archive, 6, **{name: first[name] for name in names})
    assert told(verify(archive, SYSTEM)) == [("reordered", 5, 5), ("reordered", 6, 6)]


def test_a_line_put_in_is_named(archive: Archive) -> None:
    sealed(archive, 10)
    for position in range(10, 5, -1):
        alter(archive, position, position=position + 1)
    with archive.index.write() as connection:
        connection.execute(update(head_table).values(position=11))
        made = {name: value for name, value in line(archive, 3).items() if name != "id"}
        made |= {"position": 6, "actor": "forged", "previous_hash": line(archive, 5)["hash"]}
        identity = connection.execute(insert(audit_event).values(**made).returning(audit_event.c.id)).scalar_one()
    row = line(archive, 6)
    alter(archive, 6, hash=line_hash(row["previous_hash"], row, row["sealed_at"]))
    proof = verify(archive, SYSTEM)
    assert ("inserted", 6, 6) in told(proof)
    assert [one.event for one in proof.findings if one.kind == "inserted"] == [identity]


def test_a_tail_that_was_cut_is_found_with_the_head_put_back(archive: Archive) -> None:
    sealed(archive)
    with archive.index.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.position > 15))
        connection.execute(delete(audit_event).where(audit_event.c.position.is_(None)))
    assert told(verify(archive, SYSTEM)) == [("head", 15, 15), ("cut", 16, 20)]
    with archive.index.write() as connection:
        connection.execute(update(head_table).values(position=15, hash=line(archive, 15)["hash"]))
        connection.execute(delete(audit_event).where(audit_event.c.position.is_(None)))
    audit_chain.seal(archive)
    assert told(verify(archive, SYSTEM)) == [("cut", 16, 20)]


def test_a_head_that_was_written_down_finds_what_the_objects_no_longer_tell(archive: Archive) -> None:
    sealed(archive)
    audit_chain.seal(archive)
    noted = audit_chain.head(archive)
    assert noted is not None
    said = f"{noted[0]}:{noted[1]}"
    assert told(verify(archive, SYSTEM, noted=said)) == []
    with archive.index.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.position > 20))
        connection.execute(update(head_table).values(position=20, hash=line(archive, 20)["hash"]))
    assert ("cut", 21, 21) in told(verify(archive, SYSTEM, noted=said))
    with pytest.raises(InvalidRequest):
        verify(archive, SYSTEM, noted="21")


def test_a_forged_statement_and_a_whole_other_trail(archive: Archive, tmp_path: Path) -> None:
    sealed(archive)
    (tmp_path / "other").mkdir()
    with archive.index.read() as connection:
        chain = connection.execute(select(head_table.c.chain)).scalar_one()
    forged, signed = statement(audit_key.load(tmp_path / "other"), chain, "head", 3, "0" * 64)
    archive.objects.put(f"{AUDIT}{chain}/forged.json", signed)
    assert forged.key != audit_key.load(archive.settings.data_dir).public
    assert told(verify(archive, SYSTEM)) == [("statement", 0, 0)]
    own = next(one for one in everything(archive) if one.name.endswith("20.json"))
    altered = json.loads(archive.objects.read(own.name)) | {"position": 2}
    archive.objects.put(own.name, json.dumps(altered).encode())
    assert told(verify(archive, SYSTEM)) == [("statement", 0, 0)] * 2
    archive.objects.delete(own.name)
    archive.objects.delete(f"{AUDIT}{chain}/forged.json")
    assert told(verify(archive, SYSTEM)) == [], "the latest one is still there"
    with archive.index.write() as connection:
        connection.execute(delete(audit_event))
        connection.execute(delete(head_table))
    note(archive, 2)
    audit_chain.seal(archive)
    assert told(verify(archive, SYSTEM)) == [("other", 20, 20)]


def test_old_lines_go_by_policy_and_the_rest_stays_provable(archive: Archive) -> None:
    note(archive, 10)
    old = datetime.now(UTC) - timedelta(days=6 * 366)
    with archive.index.write() as connection:
        connection.execute(update(audit_event).where(audit_event.c.id <= 4).values(at=old))
    audit_chain.seal(archive)
    audit_chain.anchor(archive)
    assert audit_chain.prune(archive, 0) == 0
    with pytest.raises(InvalidRequest):
        audit_chain.prune(archive, 3)
    assert audit_chain.prune(archive, 5) == 4
    assert audit_chain.prune(archive, 5) == 0
    audit_chain.seal(archive)
    audit_chain.anchor(archive)
    proof = verify(archive, SYSTEM)
    assert (told(proof), proof.first, proof.lines) == ([], 5, 8)
    with archive.index.write() as connection:
        connection.execute(delete(audit_event).where(audit_event.c.position == 5))
        connection.execute(update(head_table).values(base_position=5, base_hash=line(archive, 6)["previous_hash"]))
    assert told(verify(archive, SYSTEM)) == [("pruned", 1, 5)]


def test_only_who_may_read_the_trail_may_prove_it(archive: Archive) -> None:
    with pytest.raises(Forbidden):
        verify(archive, ANNA)
    officer = Principal("user", "anninh", frozenset({Role.SECURITY_OFFICER}), None)
    assert told(verify(archive, officer)) == []


def test_the_key_is_the_owners_alone_and_stays(archive: Archive) -> None:
    made = audit_key.load(archive.settings.data_dir)
    assert (archive.settings.data_dir / audit_key.FILE).stat().st_mode & 0o777 == 0o600
    assert audit_key.load(archive.settings.data_dir).public == made.public
    assert audit_key.is_signed(made.public, b"so", made.sign(b"so"))
    assert not audit_key.is_signed(made.public, b"other", made.sign(b"so"))
