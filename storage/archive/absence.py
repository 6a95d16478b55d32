"""Why nothing is kept under an address: it never was, or it was deleted (PS3.18 §8.5, statuses 404 and 410)."""

from storage.archive import Archive
from storage.errors import Gone, NotFound
from storage.index import removals as rows

REASONS = {
    "patient-request": "at the request of the patient",
    "wrong-patient": "because it was of another patient than it said",
    "duplicate": "because it was there twice",
    "poor-quality": "because it was of no use",
    "test": "because it was made for a test",
    "retention": "because its time of keeping was over",
    "other": "for a reason that the administrator knows",
}


def absence(archive: Archive, study: str, series: str = "", instance: str = "") -> NotFound:
    """What to raise for a study, series or instance that has no row: ``Gone`` where it was deleted.

    Raises:
        StoreUnavailable: the index cannot be reached.
    """
    level = "instance" if instance else "series" if series else "study"
    with archive.index.read() as connection:
        row = rows.of_address(connection, study, series, instance)
    if row is None:
        return NotFound(f"There is no such {level}.")
    day = row["removed_at"].date().isoformat()
    return Gone(f"This {level} was deleted on {day} {REASONS.get(row['reason'], REASONS['other'])}.")
