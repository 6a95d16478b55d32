"""Every shape of a search finds its rows by an index, on both engines, the first page and the count included."""

import re
from collections.abc import Iterator

import pytest

from storage.access.principal import Principal
from storage.archive import Archive
from storage.archive.query import Query, StudyFilter, list_studies, search
from storage.dicom.attributes import Level
from storage.dicom.text import tokens
from storage.index.paging import COUNTED
from tests.bench import large_index, queries

STUDIES = 20_000
# What must be in the plan, of PostgreSQL and of SQLite; shapes that are not here only must not read a whole table.
USED = {
    "patient ID": (r"ix_study_patient_id.*\n +Index Cond", r"patient_id \((facility_id=\? AND )?patient_id=\?"),
    "accession": (r"ix_study_accession_number.*\n +Index Cond", r"ix_study_accession_number \(accession_number=\?"),
    "name prefix": (
        r"Index Only Scan using ix_study_named.*\n +Index Cond",
        r"COVERING INDEX ix_study_named \(search_patient_name>\?",
    ),
    "name any order": (
        r"ix_study_words_(words|newest)",
        r"study_word USING .*word_fk=\?",
    ),
    "date + modality p1": (
        r"ix_study_(newest|modalities).*\n +Index Cond",
        r"COVERING INDEX ix_study_(newest|modalities) \(.*study_date>\?",
    ),
    "date + modality p50": (
        r"ix_study_(newest|modalities).*\n +Index Cond",
        r"COVERING INDEX ix_study_(newest|modalities) \(.*study_date>\?",
    ),
    "everything p50": (r"Index Only Scan Backward using ix_study_newest", r"COVERING INDEX ix_study_newest"),
    "month": (r"ix_study_newest.*\n +Index Cond", r"COVERING INDEX ix_study_newest \(study_date>\?"),
    "study UID": (r"uq_study_study_instance_uid", r"sqlite_autoindex_study_1 \(study_instance_uid=\?"),
    "ID prefix": (r"ix_study_patient_id.*\n +Index Cond", r"patient_id \((facility_id=\? AND )?patient_id>\?"),
    "ID suffix": (r"Bitmap Index Scan on ix_study_text_search_text", r"SCAN study_text VIRTUAL TABLE INDEX 0:M"),
    "birth date": (r"ix_study_patient_birth_date", r"ix_study_patient_birth_date \(patient_birth_date=\?"),
    "physician": (r"ix_study_words_words|study_words_pkey", r"study_word USING"),
    "series of study": (r"uq_study_study_instance_uid", r"sqlite_autoindex_study_1 \(study_instance_uid=\?"),
    "series by patient": (r"ix_study_patient_id", r"patient_id \((facility_id=\? AND )?patient_id=\?"),
    "instances of patient": (r"ix_study_patient_id", r"patient_id \((facility_id=\? AND )?patient_id=\?"),
    "patients by ID": (r"ix_study_patient_id", r"patient_id \((facility_id=\? AND )?patient_id=\?"),
    "patients": (r"ix_study_named", ""),
    "list": (r"Index (Only )?Scan Backward using ix_study_updated_at", r"ix_study_updated_at"),
    "list, number": (r"Bitmap Index Scan on ix_study_text_search_text", r"SCAN study_text VIRTUAL TABLE INDEX 0:M"),
}
# A whole table read row by row. On SQLite a scan by an index is one in the order of the answer: it ends with the page.
WHOLE = (
    r"Seq Scan on (study|series|instance|study_\w+)\b",
    r"SCAN (study|series|instance|study_word)\b(?! USING)",
)
# No index holds what they ask for: SQLite counts along the table, as far as is counted; PostgreSQL along an index.
UNINDEXED = frozenset({"patients", "series by part"})


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An index of twenty thousand studies, sixty thousand series and as many instances of the newest."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'index.db'}"
    with queries.opened(url) as made:
        made.index.migrate()
        large_index.load(made.index, STUDIES, with_instances=70)
        yield made


