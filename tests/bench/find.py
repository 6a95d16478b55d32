"""What a C-FIND costs at several sizes: ``python -m tests.bench.find 10k=URL 1m=URL``.

Each URL is an index made by ``tests.bench.large_index``; a Filmless runs on each, and one association to each asks, in
turns, for other values each time, as a machine of one facility would. Prints median and p95 from the request to the
final answer, in milliseconds, answers a query (mean), the processor time a query of the asker (pynetdicom, which also
decodes the answers), of Filmless and of PostgreSQL, and the share of stolen time.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from storage.index.engine import Index
from tests.bench.queries import Values, spent, stolen
from tests.bench.reading_meanwhile import p95
from tests.peers import filmless

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
ANSWERED = ("PatientName", "PatientBirthDate", "StudyDescription", "StudyInstanceUID", "ModalitiesInStudy")
FACILITY = "F01"  # the largest, with a fifth of all studies; a machine sees those of its own
PENDING = (0xFF00, 0xFF01)
_FILL_CACHES = 3


@dataclass(frozen=True)
class Peer:
    """An association with a Filmless on an index, and values of it to ask for."""

    index: Index
    server: filmless.Filmless
    association: Association
    values: Values

    def processor(self) -> tuple[float, float]:
        """Milliseconds of processor time used until now by Filmless and by PostgreSQL for it."""
        tree = [psutil.Process(self.server.pid), *psutil.Process(self.server.pid).children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in tree) * 1000, spent(self.index)


@contextmanager
def asked(url: str, folder: Path) -> Iterator[Peer]:
    """A Filmless on this index, and an association with it."""
    index = Index(url)
    values = Values(index, 7, FACILITY)
    environment = {"FILMLESS_LOG_LEVEL": "warning", "FILMLESS_DATABASE_URL": url}
    with filmless.running(folder, **environment) as server:
        entity = ApplicationEntity("BENCH")
        entity.add_requested_context(STUDY_ROOT_FIND)
        server.cli("ae", "add", "BENCH@127.0.0.1:104", "--facility", FACILITY)
        association = entity.associate("127.0.0.1", server.dicom_port, ae_title=server.aet)
        assert association.is_established, "refused"
        try:
            yield Peer(index, server, association, values)
        finally:
            association.release()
            server.cli("ae", "remove", "BENCH")
            index.close()


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


def measure(peers: dict[str, Peer], name: str, runs: int) -> str:
    """One line: every peer asked in turns for one shape."""
    times: dict[str, list[float]] = {size: [] for size in peers}
    matches, asker = dict.fromkeys(peers, 0), dict.fromkeys(peers, 0.0)
    used = {size: peer.processor() for size, peer in peers.items()}
    before = stolen()
    for number in range(runs + _FILL_CACHES):
        for size, peer in peers.items():
            keys = shapes(peer.values)[name]()
            begun, processor = time.perf_counter(), time.process_time()
            count = find(peer.association, keys)
            asker[size] += (time.process_time() - processor) * 1000
            if number >= _FILL_CACHES:
                times[size].append((time.perf_counter() - begun) * 1000)
                matches[size] += count
    share = [later - earlier for earlier, later in zip(before, stolen(), strict=True)]
    line = f"{name:16}"
    for size, found in times.items():
        server, database = (later - earlier for earlier, later in zip(used[size], peers[size].processor(), strict=True))
        each = [part / (runs + _FILL_CACHES) for part in (asker[size], server, database)]
        line += f"{statistics.median(found):9.1f}{p95(found):8.1f}{matches[size] / runs:7.1f}"
        line += "".join(f"{part:7.1f}" for part in each)
    return f"{line}{share[0] / max(1, share[1]):7.0%}"


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
        heads = "".join(f"{size + ' p50':>9}{'p95':>8}{'found':>7}{'asker':>7}{'ours':>7}{'PG':>7}" for size in peers)
        print(f"{'milliseconds':16}{heads}{'steal':>7}")
        for name in shapes(next(iter(peers.values())).values):
            print(measure(peers, name, given.runs), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the asker's, of values that are not of their VR
    main()
