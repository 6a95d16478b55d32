"""The virtual film printer, with pynetdicom as SCU (PS3.4 Annex H)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    BasicAnnotationBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    PrinterInstance,
    PrintJob,
)

from dicom_nodes.scp import print_session
from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.archive import Archive
from storage.archive import film as archive_film
from storage.dicom.film import Film
from storage.errors import StoreUnavailable
from storage.index import films
from storage.index.films import Row
from storage.pixels.film import page_of, printed_values
from tests.dicom_nodes.conftest import AET, RunningNode, archive, node, start_node
from tests.wait import until

__all__ = ["archive", "node", "start_node"]

Printer = "1.2.840.10008.5.1.1.16"
GRAY, COLOR = BasicGrayscalePrintManagementMeta, BasicColorPrintManagementMeta
GRAY_BOX, COLOR_BOX = "1.2.840.10008.5.1.1.4", "1.2.840.10008.5.1.1.4.1"
# Who negotiates print jobs is sent reports of them, which pynetdicom's sender takes for the answer it waits for.
ALL = (GRAY, COLOR, PresentationLUT, BasicAnnotationBox)


class Machine:
    """A machine that prints on one association."""

    def __init__(self, association: Association, meta: str = GRAY) -> None:
        self.association = association
        self.meta = meta

    def pause(self) -> None:
        """Let pynetdicom's reactor come to rest: it takes answers off the queue that its own caller waits for."""
        self.association._reactor_checkpoint.clear()
        time.sleep(0.03)

    def create(self, sop_class: str, uid: str | None = None, meta: str = "", **attributes: Any) -> tuple[int, Any]:
        self.pause()
        answer, found = self.association.send_n_create(data_set(attributes), sop_class, uid, meta_uid=meta or self.meta)
        return answer.Status, found

    def set(self, sop_class: str, uid: str, meta: str = "", **attributes: Any) -> int:
        self.pause()
        answer, _ = self.association.send_n_set(data_set(attributes), sop_class, uid, meta_uid=meta or self.meta)
        return int(answer.Status)

    def act(self, sop_class: str, uid: str, action: int = 1) -> tuple[int, Any]:
        self.pause()
        answer, found = self.association.send_n_action(None, action, sop_class, uid, meta_uid=self.meta)
        return answer.Status, found

    def delete(self, sop_class: str, uid: str, meta: str = "") -> int:
        self.pause()
        return int(self.association.send_n_delete(sop_class, uid, meta_uid=meta or self.meta).Status)

    def film(self, display_format: str = "STANDARD\\1,1", **attributes: Any) -> tuple[str, list[str], Dataset]:
        """A film session and a film box; the UIDs of the box and of its image boxes."""
        session, box = generate_uid(), generate_uid()
        label = attributes.pop("FilmSessionLabel", "")
        assert self.create(BasicFilmSession, session, FilmSessionLabel=label, NumberOfCopies="1")[0] == 0
        status, found = self.create(BasicFilmBox, box, ImageDisplayFormat=display_format, **attributes)
        assert status == 0
        assert found.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == session
        return box, [item.ReferencedSOPInstanceUID for item in found.ReferencedImageBoxSequence], found

    def put(self, uid: str, array: np.ndarray, position: int = 1, **more: Any) -> int:
        """Put an image into its box."""
        colour = array.ndim == 3
        keyword = "BasicColorImageSequence" if colour else "BasicGrayscaleImageSequence"
        sequence = Sequence([image(array, **{k: more.pop(k) for k in list(more) if k in PIXELS})])
        attributes = {"ImageBoxPosition": position, keyword: sequence, **more}
        return self.set(COLOR_BOX if colour else GRAY_BOX, uid, **attributes)


PIXELS = ("PhotometricInterpretation", "BitsStored", "PlanarConfiguration", "Rows", "PixelRepresentation")


def data_set(attributes: dict[str, Any]) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def image(array: np.ndarray, **more: Any) -> Dataset:
    made = Dataset()
    colour = array.ndim == 3
    planar = more.get("PlanarConfiguration", 1)
    made.SamplesPerPixel = 3 if colour else 1
    made.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    made.Rows, made.Columns = array.shape[:2]
    made.BitsAllocated = 16 if array.dtype == np.uint16 else 8
    made.BitsStored = 12 if array.dtype == np.uint16 else 8
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, 0
    pixels = array.transpose(2, 0, 1) if colour and planar == 1 else array
    if colour:
        made.PlanarConfiguration = planar
    made.add_new(0x7FE00010, "OW", np.ascontiguousarray(pixels).tobytes())
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


