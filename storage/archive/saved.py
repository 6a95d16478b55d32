"""Use case: what people save of their reading: measurements, views and key images, kept as instances of the study.

They are DICOM objects like any other (PS3.16 TID 1500 and 2010, PS3.3 §A.33): stored by the same ingest, open to every
other system; those of other systems are listed and opened beside our own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydicom.dataset import Dataset

from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive, retrieve
from storage.archive.absence import absence
from storage.archive.ingest import Source, ingest
from storage.archive.instance_bytes import InstanceRow
from storage.archive.saved_image import shown_image
from storage.archive.saved_patient import Identity, identity_of, is_of_its_images
from storage.archive.saved_reading import Entry, entry_of, is_saved
from storage.archive.view import allow
from storage.dicom import code, spatial_length
from storage.dicom.drawing import Drawing, derived_uid, require_valid
from storage.dicom.key_objects import MOST_IMAGES, KeyImage, key_objects
from storage.dicom.measurement_report import measurement_report
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from storage.dicom.presentation_state import Look, presentation_state, require_look
from storage.dicom.saved_instance import (
    COMPREHENSIVE_3D_SR,
    COMPREHENSIVE_SR,
    KEY_OBJECT_SELECTION,
    Author,
    Occasion,
    Referenced,
    encoded,
)
from storage.dicom.spatial_length import SpatialLength
from storage.errors import InvalidRequest, NotFound, WrongState
from storage.index import listing

MOST_DRAWINGS = 1000
LONGEST_NAME = 64
LONGEST_NOTE = 1024
# Of how many of its images a line of the list asks whether they are of its patient; opening asks of all.
_MOST_ASKED_IN_A_LIST = 8

__all__ = ["Entry", "KeyImages", "Measurements", "View", "listed", "opened", "save"]


@dataclass(frozen=True)
class Measurements:
    """All that its author has drawn in the study; ``replaces``: earlier reports of which this is the newer state.

    Without a drawing it withdraws what it replaces.
    """

    drawings: tuple[Drawing, ...]
    replaces: tuple[str, ...] = ()
    lengths: tuple[SpatialLength, ...] = ()


@dataclass(frozen=True)
class View:
    """One frame (from 1) as it stands in its cell, with what is drawn on it."""

    name: str
    sop_instance_uid: str
    frame: int
    look: Look
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True)
class KeyImages:
    """Images that were chosen; ``title``: a code value of CID 7010."""

    title: str
    note: str
    images: tuple[KeyImage, ...]


Content = Measurements | View | KeyImages


def listed(archive: Archive, study_instance_uid: str, principal: Principal) -> list[Entry]:
    """What is saved in a study, by us and by others, newest first.

    Raises:
        NotFound: there is no such study.
        Forbidden: it belongs to a facility out of reach, or the principal may not view.
        StoreUnavailable: the index cannot be reached.
    """
    _allow(archive, study_instance_uid, principal)
    rows = [row for row in retrieve.instances(archive, study_instance_uid) if is_saved(row.sop_class_uid)]
    identity = _identities(archive, study_instance_uid)
    entries = []
    for row in rows:
        header = retrieve.header(archive, row)
        entry = entry_of(row, header, principal.name)
        if entry is not None and not is_of_its_images(header, identity, _MOST_ASKED_IN_A_LIST):
            entry = replace(entry, of_another=True)
        entries.append(entry)
    replaced = {uid for entry in entries if entry is not None and not entry.of_another for uid in entry.replaces}
    found = [entry.marked(replaced) for entry in entries if entry is not None]
    # Two states of one second: the one that took the other's place is the newer.
    return sorted(found, key=lambda entry: (entry.at, not entry.superseded, entry.sop_instance_uid), reverse=True)


def opened(
    archive: Archive, study_instance_uid: str, sop_instance_uid: str, principal: Principal
) -> tuple[Entry, Dataset, Callable[[str], Dataset | None]]:
    """One of them: what it is, its data set, and the headers of images of the study by UID.

    Raises:
        NotFound: there is no such object, or it is none of these.
        WrongState: it is of another patient than an image it speaks of.
        Forbidden, StoreUnavailable: as :func:`listed`.
    """
    _allow(archive, study_instance_uid, principal)
    row = retrieve.instances(archive, study_instance_uid, None, sop_instance_uid)[0]
    header = retrieve.header(archive, row)
    entry = entry_of(row, header, principal.name) if is_saved(row.sop_class_uid) else None
    if entry is None:
        raise NotFound("There is no such saved object.")
    if not is_of_its_images(header, _identities(archive, study_instance_uid)):
        raise WrongState("This object is of another patient than its images.")

    def header_of(uid: str) -> Dataset | None:
        try:
            return retrieve.header(archive, retrieve.instances(archive, study_instance_uid, None, uid)[0])
        except NotFound:
            return None

    return entry, header, header_of


def save(
    archive: Archive,
    study_instance_uid: str,
    identity: str,
    content: Content,
    author: Author,
    principal: Principal,
    language: str = "en",
) -> Entry:
    """Keep it as an instance of the study, and give what was kept.

    ``identity`` is of the request: the same one sent again gives what was kept the first time.

    Raises:
        InvalidRequest: it cannot be saved as it is: unknown images, impossible points.
        WrongState: it speaks of an image of another patient than the study's.
        NotFound: there is no such study.
        Forbidden: it belongs to a facility out of reach, or the principal may not store.
        StoreUnavailable, OutOfResources: it cannot be kept now.
    """
    study = _study(archive, study_instance_uid)
    allow(archive, principal, Action.VIEW, study["facility_id"], study_instance_uid, study["patient_id"])
    may(principal, Action.STORE, study["facility_id"])
    uid = derived_uid("saved", study_instance_uid, principal.kind, principal.name, identity)
    rows = {row.sop_instance_uid: row for row in retrieve.instances(archive, study_instance_uid)}
    if uid not in rows:
        occasion = Occasion(study, author, datetime.now(UTC), uid, language)
        made = _made(archive, occasion, content, rows)
        if not is_of_its_images(made, _identities(archive, study_instance_uid)):
            raise WrongState("An image of it is of another patient than the study.")
        _keep(archive, made, study, principal)
        rows[uid] = retrieve.instances(archive, study_instance_uid, None, uid)[0]
    entry = entry_of(rows[uid], retrieve.header(archive, rows[uid]), principal.name)
    if entry is None:
        raise NotFound("There is no such saved object.")
    return entry


def _identities(archive: Archive, study_instance_uid: str) -> Callable[[str], Identity | None]:
    """Whose the images of a study are, by UID, each read once; ``None``: not of this study."""
    rows = {row.sop_instance_uid: row for row in retrieve.instances(archive, study_instance_uid)}

    @cache
    def identity(uid: str) -> Identity | None:
        row = rows.get(uid)
        return None if row is None else identity_of(retrieve.header(archive, row))

    return identity


def _study(archive: Archive, study_instance_uid: str) -> Mapping[str, Any]:
    with archive.index.read() as connection:
        row = listing.by_uid(connection, study_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid)
    return row


def _allow(archive: Archive, study_instance_uid: str, principal: Principal) -> None:
    study = _study(archive, study_instance_uid)
    allow(archive, principal, Action.VIEW, study["facility_id"], study_instance_uid, study["patient_id"])


def _made(archive: Archive, occasion: Occasion, content: Content, rows: Mapping[str, InstanceRow]) -> Dataset:
    if isinstance(content, Measurements):
        return _report(archive, occasion, content, rows)
    if isinstance(content, KeyImages):
        return _selection(occasion, content, rows)
    return _state(archive, occasion, content, rows)


def _report(archive: Archive, occasion: Occasion, content: Measurements, rows: Mapping[str, InstanceRow]) -> Dataset:
    count = len(content.drawings) + len(content.lengths)
    replaced = _replaced(occasion, content.replaces, rows)
    if not (1 if not replaced else 0) <= count <= MOST_DRAWINGS:
        raise InvalidRequest(f"A report has 1 to {MOST_DRAWINGS} drawings; none where it replaces one that has.")
    for drawing in content.drawings:
        require_valid(drawing)
    sources = [(uid, 1) for one in content.lengths for uid in one.sources]
    images = _images(rows, [(one.sop_instance_uid, one.frame) for one in content.drawings] + sources)
    for length in content.lengths:
        spatial_length.require_valid(length)
        _require_in_space(archive, length, rows)
    number = _number(rows, COMPREHENSIVE_3D_SR if content.lengths else COMPREHENSIVE_SR, occasion)
    return measurement_report(occasion, number, content.drawings, images, replaced, content.lengths)


def _replaced(occasion: Occasion, uids: Sequence[str], rows: Mapping[str, InstanceRow]) -> list[Referenced]:
    """Earlier states; those that have been deleted since need no successor.

    Raises:
        InvalidRequest: one is not a report that this author has saved.
    """
    found = [rows[uid] for uid in uids if uid in rows]
    series = {
        derived_uid("saved", occasion.study_instance_uid, one, occasion.author.account)
        for one in (COMPREHENSIVE_SR, COMPREHENSIVE_3D_SR)
    }
    if any(row.series_instance_uid not in series for row in found):
        raise InvalidRequest("Nobody can replace what another has saved.")
    return [_referenced(row) for row in found]


def _require_in_space(archive: Archive, length: SpatialLength, rows: Mapping[str, InstanceRow]) -> None:
    """A length is in the frame of reference of the images it was measured in.

    Raises:
        InvalidRequest: it is not.
    """
    for uid in length.sources:
        header = retrieve.header(archive, rows[uid])
        if str(header.get("FrameOfReferenceUID") or "") != length.frame_of_reference_uid:
            raise InvalidRequest("A length is not in the frame of reference of its images.")


def _selection(occasion: Occasion, content: KeyImages, rows: Mapping[str, InstanceRow]) -> Dataset:
    if content.title not in code.KEY_OBJECT_TITLES:
        raise InvalidRequest("The title of a selection must be a code of CID 7010.")
    if not 1 <= len(content.images) <= MOST_IMAGES or len(content.note) > LONGEST_NOTE:
        raise InvalidRequest(f"A selection has 1 to {MOST_IMAGES} images, and a note of at most {LONGEST_NOTE}.")
    images = _images(rows, [(one.sop_instance_uid, one.frame or 1) for one in content.images])
    number = _number(rows, KEY_OBJECT_SELECTION, occasion)
    return key_objects(occasion, number, content.title, content.note, content.images, images)


def _state(archive: Archive, occasion: Occasion, content: View, rows: Mapping[str, InstanceRow]) -> Dataset:
    if not require_look(content.look) or len(content.name) > LONGEST_NAME:
        raise InvalidRequest("The view cannot be saved as it is.")
    here = [one for one in content.drawings if (one.sop_instance_uid, one.frame) == _place(content)]
    if len(here) > MOST_DRAWINGS:
        raise InvalidRequest(f"A view has at most {MOST_DRAWINGS} drawings.")
    for drawing in here:
        require_valid(drawing)
    images = _images(rows, [_place(content)])
    row = rows[content.sop_instance_uid]
    header = retrieve.header(archive, row)
    shown = shown_image(images[content.sop_instance_uid], header, row, content.frame)
    if not shown.colour and content.look.window is None and not header.get("VOILUTSequence"):
        raise InvalidRequest("The view has no window.")
    number = _number(rows, "1.2.840.10008.5.1.4.1.1.11.", occasion)
    return presentation_state(occasion, number, content.name, content.look, shown, content.frame, here)


def _place(content: View) -> tuple[str, int]:
    return content.sop_instance_uid, content.frame


def _images(rows: Mapping[str, InstanceRow], wanted: Sequence[tuple[str, int]]) -> dict[str, Referenced]:
    """The images that are spoken of, by UID.

    Raises:
        InvalidRequest: one is not an image of this study, or has no such frame.
    """
    found = {}
    for uid, frame in wanted:
        row = rows.get(uid)
        if row is None or not 1 <= frame <= row.number_of_frames:
            raise InvalidRequest("A drawing or a choice is of an image that is not in this study.")
        found[uid] = _referenced(row)
    return found


def _referenced(row: InstanceRow) -> Referenced:
    return Referenced(
        row.series_instance_uid, row.sop_class_uid, row.sop_instance_uid, row.modality, row.number_of_frames
    )


def _number(rows: Mapping[str, InstanceRow], sop_class: str, occasion: Occasion) -> int:
    """The place of a new object in its series."""
    classes = {row.sop_class_uid for row in rows.values() if row.sop_class_uid.startswith(sop_class)} or {sop_class}
    series = {derived_uid("saved", occasion.study_instance_uid, one, occasion.author.account) for one in classes}
    numbers = [row.instance_number or 0 for row in rows.values() if row.series_instance_uid in series]
    return max(numbers, default=0) + 1


def _keep(archive: Archive, made: Dataset, study: Mapping[str, Any], principal: Principal) -> None:
    source = Source(
        kind="stow",
        ae_title="",
        address=principal.address,
        facility_id=study["facility_id"],
        context=f"saved {made.SOPInstanceUID}",
        study_instance_uid=study["study_instance_uid"],
    )
    with archive.spool.receive(
        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        sop_class_uid=str(made.SOPClassUID),
        sop_instance_uid=str(made.SOPInstanceUID),
        facility=study["facility_code"],
    ) as writer:
        writer.write(encoded(made))
        spooled = writer.finish()
    ingest(archive, spooled, source, principal)
