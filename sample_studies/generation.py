"""Writing every sample study, in parallel."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sample_studies.studies import all_tasks
from sample_studies.study import Task, save

Progress = Callable[[int, int], None]
"""Called with how many images are written, and how many there will be."""

WORKERS = 2


def generate(out: Path, progress: Progress | None = None) -> list[Path]:
    """Write every sample study under ``out``, one folder each, and answer the files in sending order.

    Files that are there already are kept, so a second call is quick. The content is the same on every machine up to
    the rounding of its floating point.
    """
    tasks = all_tasks()
    done = 0
    found: list[Path] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for path in pool.map(lambda numbered: _write(out, *numbered), _numbered(tasks)):
            found.append(path)
            done += 1
            if progress is not None:
                progress(done, len(tasks))
    return found


def _numbered(tasks: list[Task]) -> Iterator[tuple[int, Task]]:
    """Each task with its number in its study, from 1."""
    count: Counter[str] = Counter()
    for task in tasks:
        count[task.study.key] += 1
        yield count[task.study.key], task


def _write(out: Path, number: int, task: Task) -> Path:
    folder = out / task.study.key
    path = folder / f"{number:04d}.dcm"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        save(task.make(), half)
        half.rename(path)
    return path
