"""An index of a million studies without their images: ``python -m tests.bench.large_index URL --studies 1000000``.

Rows go straight into the tables, past ingest: studies of ten years with three series each, people with Vietnamese names
as often as they are borne, two and a half studies a person. Series and studies have their numbers of instances, but
rows of instances are written for the newest studies alone (``--with-instances``), a hundred to a series and without
headers: who asks for studies and series never touches them. The same numbers give the same rows.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, islice
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from storage.dicom.text import normalise_name, search_text, tokens
from storage.index.engine import Index
from storage.index.words import are_letters
from tests.bench.vietnamese import Names

FACILITIES = 24
SERIES = 3
INSTANCES = 100  # a series, of the studies that have rows of them
LAST = date(2026, 6, 30)
DAYS = 3652
MODALITIES = {"CR": 22, "DX": 24, "US": 24, "CT": 16, "MR": 8, "MG": 2, "XA": 1, "ES": 2, "NM": 1}
PARTS = {"CHEST": "Ngực", "HEAD": "Sọ não", "ABDOMEN": "Bụng", "LSPINE": "Cột sống thắt lưng", "KNEE": "Khớp gối",
         "PELVIS": "Khung chậu", "NECK": "Cổ", "HEART": "Tim", "BREAST": "Tuyến vú"}  # fmt: skip
_CHUNK = 20_000
Row = tuple[Any, ...]
_TIMES = ("received_at", "updated_at")
STUDY = (
    *("id", "study_instance_uid", "facility_id", "patient_name", "patient_id", "issuer_of_patient_id"),
    *("patient_birth_date", "patient_sex", "study_date", "study_time", "accession_number", "study_id"),
    *("study_description", "referring_physician_name", "modalities_in_study", "number_of_series"),
    *("number_of_instances", "search_text", "search_patient_name", "search_referring_physician_name", *_TIMES),
)
SERIES_COLUMNS = (
    *("id", "study_fk", "series_instance_uid", "modality", "series_number", "series_description", "series_date"),
    *("series_time", "body_part_examined", "performed_procedure_step_start_date"),
    *("performed_procedure_step_start_time", "number_of_instances", "revision", *_TIMES),
)
INSTANCE = (
    *("id", "series_fk", "sop_instance_uid", "sop_class_uid", "instance_number", "rows", "columns", "bits_allocated"),
    *("transfer_syntax_uid", "size", "dataset_offset", "dataset_sha256", "location", "object_key", "facility_id"),
    *("received_at", "stored_at"),
)


@dataclass(frozen=True)
class Person:
    """Whose studies they are."""

    name: str
    search_name: str
    identity: str
    birth_date: str
    sex: str


class Archive:
    """Rows of so many studies, the oldest first."""

    def __init__(self, studies: int, seed: int = 1) -> None:
        self.studies = studies
        self._chance = random.Random(seed)
        names = Names(self._chance)
        self.people = [self._person(names, number) for number in range(max(1, studies * 2 // 5))]
        self._doctors = [names.draw(self._chance.choice("FM")) for _ in range(400)]
        self._modalities = (list(MODALITIES), list(accumulate(MODALITIES.values())))

    def _person(self, names: Names, number: int) -> Person:
        sex = self._chance.choice("FM")
        name = names.draw(sex)
        born = date(1930, 1, 1) + timedelta(days=self._chance.randrange(34_000))
        identity = f"{self._chance.randrange(1, 97):02d}{number * 7919 % 10**8:08d}"
        return Person(name, normalise_name(name), identity, born.strftime("%Y%m%d"), sex)

    def rows(self) -> Iterator[tuple[Row, list[Row]]]:
        """A study and its series, again and again."""
        chance = self._chance
        for number in range(1, self.studies + 1):
            person = self.people[int(len(self.people) * chance.random() ** 1.3)]
            modality = chance.choices(self._modalities[0], cum_weights=self._modalities[1])[0]
            part, said = chance.choice(list(PARTS.items()))
            # Studies arrive in the order of their dates, but for some that are imported later.
            day = LAST - timedelta(days=DAYS - 1 - DAYS * (number - 1) // self.studies)
            if chance.random() < 0.02:
                day -= timedelta(days=chance.randrange(2000))
            at = datetime(day.year, day.month, day.day, 6 + chance.randrange(14), chance.randrange(60), tzinfo=UTC)
            counts = [1, 1, 1] if modality in ("CR", "DX") else [chance.randrange(1, 300) for _ in range(SERIES)]
            facility = min(FACILITIES, 1 + int(chance.expovariate(0.2)))
            uid = f"1.2.840.99999.7.{facility}.{number}.{chance.randrange(10**9)}"
            description = f"{modality} {said}"
            accession = f"{day:%y%m%d}{facility:02d}{number % 100_000:05d}"
            modalities = f"{modality}\\SR" if modality == "CT" and number % 5 == 0 else modality
            doctor = chance.choice(self._doctors)
            yield (
                (
                    *(number, uid, facility, person.name, person.identity, "", person.birth_date, person.sex),
                    *(day.strftime("%Y%m%d"), at.strftime("%H%M%S"), accession, str(number), description, doctor),
                    *(modalities, SERIES, sum(counts)),
                    search_text((person.name, person.identity, accession, description)),
                    *(person.search_name, normalise_name(doctor), at, at),
                ),
                [
                    (
                        *((number - 1) * SERIES + one + 1, number, f"{uid}.{one + 1}", modality, one + 1),
                        *(f"{part} {one + 1}", day.strftime("%Y%m%d"), at.strftime("%H%M%S"), part),
                        *(day.strftime("%Y%m%d"), at.strftime("%H%M%S"), counts[one], counts[one], at, at),
                    )
                    for one in range(SERIES)
                ],
            )


def load(index: Index, studies: int, *, with_instances: int = 0, seed: int = 1) -> None:
    """Fill a migrated, empty index; indexes are taken away meanwhile and made again, statistics gathered."""
    with index.write() as connection:
        connection.execute(
            text("INSERT INTO facility (id, code, name) VALUES (:id, :code, :name)"),
            [{"id": one, "code": f"F{one:02d}", "name": f"Facility {one}"} for one in range(1, FACILITIES + 1)],
        )
        made_again = _drop_indexes(connection)
        rows = Archive(studies, seed).rows()
        words: dict[str, int] = {}
        while chunk := list(islice(rows, _CHUNK)):
            many = [one for _, of_study in chunk for one in of_study]
            _add(connection, "study", STUDY, [one for one, _ in chunk])
            _add(connection, "series", SERIES_COLUMNS, many)
            _add_words(connection, [one for one, _ in chunk], words)
            newest = [one for one in many if one[1] > studies - with_instances]
            if newest:
                _add(connection, "instance", INSTANCE, list(_instances(newest)))
        for statement in made_again:
            connection.exec_driver_sql(statement)
        if not index.is_sqlite:
            for table in ("facility", "study", "series", "instance", "word"):
                highest = f"greatest(1, (SELECT max(id) FROM {table}))"
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})")
    _settle(index)


def _instances(of: Sequence[Row]) -> Iterator[Row]:
    for one in of:
        series, uid, at = one[0], one[2], one[-1]
        for number in range(1, INSTANCES + 1):
            yield (
                *(
                    series * INSTANCES + number,
                    series,
                    f"{uid}.{number}",
                    "1.2.840.10008.5.1.4.1.1.2",
                    number,
                    512,
                    512,
                ),
                *(16, "1.2.840.10008.1.2.1", 526_000, 1_200, "0" * 64, "object", f"x/{series}/{number}"),
                *(1, at, at),
            )


def _add_words(connection: Connection, studies: Sequence[Row], words: dict[str, int]) -> None:
    """The words of the names and texts of each study; ``words`` has the numbers of those that are there already."""
    known, found = len(words), []
    for one in studies:
        patient, physician = (set(tokens(name)) for name in one[18:20])
        others = set(filter(are_letters, one[17].split())) - patient
        for field, of_field in enumerate((patient, physician, others)):
            found += [(one[0], field, words.setdefault(word, len(words) + 1)) for word in sorted(of_field)]
    new = list(islice(words.items(), known, None))
    _add(connection, "word", ("id", "word", "reversed"), [(number, word, word[::-1]) for word, number in new])
    _add(connection, "study_word", ("study_fk", "field", "word_fk"), found)


def _add(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    driver: Any = connection.connection.driver_connection
    named = ", ".join(f'"{name}"' for name in columns)
    if isinstance(driver, psycopg.Connection):
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
            copy.write("".join("\t".join(map(_told, row)) + "\n" for row in rows))
    else:
        plain = [tuple(str(value)[:19] if isinstance(value, datetime) else value for value in row) for row in rows]
        driver.executemany(f"INSERT INTO {table} ({named}) VALUES ({', '.join('?' * len(columns))})", plain)


def _told(value: Any) -> str:
    return str(value).replace("\\", "\\\\") if isinstance(value, str) else str(value)


def _drop_indexes(connection: Connection) -> list[str]:
    """Take the indexes of the large tables away that no constraint needs; gives the statements that make them."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name"
    else:
        asked = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE NOT starts_with(indexdef, 'CREATE UNIQUE') "
            "AND schemaname = current_schema() AND tablename"
        )
    found = connection.exec_driver_sql(
        f"{asked} IN ('study', 'series', 'instance', 'study_word', 'study_words', 'study_text')"
    ).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    return [statement for _, statement in found]


def _settle(index: Index) -> None:
    """Gather statistics, and on PostgreSQL what lets an index be read alone, as its housekeeping does in time."""
    if index.is_sqlite:
        with index.write() as connection:
            connection.exec_driver_sql("ANALYZE")
        return
    driver = index.driver_connection()
    try:
        driver.autocommit = True
        driver.execute("VACUUM ANALYZE")
    finally:
        driver.close()


def main() -> None:
    """Load and say how long it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("url", help="sqlite:///PATH or postgresql+psycopg://…, an empty database")
    options.add_argument("--studies", type=int, default=1_000_000)
    options.add_argument("--with-instances", type=int, default=200, help="newest studies that get rows of instances")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    index = Index(given.url)
    begun = time.monotonic()
    index.migrate()
    load(index, given.studies, with_instances=given.with_instances, seed=given.seed)
    index.close()
    print(f"{given.studies:,} studies in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
