"""What a look through the archive can find, and its report."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

FINDINGS_KEPT = 10_000

Kind = Literal[
    "missing",
    "size",
    "content",
    "unreadable",
    "spool-missing",
    "orphan",
    "foreign",
    "derived-orphan",
    "spool-orphan",
    "quarantine-missing",
    "quarantine-orphan",
]
MEANINGS: Mapping[str, str] = {
    "missing": "instances whose object is missing",
    "size": "objects that are longer or shorter than they were",
    "content": "objects with other bytes than they had",
    "unreadable": "objects that the store has and does not give",
    "spool-missing": "instances whose spool file is missing",
    "orphan": "instance objects without a row",
    "foreign": "objects that this archive did not write",
    "derived-orphan": "derived objects whose series is not kept",
    "spool-orphan": "spool files without a row (the next start looks after them)",
    "quarantine-missing": "quarantined instances whose file is missing",
    "quarantine-orphan": "quarantined files without a row (the next start looks after them)",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; ``name`` is an object key or a file name."""

    kind: Kind
    name: str
    sop_instance_uid: str = ""
    repaired: bool = False


@dataclass
class ScrubReport:
    """What was looked at and what was found; only the first :data:`FINDINGS_KEPT` findings are kept one by one."""

    quick: bool
    started_at: datetime
    finished_at: datetime | None = None
    objects: int = 0
    instances: int = 0
    read: int = 0
    bytes_read: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def unsolved(self) -> int:
        """How many findings are left."""
        return self.counts.total() - self.repaired

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        self.counts[finding.kind] += 1
        self.repaired += finding.repaired
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)


def as_json(report: ScrubReport) -> dict[str, Any]:
    """The report as an object of JSON."""
    return {
        "mode": "quick" if report.quick else "full",
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat() if report.finished_at else None,
        "objects": report.objects,
        "instances": report.instances,
        "read": report.read,
        "bytes_read": report.bytes_read,
        "counts": dict(sorted(report.counts.items())),
        "repaired": report.repaired,
        "unsolved": report.unsolved,
        "findings": [vars(finding) for finding in report.findings],
        "findings_left_out": report.counts.total() - len(report.findings),
    }
