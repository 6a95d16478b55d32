"""Use case: the thin manifest of a study, all that a viewer needs to lay it out, without any header."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.study_list import StudyRow
from storage.archive.view import allow
from storage.errors import NotFound
from storage.index import listing as rows


@dataclass(frozen=True)
class ManifestInstance:
    """One instance; ``number_of_frames`` is 0 if it is no image."""

    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    rows: int | None
    columns: int | None
    number_of_frames: int
    transfer_syntax_uid: str

    @property
    def image(self) -> bool:
        """Whether there is something to show."""
        return self.number_of_frames > 0


@dataclass(frozen=True)
class Representative:
    """The frame that stands for a series, counted from 1."""

    sop_instance_uid: str
    frame: int


@dataclass(frozen=True)
class SeriesRow:
    """One series with its instances by number."""

    series_instance_uid: str
    modality: str
    series_number: int | None
    series_description: str
    body_part: str
    laterality: str
    number_of_instances: int
    representative: Representative | None
    instances: tuple[ManifestInstance, ...]


@dataclass(frozen=True)
class StudyManifest:
    """A study with its series by number."""

    study: StudyRow
    series: tuple[SeriesRow, ...]


def study_manifest(
    archive: Archive, study_instance_uid: str, principal: Principal, action: Action = Action.VIEW
) -> StudyManifest:
    """The manifest of a study, with an audit row of the view, or of its being fetched ahead of one.

    Raises:
        NotFound: there is no such study.
        Forbidden: it belongs to a facility out of reach, or the principal may not view.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        row = rows.by_uid(connection, study_instance_uid)
        if row is None:
            raise NotFound("There is no such study.")
        found = rows.series_of(connection, row["id"])
        instances = rows.instances_of(connection, row["id"])
    allow(archive, principal, action, row["facility_id"], study_instance_uid, row["patient_id"])
    by_series: dict[int, list[ManifestInstance]] = defaultdict(list)
    for series_fk, *values in instances:
        by_series[series_fk].append(ManifestInstance(*values))
    return StudyManifest(
        StudyRow.of(row, datetime.now(UTC)), tuple(_series(each, tuple(by_series[each["id"]])) for each in found)
    )


def _series(row: dict[str, Any], instances: tuple[ManifestInstance, ...]) -> SeriesRow:
    return SeriesRow(
        row["series_instance_uid"],
        row["modality"],
        row["series_number"],
        row["series_description"],
        row["body_part_examined"],
        row["laterality"],
        len(instances),
        _representative(instances),
        instances,
    )


def _representative(instances: Sequence[ManifestInstance]) -> Representative | None:
    """The middle image; of a lone multi-frame image its middle frame."""
    images = [one for one in instances if one.image]
    if not images:
        return None
    middle = images[len(images) // 2]
    return Representative(middle.sop_instance_uid, middle.number_of_frames // 2 + 1)