@pytest.fixture
def connect(node: RunningNode) -> Callable[..., Any]:
    """Open an association to print on: ``with connect(…) as machine``."""

    @contextmanager
    def opened(
        *contexts: str, syntax: str = ExplicitVRLittleEndian, title: str = "FILMONLY", handlers: list[Any] | None = None
    ) -> Iterator[Machine]:
        entity = AE(ae_title=title)
        for context in contexts or ALL:
            entity.add_requested_context(context, syntax)
        association = entity.associate("127.0.0.1", node.port, ae_title=AET, evt_handlers=handlers or [])
        assert association.is_established
        try:
            yield Machine(association)
        finally:
            association.release()

    return opened


def printed(archive: Archive) -> list[tuple[Row, Film]]:
    """The films that were taken in, oldest first."""
    with archive.index.read() as connection:
        rows = films.page(connection, None, ("new",), 50, 0)[0]
    return [(row, archive_film.read(archive, row)) for row in reversed(rows)]


RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
GREY = np.random.default_rng(1).integers(0, 256, (60, 50), dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (30, 41, 3), dtype=np.uint8)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_film_in_every_encoding(connect: Callable[..., Any], archive: Archive, syntax: str) -> None:
    swapped = syntax == ExplicitVRBigEndian
    with connect(GRAY, syntax=syntax) as machine:
        box, (first, second), found = machine.film("STANDARD\\2,1", FilmSessionLabel="Nguyễn Văn Đức")
        assert (found.FilmOrientation, found.FilmSizeID, found.Trim) == ("PORTRAIT", "14INX17IN", "NO")
        assert machine.put(first, RAMP.byteswap() if swapped else RAMP) == 0
        assert machine.put(second, GREY.reshape(-1, 2)[:, ::-1].reshape(60, 50) if swapped else GREY, 2) == 0
        status, reply = machine.act(BasicFilmBox, box)
        assert status == 0
        job = reply[0x21000500][0]
        assert job.ReferencedSOPClassUID == PrintJob
    ((row, film),) = printed(archive)
    assert (row["film_uid"], row["ae_title"], row["label"]) == (
        job.ReferencedSOPInstanceUID, "FILMONLY", "Nguyễn Văn Đức",
    )  # fmt: skip
    assert [(one.position, one.bits_stored) for one in film.images] == [(1, 12), (2, 8)]
    assert film.images[0].pixels == RAMP.tobytes()
    assert film.images[1].pixels == GREY.tobytes()


def test_colour_by_plane_and_by_pixel(connect: Callable[..., Any], archive: Archive) -> None:
    with connect(COLOR) as machine:
        machine.meta = COLOR
        box, (first, second), _ = machine.film("STANDARD\\1,2")
        assert machine.put(first, RGB, PlanarConfiguration=1) == 0
        assert machine.put(second, RGB, 2, PlanarConfiguration=0) == 0
        assert machine.set(GRAY_BOX, second, ImageBoxPosition=2) == 0x0119
        assert machine.act(BasicFilmBox, box)[0] == 0
    ((_, film),) = printed(archive)
    assert [one.pixels for one in film.images] == [RGB.tobytes()] * 2


def test_how_it_is_printed_is_kept(connect: Callable[..., Any], archive: Archive) -> None:
    with connect() as machine:
        status, _ = machine.create(PresentationLUT, "2.25.77", PresentationLUT, PresentationLUTShape="LIN OD")
        assert status == 0
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = PresentationLUT, "2.25.77"
        box, (first,), found = machine.film(
            FilmOrientation="LANDSCAPE", FilmSizeID="8INX10IN", MagnificationType="REPLICATE", Trim="YES",
            BorderDensity="150", EmptyImageDensity="WHITE", MinDensity=10, MaxDensity=300, Illumination=1000,
            ReflectedAmbientLight=5, AnnotationDisplayFormatID="LABEL", ReferencedPresentationLUTSequence=[reference],
        )  # fmt: skip
        annotations = [item.ReferencedSOPInstanceUID for item in found.ReferencedBasicAnnotationBoxSequence]
        assert len(annotations) == 6
        annotate = {"AnnotationPosition": 5, "TextString": "BỆNH NHÂN 079"}
        assert machine.set(BasicAnnotationBox, annotations[4], BasicAnnotationBox, **annotate) == 0
        assert machine.put(first, GREY, Polarity="REVERSE", RequestedImageSize="50") == 0
        assert machine.delete(PresentationLUT, "2.25.77", PresentationLUT) == 0x0110
        assert machine.act(BasicFilmBox, box)[0] == 0
    ((row, film),) = printed(archive)
    assert row["texts"] == "BỆNH NHÂN 079"
    assert (film.orientation, film.size, film.magnification, film.trim) == ("LANDSCAPE", "8INX10IN", "REPLICATE", True)
    assert (film.border_density, film.empty_density, film.min_density, film.max_density) == ("150", "WHITE", 10, 300)
    assert (film.illumination, film.ambient_light) == (1000, 5)
    assert film.annotations == ((5, "BỆNH NHÂN 079"),)
    (one,) = film.images
    assert (one.polarity, one.requested_width) == ("REVERSE", 50)
    assert film.lut is not None
    assert film.lut.shape == "LIN OD"
    assert printed_values(one, film)[1] == 12
    page = page_of(film)
    assert page.width_mm > page.height_mm
    assert page.places[0][2] * page.spacing[1] == pytest.approx(50, rel=0.02)


