"""``python -m sample_studies OUT_DIR``: write the sample studies, with a progress bar."""

import argparse
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sample_studies.generation import generate


def main() -> int:
    """Write the studies and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m sample_studies", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="folder to write to")
    out: Path = parser.parse_args().out
    columns = (TextColumn("Sample studies"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)
        files = generate(out, lambda done, total: bar.update(task, completed=done, total=total))
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files)} images, {size / 1e6:.0f} MB, in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
