"""What every shape of a search costs at two sizes: ``python -m tests.bench.queries 10000=URL 1000000=URL``.

Each URL is an index made by ``tests.bench.large_index``. Each shape is asked again and again for other values, drawn
from the archive itself as people would ask, through the use case (index, answer as DICOM JSON, audit row); the
sizes take turns, so that both meet the same noise. Prints median and p95 of each, in milliseconds, the mean processor
time of this process and a PostgreSQL beside it, the ratio of the p95, the share of stolen time, and with ``--plans``
how the engine runs the slowest. Orthanc is measured beside us by ``tests.bench.web``.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from storage.access.principal import Principal, Role
from storage.archive import Archive
from storage.archive.query import Query, StudyFilter, list_studies, search
from storage.dicom.attributes import Level
from storage.dicom.text import tokens
from storage.index.engine import Index
from storage.settings import StorageSettings
from tests.bench.reading_meanwhile import p95

Keys = dict[str, str]
DOCTOR = Principal("user", "bench", frozenset({Role.RADIOLOGIST}), None)
# Of 24 facilities, as a referrer of a district reaches them.
REFERRER = Principal("user", "bench", frozenset({Role.RADIOLOGIST}), frozenset({3, 7, 11}))
PAGE = 100


class Values:
    """Values to ask for, taken from studies of the archive, or of one facility."""

    def __init__(self, index: Index, seed: int, facility: str | None = None) -> None:
        self.chance = random.Random(seed)
        with index.read() as connection:
            most = connection.exec_driver_sql("SELECT max(id) FROM study").scalar_one()
            chosen = ", ".join(str(self.chance.randint(1, most)) for _ in range(400 if facility is None else 4000))
            within = (
                "" if facility is None else f"AND facility_id = (SELECT id FROM facility WHERE code = '{facility}')"
            )
            self._studies = [
                dict(row)
                for row in connection.exec_driver_sql(
                    "SELECT study_instance_uid, patient_id, accession_number, study_date, study_description, "
                    "patient_birth_date, search_patient_name, referring_physician_name FROM study "
                    f"WHERE id IN ({chosen}) {within}"
                ).mappings()
            ]

    def study(self) -> Mapping[str, Any]:
        """One of the studies."""
        return self.chance.choice(self._studies)

    def prefix(self) -> str:
        """What is typed of a name from its beginning: the family and more, one to all of the words after it."""
        words = str(self.study()["search_patient_name"]).replace("^", " ").split()
        typed = words[: self.chance.randint(1, len(words))]
        return "^".join((typed[0], " ".join(typed[1:]))) + "*" if len(typed) > 1 else f"{typed[0]}*"

    def words(self, least: int = 2) -> str:
        """Words of a name, unaccented, in any order; at least two of them."""
        words = tokens(str(self.study()["search_patient_name"]))
        self.chance.shuffle(words)
        return " ".join(words[: self.chance.randint(min(least, len(words)), len(words))]).lower()

    def month(self) -> str:
        """A month of dates."""
        day = str(self.study()["study_date"])
        return f"{day[:6]}01-{day[:6]}31"

    def year(self) -> str:
        """A year of dates."""
        day = str(self.study()["study_date"])
        return f"{day[:4]}0101-{day[:4]}1231"

    def modality(self) -> str:
        """A modality, as often as studies have it."""
        return str(self.study()["study_description"]).split()[0]


def shapes(of: Values) -> dict[str, Callable[[], Query | StudyFilter]]:
    """Every shape of a search, by what it is called; each call draws other values."""

    def query(level: Level, keys: Callable[[], Keys], *, page: int = 1, fuzzy: bool = False) -> Callable[[], Query]:
        return lambda: Query(level, keys(), fuzzy=fuzzy, limit=PAGE, offset=(page - 1) * PAGE)

    def one(name: str, column: str) -> Callable[[], Keys]:
        return lambda: {name: str(of.study()[column])}

    def dated() -> Keys:
        return {"StudyDate": of.year(), "ModalitiesInStudy": of.modality()}

    study, series, image, patient = Level.STUDY, Level.SERIES, Level.IMAGE, Level.PATIENT
    return {
        "patient ID": query(study, one("PatientID", "patient_id")),
        "accession": query(study, one("AccessionNumber", "accession_number")),
        "name prefix": query(study, lambda: {"PatientName": of.prefix()}),
        "name any order": query(study, lambda: {"PatientName": of.words()}, fuzzy=True),
        "date + modality p1": query(study, dated),
        "date + modality p50": query(study, dated, page=50),
        "everything p1": query(study, dict),
        "everything p50": query(study, dict, page=50),
        "month": query(study, lambda: {"StudyDate": of.month()}),
        "study UID": query(study, one("StudyInstanceUID", "study_instance_uid")),
        "ID prefix": query(study, lambda: {"PatientID": str(of.study()["patient_id"])[:7] + "*"}),
        "birth date": query(study, one("PatientBirthDate", "patient_birth_date")),
        "ID suffix": query(study, lambda: {"PatientID": "*" + str(of.study()["patient_id"])[-5:]}),
        "modality": query(study, lambda: {"ModalitiesInStudy": of.modality()}),
        "one word": query(study, lambda: {"PatientName": of.words(1).split()[0]}, fuzzy=True),
        "name infix": query(study, lambda: {"PatientName": f"*{of.words(1).split()[0]}*"}),
        "name and month": query(study, lambda: {"PatientName": of.prefix(), "StudyDate": of.month()}),
        "description": query(study, lambda: {"StudyDescription": str(of.study()["study_description"])[:6] + "*"}),
        "physician": query(study, one("ReferringPhysicianName", "referring_physician_name")),
        "patients by name": query(patient, lambda: {"PatientName": of.prefix()}),
        "patients by ID": query(patient, one("PatientID", "patient_id")),
        "patients": query(patient, dict),
        "series of study": query(series, one("StudyInstanceUID", "study_instance_uid")),
        "series by modality": query(series, lambda: {"Modality": of.modality()}),
        "series of a month": query(series, lambda: {"StudyDate": of.month(), "Modality": of.modality()}),
        "series by patient": query(series, one("PatientID", "patient_id")),
        "series by part": query(series, lambda: {"BodyPartExamined": "KNEE"}),
        "instances": query(image, dict),
        "instances of patient": query(image, one("PatientID", "patient_id")),
        "list": lambda: StudyFilter(limit=PAGE),
        "list p50": lambda: StudyFilter(limit=PAGE, offset=49 * PAGE),
        "list, words": lambda: StudyFilter(text=of.words(), limit=PAGE),
        "list, number": lambda: StudyFilter(text=str(of.study()["patient_id"])[-6:], limit=PAGE),
        "list, modality": lambda: StudyFilter(modalities=(of.modality(),), limit=PAGE),
        "list, modality, month": lambda: StudyFilter(
            modalities=(of.modality(),),
            **dict(zip(("date_from", "date_to"), of.month().split("-"), strict=True)),  # type: ignore[arg-type]
            limit=PAGE,
        ),
    }


def ask(archive: Archive, asked: Query | StudyFilter, principal: Principal) -> None:
    """One search, through its use case."""
    if isinstance(asked, Query):
        search(archive, asked, principal)
    else:
        list_studies(archive, asked, principal)


def plans(archive: Archive, asked: Query | StudyFilter, principal: Principal, *, run: bool = True) -> list[str]:
    """How the engine runs each statement of a search; ``run``: with the times it took."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    engine = archive.index.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        ask(archive, asked, principal)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN (ANALYZE, BUFFERS)" if run else "EXPLAIN"
    if archive.index.is_sqlite:
        explain = "EXPLAIN QUERY PLAN"
    told = []
    with archive.index.read() as connection:
        for statement, parameters in seen:
            if "set_config" in statement:
                connection.exec_driver_sql(statement, parameters)
            elif statement.startswith(("SELECT", "WITH")):
                rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                told.append("\n".join(str(row[-1]) for row in rows))
    return told


