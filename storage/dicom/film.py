"""A printed film: what a film session and one film box with all that hangs on it say (PS3.3 §C.13, PS3.4 Annex H).

While it waits to be filed it is kept as one Part 10 file with the sequences of a Stored Print (PS3.3-2003 §A.29), the
class of the standard for a film on its way; it is retired, but plain DICOM, and every toolkit reads it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from pydicom import config, dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from storage.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.errors import InvalidInstance

STORED_PRINT = "1.2.840.10008.5.1.1.27"


@dataclass(frozen=True)
class PresentationLUT:
    """A Presentation LUT (PS3.3 §C.11.4): a shape, or a table of ``entries`` (P-Values of ``bits`` bits)."""

    shape: str = ""  # IDENTITY or LIN OD; empty: the table
    bits: int = 0
    entries: tuple[int, ...] = ()


@dataclass(frozen=True)
class FilmImage:
    """One image box with its image (PS3.3 §C.13.5); ``pixels`` little endian, in rows, colour by pixel.

    ``requested_width``: in mm, 0 where the image fills its box.
    """

    position: int
    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    bits_stored: int
    photometric_interpretation: str
    pixels: bytes = field(repr=False)
    aspect: tuple[int, int] = (1, 1)  # Pixel Aspect Ratio: vertical, horizontal
    polarity: str = "NORMAL"
    magnification: str = ""
    requested_width: float = 0.0
    behaviour: str = "DECIMATE"
    lut: PresentationLUT | None = None

    @property
    def is_colour(self) -> bool:
        """Whether it is RGB."""
        return self.samples_per_pixel == 3


@dataclass(frozen=True)
class Proposal:
    """Whose film it is, as far as its machine says so in the Proposed Study Sequence (2130,00A0)."""

    patient_name: str = ""
    patient_id: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""


@dataclass(frozen=True)
class Film:
    """One film; densities in hundredths of optical density, light in cd/m²."""

    uid: str
    printed_at: datetime
    ae_title: str
    images: tuple[FilmImage, ...]
    display_format: str = "STANDARD\\1,1"
    size: str = ""
    orientation: str = "PORTRAIT"
    magnification: str = ""
    border_density: str = "BLACK"
    empty_density: str = "BLACK"
    min_density: int = 20
    max_density: int = 320
    illumination: int = 2000
    ambient_light: int = 10
    trim: bool = False
    label: str = ""
    owner: str = ""
    annotations: tuple[tuple[int, str], ...] = ()
    proposal: Proposal = Proposal()
    lut: PresentationLUT | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text on or with the film, the label first."""
        return tuple(text for text in (self.label, *(text for _, text in self.annotations)) if text)


