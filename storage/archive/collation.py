"""The same study at several places is one answer, which says where it lies, how much of it, and where that differs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.dicom.text import tokens

# What says who the patient is, as far as it is compared: a name by its words, all else as sent.
IDENTITY = ("patient_name", "patient_id", "patient_birth_date")


@dataclass(frozen=True)
class Source:
    """Who was asked: the facility, and the peer's name; empty for this archive itself."""

    facility_code: str
    facility_name: str
    peer: str = ""


@dataclass(frozen=True)
class Copy:
    """A study, series or instance as one place has it; ``uid`` names it, ``content`` is what the edge shows.

    ``series`` and ``instances`` are how much of it is there, ``None`` where the place does not tell.
    """

    source: Source
    uid: str
    content: Any
    patient_name: str = ""
    patient_id: str = ""
    patient_birth_date: str = ""
    series: int | None = None
    instances: int | None = None


@dataclass(frozen=True)
class Collated:
    """All copies of one, the one to show first.

    ``differs``: names of :data:`IDENTITY` in which two places contradict each other: it may be another patient's.
    """

    copies: tuple[Copy, ...]
    differs: tuple[str, ...]

    @property
    def shown(self) -> Copy:
        """The copy to show: the fullest; of equals the one that is nearest."""
        return self.copies[0]

    @property
    def most(self) -> int | None:
        """How many instances the fullest place has."""
        told = [one.instances for one in self.copies if one.instances is not None]
        return max(told) if told else None

    def lacks(self, copy: Copy) -> bool:
        """Whether another place has more of it."""
        return copy.instances is not None and self.most is not None and copy.instances < self.most


def collate(copies: Iterable[Copy]) -> Collated:
    """The copies of one study, at least one; the order in which they came does not matter."""
    ordered = sorted(copies, key=lambda one: (-(one.instances or 0), one.source.peer != "", _place(one.source)))
    return Collated(tuple(ordered), tuple(name for name in IDENTITY if _differs(name, ordered)))


def _place(source: Source) -> tuple[str, str]:
    return source.facility_code, source.peer


def _differs(name: str, copies: Iterable[Copy]) -> bool:
    told = {_compared(name, getattr(one, name)) for one in copies}
    return len(told - {""}) > 1


def _compared(name: str, value: str) -> str:
    return " ".join(sorted(tokens(value))) if name == "patient_name" else value.strip().upper()
