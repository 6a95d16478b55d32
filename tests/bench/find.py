"""What a C-FIND costs at several sizes: ``python -m tests.bench.find 10k=URL 1m=URL``.

Each URL is an index made by ``tests.bench.large_index``; a Filmless runs on each, and one association to each asks, in
turns, for other values each time, as a modality or another archive would. Prints median and p95 from the request to
the final answer, in milliseconds, answers a query (mean), and the share of stolen time. The asker is pynetdicom, whose
decoding of the answers is part of what is measured.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from storage.index.engine import Index
from tests.bench.queries import Values, stolen
from tests.bench.reading_meanwhile import p95
from tests.peers import filmless

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
ANSWERED = ("PatientName", "PatientBirthDate", "StudyDescription", "StudyInstanceUID", "ModalitiesInStudy")
PENDING = (0xFF00, 0xFF01)


@contextmanager
def asked(url: str, folder: Path) -> Iterator[tuple[Association, Values]]:
    """An association with a Filmless on this index, and values of it to ask for."""
    index = Index(url)
    values = Values(index, 7)
    index.close()
    environment = {"FILMLESS_LOG_LEVEL": "warning", "FILMLESS_DATABASE_URL": url}
    with filmless.running(folder, **environment) as server:
        entity = ApplicationEntity("BENCH")
        entity.add_requested_context(STUDY_ROOT_FIND)
        server.cli("ae", "add", "BENCH@127.0.0.1:104")
        association = entity.associate("127.0.0.1", server.dicom_port, ae_title=server.aet)
        assert association.is_established, "refused"
        try:
            yield association, values
        finally:
            association.release()


def shapes(of: Values) -> dict[str, Callable[[], dict[str, str]]]:
    """The keys of each shape of a query; each call draws other values."""
    return {
        "patient ID": lambda: {"PatientID": str(of.study()["patient_id"])},
        "accession": lambda: {"AccessionNumber": str(of.study()["accession_number"])},
        "study UID": lambda: {"StudyInstanceUID": str(of.study()["study_instance_uid"])},
        "whole name": lambda: {"PatientName": str(of.study()["search_patient_name"])},
        "day + modality": lambda: {"StudyDate": str(of.study()["study_date"]), "ModalitiesInStudy": of.modality()},
    }


def find(association: Association, keys: dict[str, str]) -> int:
    """Ask once, to the final answer; how many matches came."""
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword in ANSWERED:
        setattr(query, keyword, "")
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    statuses = [status.Status for status, _ in association.send_c_find(query, STUDY_ROOT_FIND)]
    assert statuses[-1] == 0, f"{statuses[-1]:04X}"
    return sum(status in PENDING for status in statuses)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("index", nargs="+", help="SIZE=URL")
    options.add_argument("--runs", type=int, default=100)
    given = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        sizes = dict(one.split("=", 1) for one in given.index)
        peers = {size: stack.enter_context(asked(url, folder / size)) for size, url in sizes.items()}
        heads = "".join(f"{size + ' p50':>13}{'p95':>8}{'found':>8}" for size in peers)
        print(f"{'milliseconds':20}{heads}{'steal':>7}")
        for name in shapes(next(iter(peers.values()))[1]):
            times: dict[str, list[float]] = {size: [] for size in peers}
            matches = dict.fromkeys(peers, 0)
            before = stolen()
            for number in range(given.runs + 3):
                for size, (association, values) in peers.items():
                    keys = shapes(values)[name]()
                    begun = time.perf_counter()
                    count = find(association, keys)
                    if number >= 3:  # the first fill caches
                        times[size].append((time.perf_counter() - begun) * 1000)
                        matches[size] += count
            share = [later - earlier for earlier, later in zip(before, stolen(), strict=True)]
            figures = "".join(
                f"{statistics.median(found):13.1f}{p95(found):8.1f}{matches[size] / given.runs:8.1f}"
                for size, found in times.items()
            )
            print(f"{name:20}{figures}{share[0] / max(1, share[1]):7.0%}", flush=True)


if __name__ == "__main__":
    main()
