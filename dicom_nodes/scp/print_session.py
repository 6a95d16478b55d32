"""What a peer has set up to print on its association: film session, film boxes and all in them (PS3.4 §H.4).

Images wait on disk, not in memory; all of it is gone when the association ends.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from dicom_nodes.scp.print_class import COLOR_IMAGE_BOX, GRAYSCALE_IMAGE_BOX
from dicom_nodes.scp.request import Session
from dicom_nodes.status import Code, Refused
from storage.dicom.encoding import Extent
from storage.dicom.film import Film, FilmImage, PresentationLUT, Proposal
from storage.scratch import Scratch
from storage.spool import Spool

MOST_FILM_BOXES = 100
MOST_LUTS = 50
# Of all images of an association that are not printed yet or may be printed again, and of one film.
MOST_BYTES = 1024**3
MOST_FILM_BYTES = 256 * 1024**2


def new_uid() -> str:
    """A UID nobody has used (PS3.5 §B.2)."""
    return f"2.25.{secrets.randbits(122)}"


@dataclass
class ImageBox:
    """One image box; ``image`` is without its pixels, which are where ``extent`` says."""

    uid: str
    position: int
    colour: bool
    image: FilmImage | None = None
    extent: Extent | None = None
    polarity: str = "NORMAL"
    magnification: str = ""
    requested_width: float = 0.0
    behaviour: str = "DECIMATE"
    lut_uid: str = ""

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        return COLOR_IMAGE_BOX if self.colour else GRAYSCALE_IMAGE_BOX


@dataclass
class AnnotationBox:
    """One annotation box."""

    uid: str
    position: int
    text: str = ""


@dataclass
class FilmBox:
    """One film box; ``film`` has its attributes and neither images nor texts. ``printed``: as it stands now."""

    uid: str
    film: Film
    image_boxes: dict[str, ImageBox]
    annotations: dict[str, AnnotationBox]
    annotation_format: str = ""
    lut_uid: str = ""
    resolution: str = "STANDARD"
    job_uid: str = ""  # of the last print, while nothing has been changed since

    @property
    def bytes(self) -> int:
        """What its images take."""
        return sum(box.extent.length for box in self.image_boxes.values() if box.extent is not None)


@dataclass
class FilmSession:
    """The film session of an association."""

    uid: str
    label: str = ""
    owner: str = ""
    copies: int = 1
    priority: str = "MED"
    medium: str = "CLEAR FILM"
    destination: str = "PROCESSOR"
    proposal: Proposal = field(default_factory=Proposal)
    film_boxes: dict[str, FilmBox] = field(default_factory=dict)


class PrintSession:
    """All that one association prints."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._scratch: Scratch | None = None
        self.film_session: FilmSession | None = None
        self.luts: dict[str, PresentationLUT] = {}

    def close(self) -> None:
        """Give everything up."""
        self.film_session = None
        if self._scratch is not None:
            self._scratch.close()
            self._scratch = None

    def session(self, uid: str) -> FilmSession:
        """The film session of this UID.

        Raises:
            Refused: there is none.
        """
        if self.film_session is None or self.film_session.uid != uid:
            raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such film session.")
        return self.film_session

    def film_box(self, uid: str) -> FilmBox:
        """The film box of this UID.

        Raises:
            Refused: there is none.
        """
        found = self.film_session.film_boxes.get(uid) if self.film_session is not None else None
        if found is None:
            raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such film box.")
        return found

    def image_box(self, uid: str) -> tuple[FilmBox, ImageBox]:
        """The image box of this UID, and its film box.

        Raises:
            Refused: there is none.
        """
        for film_box in self._film_boxes():
            if uid in film_box.image_boxes:
                return film_box, film_box.image_boxes[uid]
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such image box.")

    def annotation_box(self, uid: str) -> tuple[FilmBox, AnnotationBox]:
        """The annotation box of this UID, and its film box.

        Raises:
            Refused: there is none.
        """
        for film_box in self._film_boxes():
            if uid in film_box.annotations:
                return film_box, film_box.annotations[uid]
        raise Refused(Code.NO_SUCH_SOP_INSTANCE, "There is no such annotation box.")

    def lut(self, uid: str) -> PresentationLUT:
        """The Presentation LUT of this UID.

        Raises:
            Refused: there is none.
        """
        if uid not in self.luts:
            raise Refused(Code.INVALID_ATTRIBUTE_VALUE, "There is no such Presentation LUT.")
        return self.luts[uid]

    def keep(self, film_box: FilmBox, pixels: memoryview | bytes) -> Extent:
        """Put the pixels of an image on disk.

        Raises:
            Refused: the association holds too much already.
            OutOfResources, StoreUnavailable: the disk does not take it.
        """
        if self._scratch is not None and not any(box.bytes for box in self._film_boxes()):
            self._scratch.close()
            self._scratch = None
        if self._scratch is None:
            self._scratch = Scratch(self._spool)
        start = self._scratch.size
        if start + len(pixels) > MOST_BYTES or film_box.bytes + len(pixels) > MOST_FILM_BYTES:
            raise Refused(Code.INSUFFICIENT_PRINTER_MEMORY, "Too many images; print and delete film boxes first.")
        self._scratch.write(bytes(pixels))
        return Extent(start, len(pixels))

    def film_of(self, film_box: FilmBox, ae_title: str) -> Film:
        """The film as it is printed now, under a UID of its own.

        Raises:
            Refused: a Presentation LUT that it names is gone.
            StoreUnavailable: the disk cannot be read.
        """
        session = self.film_session
        images = [self._image(box) for box in film_box.image_boxes.values() if box.image is not None]
        return replace(
            film_box.film,
            uid=new_uid(),
            printed_at=datetime.now(UTC).astimezone(),
            ae_title=ae_title,
            images=tuple(sorted(images, key=lambda image: image.position)),
            label=session.label if session is not None else "",
            owner=session.owner if session is not None else "",
            proposal=session.proposal if session is not None else Proposal(),
            annotations=tuple((box.position, box.text) for box in film_box.annotations.values() if box.text),
            lut=self.lut(film_box.lut_uid) if film_box.lut_uid else None,
        )

    def _image(self, box: ImageBox) -> FilmImage:
        if box.image is None or box.extent is None or self._scratch is None:
            raise Refused(Code.PROCESSING_FAILURE, "The image of an image box is gone.")
        return replace(
            box.image,
            pixels=b"".join(self._scratch.read(box.extent)),
            polarity=box.polarity,
            magnification=box.magnification,
            requested_width=box.requested_width,
            behaviour=box.behaviour,
            lut=self.lut(box.lut_uid) if box.lut_uid else None,
        )

    def _film_boxes(self) -> list[FilmBox]:
        return list(self.film_session.film_boxes.values()) if self.film_session is not None else []


_sessions: dict[str, PrintSession] = {}


def of(session: Session) -> PrintSession:
    """What this association prints; it ends with the association."""
    found = _sessions.get(session.id)
    if found is None:
        found = _sessions[session.id] = PrintSession(session.archive.spool)
        session.at_end.append(lambda: _sessions.pop(session.id).close())
    return found