@contextmanager
def opened(url: str) -> Iterator[Archive]:
    """An archive around an index that is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = StorageSettings.model_validate({"data_dir": folder, "database_url": url, "minimum_free_bytes": 0})
        archive = Archive.open(settings)
        try:
            yield archive
        finally:
            archive.close()


def stolen() -> tuple[int, int]:
    """Ticks of the processor that other virtual machines took, and all ticks."""
    ticks = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[7], sum(ticks)


def spent(index: Index) -> float:
    """Milliseconds of processor time that a PostgreSQL on this machine has used for the connections of an index."""
    if index.is_sqlite:
        return 0.0
    total = 0.0
    with index.read() as connection:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        for (pid,) in connection.exec_driver_sql(asked):
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            total += sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")
    return total


def measure(archives: Mapping[str, Archive], wanted: str, runs: int, principal: Principal, *, told: bool) -> None:
    """Ask every shape of every size, in turns, and print."""
    asked = {size: shapes(Values(archive.index, 7)) for size, archive in archives.items()}
    heads = "".join(f"{size + ' p50':>13}{'p95':>8}{'cpu':>7}" for size in asked)
    print(f"{'milliseconds':24}{heads}{'ratio':>8}{'steal':>7}")
    for name in next(iter(asked.values())):
        if not any(part in name for part in wanted.split(",")):
            continue
        times: dict[str, list[float]] = {size: [] for size in asked}
        slowest: dict[str, tuple[float, Query | StudyFilter]] = {}
        used = {size: -spent(archive.index) for size, archive in archives.items()}
        before = stolen()
        for number in range(runs + 3):
            for size, of in asked.items():
                one = of[name]()
                begun, processor = time.perf_counter(), time.process_time()
                ask(archives[size], one, principal)
                used[size] += (time.process_time() - processor) * 1000
                if number >= 3:  # the first fill caches
                    times[size].append(took := (time.perf_counter() - begun) * 1000)
                    slowest[size] = max(slowest.get(size, (0.0, one)), (took, one), key=lambda pair: pair[0])
        share = [later - earlier for earlier, later in zip(before, stolen(), strict=True)]
        each = {size: (used[size] + spent(archive.index)) / (runs + 3) for size, archive in archives.items()}
        figures = "".join(
            f"{statistics.median(found):13.1f}{p95(found):8.1f}{each[size]:7.1f}" for size, found in times.items()
        )
        highest = [p95(found) for found in times.values()]
        print(f"{name:24}{figures}{highest[-1] / highest[0]:8.1f}{share[0] / max(1, share[1]):7.0%}", flush=True)
        if told:
            for size, (took, one) in slowest.items():
                for plan in plans(archives[size], one, principal):
                    print(f"--- {name}, {size}, {took:.0f} ms\n{plan}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("index", nargs="+", help="SIZE=URL")
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--shape", default="", help="only shapes whose name has one of these, by commas, in it")
    options.add_argument("--reach", action="store_true", help="ask as one who reaches three facilities of 24")
    options.add_argument("--plans", action="store_true")
    given = options.parse_args()
    with ExitStack() as stack:
        sizes = (one.split("=", 1) for one in given.index)
        archives = {size: stack.enter_context(opened(url)) for size, url in sizes}
        measure(archives, given.shape, given.runs, REFERRER if given.reach else DOCTOR, told=given.plans)


if __name__ == "__main__":
    main()