def encode(film: Film) -> bytes:
    """The film as a Part 10 file."""
    data_set = Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.SOPClassUID, data_set.SOPInstanceUID = UID(STORED_PRINT), UID(film.uid)
    data_set.CreationDate, data_set.CreationTime = f"{film.printed_at:%Y%m%d}", f"{film.printed_at:%H%M%S.%f}"
    data_set.TimezoneOffsetFromUTC = f"{film.printed_at:%z}" or "+0000"
    data_set.Originator = film.ae_title[:16]
    data_set.FilmSessionLabel, data_set.OwnerID = film.label[:64], film.owner[:16]
    data_set.ProposedStudySequence = Sequence([_proposal(film.proposal)])
    data_set.FilmBoxContentSequence = Sequence([_film_box(film)])
    data_set.ImageBoxContentSequence = Sequence([_image_box(image) for image in film.images])
    data_set.AnnotationContentSequence = Sequence([_annotation(*one) for one in film.annotations])
    if film.lut is not None:
        data_set.PresentationLUTContentSequence = Sequence([_lut(film.lut)])
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(STORED_PRINT), UID(film.uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    buffer = BytesIO()
    with config.disable_value_validation():
        written = FileDataset(buffer, data_set, file_meta=meta, preamble=bytes(128))
        dcmwrite(buffer, written, enforce_file_format=True)
    return buffer.getvalue()


def decode(encoded: bytes) -> Film:
    """Read what :func:`encode` wrote.

    Raises:
        InvalidInstance: it is something else.
    """
    try:
        with config.disable_value_validation():
            return _film(dcmread(BytesIO(encoded)))
    except Exception as error:  # pydicom raises anything on bytes it cannot read
        raise InvalidInstance("The file of the film cannot be read.") from error


def _proposal(proposal: Proposal) -> Dataset:
    item = Dataset()
    item.AccessionNumber = proposal.accession_number
    item.PatientName, item.PatientID = proposal.patient_name, proposal.patient_id
    item.PatientBirthDate, item.PatientSex = proposal.patient_birth_date, proposal.patient_sex
    item.StudyInstanceUID = proposal.study_instance_uid
    return item


def _film_box(film: Film) -> Dataset:
    item = Dataset()
    item.ImageDisplayFormat = film.display_format
    item.FilmOrientation, item.FilmSizeID = film.orientation, film.size
    item.MagnificationType = film.magnification
    item.BorderDensity, item.EmptyImageDensity = film.border_density, film.empty_density
    item.MinDensity, item.MaxDensity = film.min_density, film.max_density
    item.Trim = "YES" if film.trim else "NO"
    item.Illumination, item.ReflectedAmbientLight = film.illumination, film.ambient_light
    return item


def _image_box(image: FilmImage) -> Dataset:
    item = Dataset()
    item.ImageBoxPosition = image.position
    item.Polarity, item.MagnificationType = image.polarity, image.magnification
    item.RequestedImageSize = f"{image.requested_width:.6g}" if image.requested_width else None
    item.RequestedDecimateCropBehavior = image.behaviour
    pixels = Dataset()
    pixels.SamplesPerPixel = image.samples_per_pixel
    pixels.PhotometricInterpretation = image.photometric_interpretation
    if image.is_colour:
        pixels.PlanarConfiguration = 0
    pixels.Rows, pixels.Columns = image.rows, image.columns
    pixels.PixelAspectRatio = list(image.aspect)
    pixels.BitsAllocated, pixels.BitsStored = image.bits_allocated, image.bits_stored
    pixels.HighBit, pixels.PixelRepresentation = image.bits_stored - 1, 0
    pixels.add_new(0x7FE00010, "OW", image.pixels + b"\0" * (len(image.pixels) % 2))
    keyword = "BasicColorImageSequence" if image.is_colour else "BasicGrayscaleImageSequence"
    setattr(item, keyword, Sequence([pixels]))
    if image.lut is not None:
        item.PresentationLUTContentSequence = Sequence([_lut(image.lut)])
    return item


def _annotation(position: int, text: str) -> Dataset:
    item = Dataset()
    item.AnnotationPosition, item.TextString = position, text[:64]
    return item


def _lut(lut: PresentationLUT) -> Dataset:
    item = Dataset()
    if lut.shape:
        item.PresentationLUTShape = lut.shape
        return item
    table = Dataset()
    table.add_new(0x00283002, "US", [len(lut.entries) % 65536, 0, lut.bits])
    table.add_new(0x00283006, "US", list(lut.entries))
    item.PresentationLUTSequence = Sequence([table])
    return item


def _film(data_set: Dataset) -> Film:
    (box,) = data_set.FilmBoxContentSequence
    (proposed,) = data_set.ProposedStudySequence
    moment = f"{data_set.CreationDate}{data_set.CreationTime}{data_set.TimezoneOffsetFromUTC}"
    return Film(
        uid=str(data_set.SOPInstanceUID),
        printed_at=datetime.strptime(moment, "%Y%m%d%H%M%S.%f%z"),
        ae_title=str(data_set.Originator or ""),
        images=tuple(_image(item) for item in data_set.ImageBoxContentSequence),
        display_format="\\".join(_values(box, "ImageDisplayFormat")),
        size=str(box.FilmSizeID or ""),
        orientation=str(box.FilmOrientation),
        magnification=str(box.MagnificationType or ""),
        border_density=str(box.BorderDensity),
        empty_density=str(box.EmptyImageDensity),
        min_density=int(box.MinDensity),
        max_density=int(box.MaxDensity),
        illumination=int(box.Illumination),
        ambient_light=int(box.ReflectedAmbientLight),
        trim=box.Trim == "YES",
        label="\\".join(_values(data_set, "FilmSessionLabel")),
        owner=str(data_set.OwnerID or ""),
        annotations=tuple(
            (int(item.AnnotationPosition), "\\".join(_values(item, "TextString")))
            for item in data_set.AnnotationContentSequence
        ),
        proposal=Proposal(
            *(str(proposed.get(keyword) or "") for keyword in ("PatientName", "PatientID", "PatientBirthDate")),
            *(str(proposed.get(keyword) or "") for keyword in ("PatientSex", "AccessionNumber", "StudyInstanceUID")),
        ),
        lut=_read_lut(data_set),
    )


def _image(item: Dataset) -> FilmImage:
    colour = "BasicColorImageSequence" in item
    (pixels,) = item.BasicColorImageSequence if colour else item.BasicGrayscaleImageSequence
    length = pixels.Rows * pixels.Columns * pixels.SamplesPerPixel * pixels.BitsAllocated // 8
    vertical, horizontal = pixels.PixelAspectRatio
    return FilmImage(
        position=int(item.ImageBoxPosition),
        rows=int(pixels.Rows),
        columns=int(pixels.Columns),
        samples_per_pixel=int(pixels.SamplesPerPixel),
        bits_allocated=int(pixels.BitsAllocated),
        bits_stored=int(pixels.BitsStored),
        photometric_interpretation=str(pixels.PhotometricInterpretation),
        pixels=bytes(pixels.PixelData)[:length],
        aspect=(int(vertical), int(horizontal)),
        polarity=str(item.Polarity),
        magnification=str(item.MagnificationType or ""),
        requested_width=float(item.RequestedImageSize or 0),
        behaviour=str(item.RequestedDecimateCropBehavior),
        lut=_read_lut(item),
    )


def _read_lut(data_set: Dataset) -> PresentationLUT | None:
    if "PresentationLUTContentSequence" not in data_set:
        return None
    (item,) = data_set.PresentationLUTContentSequence
    if "PresentationLUTShape" in item:
        return PresentationLUT(shape=str(item.PresentationLUTShape))
    (table,) = item.PresentationLUTSequence
    return PresentationLUT(bits=int(table.LUTDescriptor[2]), entries=tuple(int(one) for one in table.LUTData))


def _values(data_set: Dataset, keyword: str) -> list[str]:
    value = data_set.get(keyword)
    if value is None:
        return []
    return [str(value)] if isinstance(value, str) else [str(one) for one in value]