def test_the_whole_session_is_printed_at_once_and_copies_only_once(
    connect: Callable[..., Any], archive: Archive
) -> None:
    reports: list[tuple[int, str]] = []

    def on_report(event: Any) -> tuple[int, None]:
        reports.append((event.event_type, event.request.AffectedSOPInstanceUID))
        return 0, None

    with connect(*ALL, PrintJob, handlers=[(evt.EVT_N_EVENT_REPORT, on_report)]) as machine:

        def act(sop_class: str, uid: str) -> tuple[int, Any]:
            answer: tuple[int, Any] = machine.act(sop_class, uid)
            until(lambda: len(reports) == acts)
            return answer

        box, (first,), found = machine.film()
        assert machine.put(first, GREY) == 0
        session = found.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID
        status, other = machine.create(BasicFilmBox, ImageDisplayFormat="STANDARD\\1,1")
        second = other.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
        assert (status, machine.put(second, GREY[::-1].copy())) == (0, 0)
        acts = 1
        status, reply = act(BasicFilmSession, session)
        assert status == 0
        job = reply[0x21000500][0].ReferencedSOPInstanceUID
        # Another copy of the same is no other film; once something is changed, it is.
        acts = 2
        assert act(BasicFilmBox, box)[0] == 0
        assert len(printed(archive)) == 2
        assert machine.put(first, GREY, Polarity="REVERSE") == 0
        acts = 3
        assert act(BasicFilmBox, box)[0] == 0
        found_job, values = machine.association.send_n_get([0x21000020, 0x21000070], PrintJob, job)
        assert found_job.Status == 0
        assert (values.ExecutionStatus, values.Originator) == ("DONE", "FILMONLY")
        assert machine.association.send_n_get([], PrintJob, "1.2.3")[0].Status == 0x0112
        assert machine.delete(BasicFilmBox, box) == 0
        assert machine.act(BasicFilmBox, box)[0] == 0x0112
        assert machine.delete(BasicFilmSession, session) == 0
        assert machine.create(BasicFilmBox, ImageDisplayFormat="STANDARD\\1,1")[0] == 0x0106
    assert len(printed(archive)) == 3
    assert [kind for kind, _ in reports] == [3, 3, 3]
    assert reports[0][1] == job


def test_the_printer_says_how_it_is(connect: Callable[..., Any], archive: Archive) -> None:
    with connect(GRAY) as machine:

        def ask(tags: list[int]) -> tuple[int, Any]:
            answer, values = machine.association.send_n_get(tags, Printer, PrinterInstance, meta_uid=GRAY)
            return answer.Status, values

        status, values = ask([])
        assert status == 0
        assert (values.PrinterStatus, values.PrinterStatusInfo, values.PrinterName) == ("NORMAL", "NORMAL", AET)
        status, values = ask([0x21100010, 0x00100010])
        assert status == 0x0107
        assert [element.keyword for element in values] == ["PrinterStatus"]
        archive.spool.minimum_free_bytes = 1 << 60
        assert ask([0x21100010])[1].PrinterStatus == "FAILURE"
        assert machine.create(BasicFilmSession)[0] == 0x0110
        archive.spool.minimum_free_bytes = 0
        answer, _ = machine.association.send_n_get([], Printer, "1.2.3", meta_uid=GRAY)
        assert answer.Status == 0x0112