@pytest.mark.parametrize("principal", [queries.DOCTOR, queries.REFERRER], ids=["everywhere", "three facilities"])
def test_no_shape_reads_a_whole_table(archive: Archive, principal: Principal) -> None:
    engine = int(archive.index.is_sqlite)
    walked = UNINDEXED if archive.index.is_sqlite else frozenset()
    wrong = []
    for name, draw in queries.shapes(queries.Values(archive.index, 3)).items():
        found = "\n".join(queries.plans(archive, draw(), principal, run=False))
        whole = name not in walked and re.search(WHOLE[engine], found)
        if whole or not re.search(USED.get(name, ("", ""))[engine], found):
            wrong.append(f"{name}: {USED.get(name, ('', ''))[engine]}\n{found}")
    assert not wrong, "\n\n".join(wrong)


def test_a_number_of_matches_is_exact_or_said_not_to_be(archive: Archive) -> None:
    first = search(archive, Query(Level.STUDY, limit=5), queries.DOCTOR)
    assert (len(first.rows), first.total, first.exact, first.truncated) == (5, COUNTED + 1, False, True)
    last = search(archive, Query(Level.STUDY, limit=5, offset=STUDIES - 2), queries.DOCTOR)
    assert (len(last.rows), last.total, last.exact, last.truncated) == (2, STUDIES, True, False)
    beyond = search(archive, Query(Level.STUDY, {"PatientName": "Nguyễn*"}, limit=5, offset=5_000), queries.DOCTOR)
    assert (len(beyond.rows), beyond.total, beyond.exact) == (5, 5_006, False)
    with archive.index.read() as connection:
        named = "replace(search_patient_name, '^', ' ') = 'TRAN THI LAN'"
        few = connection.exec_driver_sql(f"SELECT count(*) FROM study WHERE {named}")
        expected = few.scalar_one()
    found = search(archive, Query(Level.STUDY, {"PatientName": "Trần^Thị Lan"}, limit=1), queries.DOCTOR)
    assert expected > 1
    assert (found.total, found.exact) == (expected, True)


@pytest.mark.parametrize("text", ["nguyen", "van", "thi nguyen", "van thi", "an nguy", "khongai nguyen"])
@pytest.mark.parametrize("offset", [0, 150])
def test_words_that_many_bear_and_words_that_few_bear_are_found_alike(archive: Archive, text: str, offset: int) -> None:
    with archive.index.read() as connection:
        order = "ORDER BY study_date DESC, study_time DESC, id DESC"
        studies = connection.exec_driver_sql(f"SELECT study_instance_uid, search_patient_name FROM study {order}").all()
    begun = text.upper().split()
    expected = [uid for uid, name in studies if all(any(w.startswith(one) for w in tokens(name)) for one in begun)]
    query = Query(Level.STUDY, {"PatientName": text}, fuzzy=True, limit=50, offset=offset)
    found = search(archive, query, queries.DOCTOR)
    assert [row["0020000D"]["Value"][0] for row in found.rows] == expected[offset : offset + 50]
    assert found.total == len(expected) if found.exact else found.total <= len(expected)
    assert found.exact or found.total > offset + len(found.rows)


@pytest.mark.parametrize("text", ["nguyen nguc", "ct so nao", "le 2601", "khongai"])
def test_the_list_finds_words_of_all_its_texts(archive: Archive, text: str) -> None:
    with archive.index.read() as connection:
        order = "ORDER BY updated_at DESC, id DESC"
        studies = connection.exec_driver_sql(f"SELECT study_instance_uid, search_text FROM study {order}").all()
    begun = text.upper().split()
    expected = [uid for uid, words in studies if all((one if one.isdigit() else f" {one}") in words for one in begun)]
    page = list_studies(archive, StudyFilter(text=text, limit=50), queries.DOCTOR)
    assert [row.study_instance_uid for row in page.rows] == expected[:50]