def test_what_is_refused_and_what_is_warned_of(connect: Callable[..., Any], archive: Archive) -> None:
    with connect() as machine:
        assert machine.create(BasicFilmBox, ImageDisplayFormat="STANDARD\\1,1")[0] == 0x0106  # no film session
        assert machine.create(BasicFilmSession, "2.25.5", PrintPriority="SOON")[0] == 0x0116
        assert machine.create(BasicFilmSession, "2.25.5")[0] == 0x0111
        assert machine.create(BasicFilmSession, "2.25.6")[0] == 0x0213
        assert machine.act(BasicFilmSession, "2.25.5")[0] == 0xC600
        assert machine.create(BasicFilmBox)[0] == 0x0120
        for wrong in (
            {"ImageDisplayFormat": "CUSTOM\\1"},
            {"ImageDisplayFormat": "STANDARD\\1,1", "FilmOrientation": "X"},
        ):
            assert machine.create(BasicFilmBox, **wrong)[0] == 0x0106
        assert machine.create(BasicFilmBox, ImageDisplayFormat="STANDARD\\1,1", FilmSizeID="3X3")[0] == 0x0116
        status, found = machine.create(BasicFilmBox, ImageDisplayFormat="STANDARD\\1,1", MaxDensity=900)
        assert (status, found.MaxDensity) == (0xB605, 400)
        box = found.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
        film_box = machine.create(BasicFilmBox, "2.25.8", ImageDisplayFormat="STANDARD\\1,1")
        assert film_box[0] == 0
        assert machine.act(BasicFilmBox, "2.25.8")[0] == 0xB603
        assert machine.act(BasicFilmSession, "2.25.5")[0] == 0xB602
        assert machine.act(BasicFilmBox, "2.25.8", 2)[0] == 0x0123
        assert machine.put(box, GREY, 2) == 0x0106
        assert machine.put(box, GREY, Polarity="UPSIDE") == 0x0106
        assert machine.put(box, GREY, Rows=61) == 0x0106  # more than there are pixels
        assert machine.put(box, GREY, PhotometricInterpretation="PALETTE COLOR") == 0x0106
        assert machine.put(box, GREY, RequestedImageSize="1000", RequestedDecimateCropBehavior="FAIL") == 0xC603
        assert machine.put(box, GREY, RequestedImageSize="1000", RequestedDecimateCropBehavior="CROP") == 0xB609
        assert machine.put(box, GREY, RequestedImageSize="1000", RequestedDecimateCropBehavior="DECIMATE") == 0xB60A
        assert machine.set(GRAY_BOX, "1.2.3", ImageBoxPosition=1) == 0x0112
        assert machine.create(PresentationLUT, None, PresentationLUT)[0] == 0x0120
        assert machine.create(PresentationLUT, None, PresentationLUT, PresentationLUTShape="CURVED")[0] == 0x0106
        assert machine.set(Printer, PrinterInstance) == 0x0211
    assert printed(archive) == []


def test_an_image_can_be_taken_away_again(connect: Callable[..., Any], archive: Archive) -> None:
    with connect(GRAY) as machine:
        box, (first, second), _ = machine.film("STANDARD\\2,1")
        assert machine.put(first, GREY) == machine.put(second, GREY, 2) == 0
        assert machine.set(GRAY_BOX, first, ImageBoxPosition=1, BasicGrayscaleImageSequence=[]) == 0
        assert machine.act(BasicFilmBox, box)[0] == 0
    ((_, film),) = printed(archive)
    assert [one.position for one in film.images] == [2]


def test_only_who_may_print_prints(node: RunningNode, archive: Archive, connect: Callable[..., Any]) -> None:
    facilities.get_or_create(archive.index, "LOCAL")
    ae.add(archive.index, "CT9", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(may_print=False))
    with connect(GRAY, title="CT9") as machine:
        assert machine.create(BasicFilmSession)[0] == 0x0124


def test_no_association_holds_more_than_its_share(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, archive: Archive
) -> None:
    monkeypatch.setattr(print_session, "MOST_FILM_BYTES", 5000)
    with connect(GRAY) as machine:
        box, (first, second), _ = machine.film("STANDARD\\2,1")
        assert machine.put(first, GREY) == 0
        assert machine.put(second, GREY, 2) == 0xC605
        assert machine.act(BasicFilmBox, box)[0] == 0
    ((_, film),) = printed(archive)
    assert len(film.images) == 1


def test_a_film_that_cannot_be_kept_is_not_printed(
    connect: Callable[..., Any], archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(GRAY) as machine:
        box, (first,), _ = machine.film()
        assert machine.put(first, GREY) == 0
        with monkeypatch.context() as patch:
            patch.setattr(archive_film, "MOST_WAITING_BYTES", 100)
            assert machine.act(BasicFilmBox, box)[0] == 0xC602

            def away(*_: object, **__: object) -> None:
                raise StoreUnavailable("The index cannot be reached now.")

            patch.setattr(archive_film, "MOST_WAITING_BYTES", 1 << 40)
            patch.setattr(archive.index, "in_transaction", away)
            assert machine.act(BasicFilmBox, box)[0] == 0x0110
        assert list(archive_film.folder(archive).iterdir()) == []
        assert machine.act(BasicFilmBox, box)[0] == 0
    assert len(printed(archive)) == 1
