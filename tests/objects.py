"""Objects that lie beside or over the images of a series: reports, documents, waves, segmentations, radiotherapy."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import MPEG4HP41, ExplicitVRLittleEndian, generate_uid

STORAGE = "1.2.840.10008.5.1.4.1.1."
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def code(meaning: str, value: str = "1", scheme: str = "99TEST") -> Sequence:
    """A code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def beside(image: Dataset, sop_class: str, modality: str, description: str, number: int) -> Dataset:
    """An instance of another kind in the study of an image."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in (
        "SpecificCharacterSet", "StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
        "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription", "ReferringPhysicianName",
    ):  # fmt: skip
        setattr(ds, keyword, image[keyword].value)
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID = STORAGE + sop_class, generate_uid(), generate_uid()
    ds.Modality, ds.SeriesDescription, ds.SeriesNumber, ds.InstanceNumber = modality, description, number, 1
    ds.ContentDate, ds.ContentTime = "20261122", "113000"
    return ds


def reference(image: Dataset, frame: int | None = None) -> Dataset:
    """A reference to an image or one of its frames."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    if frame is not None:
        item.ReferencedFrameNumber = frame
    return item


def content(value_type: str, name: str, relationship: str = "CONTAINS", **values: Any) -> Dataset:
    """A content item of a report."""
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = relationship, value_type, code(name)
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def report(image: Dataset) -> Dataset:
    """A report with a text, two numbers and an image."""
    ds = beside(image, "88.22", "SR", "Báo cáo", 20)
    ds.ValueType, ds.ConceptNameCodeSequence = "CONTAINER", code("CT Report")
    ds.ContinuityOfContent, ds.CompletionFlag, ds.VerificationFlag = "SEPARATE", "COMPLETE", "UNVERIFIED"
    measured = []
    for name, value, unit in (("Đường kính", "12.5", "mm"), ("Thể tích", "1020", "mm3")):
        number = Dataset()
        number.NumericValue, number.MeasurementUnitsCodeSequence = value, code(unit, unit, "UCUM")
        measured.append(content("NUM", name, MeasuredValueSequence=Sequence([number])))
    findings = content("CONTAINER", "Findings")
    findings.ContinuityOfContent = "SEPARATE"
    findings.ContentSequence = Sequence(
        [
            content("TEXT", "Finding", TextValue="Khối ở thùy trên <b>phổi</b> phải"),
            *measured,
            content("IMAGE", "Source", ReferencedSOPSequence=Sequence([reference(image)])),
        ]
    )
    ds.ContentSequence = Sequence([findings])
    return ds


def document(image: Dataset) -> Dataset:
    """An encapsulated PDF."""
    ds = beside(image, "104.1", "DOC", "Phiếu kết quả", 21)
    ds.MIMETypeOfEncapsulatedDocument, ds.DocumentTitle, ds.BurnedInAnnotation = "application/pdf", "Kết quả", "YES"
    ds.EncapsulatedDocument = PDF + b"\0" * (len(PDF) % 2)
    return ds


def wave(image: Dataset, *, seconds: int = 4, frequency: int = 500) -> Dataset:
    """An ECG of two leads with a spike of 1 mV each 800 ms, in microvolts of 5 a step."""
    ds = beside(image, "9.1.1", "ECG", "Điện tâm đồ", 22)
    ds.AcquisitionDateTime = "20261122113000"
    samples = np.zeros((seconds * frequency, 2), "<i2")
    samples[:: frequency * 8 // 10] = 200
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", 2
    group.NumberOfWaveformSamples, group.SamplingFrequency = len(samples), frequency
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    channels = []
    for label in ("Lead I", "Lead II"):
        channel = Dataset()
        channel.ChannelSourceSequence, channel.ChannelSensitivity = code(label), 5
        channel.ChannelSensitivityUnitsSequence = code("microvolt", "uV", "UCUM")
        channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline, channel.ChannelSampleSkew = 1, 0, 0
        channel.WaveformBitsStored = 16
        channels.append(channel)
    group.ChannelDefinitionSequence = Sequence(channels)
    group.WaveformData = samples.tobytes()
    ds.WaveformSequence = Sequence([group])
    return ds


def film(image: Dataset, folder: Path) -> Dataset:
    """A second of moving picture in H.264."""
    made = folder / "film.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-t", "1",
         "-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(made)],
        check=True,
    )  # fmt: skip
    ds = beside(image, "77.1.1.1", "ES", "Nội soi", 23)
    ds.NumberOfFrames, ds.Rows, ds.Columns, ds.CineRate, ds.FrameTime = 10, 120, 160, 10, 100
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    content_ = made.read_bytes()
    ds.PixelData = encapsulate([content_ + b"\0" * (len(content_) % 2)], has_bot=False)
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = MPEG4HP41
    return ds


def shutter(image: Dataset, radius: int) -> None:
    """A round shutter in the middle of an image, and an overlay of one square in it."""
    ds, half = image, (image.Rows // 2, image.Columns // 2)
    ds.ShutterShape, ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = "CIRCULAR", list(half), radius
    ds.ShutterPresentationValue = 0
    plane = np.zeros((ds.Rows, ds.Columns), np.uint8)
    plane[half[0] - 2 : half[0] + 2, half[1] - 2 : half[1] + 2] = 1
    for element, vr, value in (
        (0x0010, "US", ds.Rows), (0x0011, "US", ds.Columns), (0x0040, "CS", "G"), (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1), (0x0102, "US", 0), (0x3000, "OW", np.packbits(plane, bitorder="little").tobytes()),
    ):  # fmt: skip
        ds.add_new((0x6000, element), vr, value)


def segmentation(images: list[Dataset], masks: dict[str, npt.NDArray[np.bool_]]) -> Dataset:
    """A binary segmentation of slices: ``masks`` are slices x rows x columns by name; empty slices are left out."""
    ds = beside(images[0], "66.4", "SEG", "Phân vùng", 24)
    first = images[0]
    ds.FrameOfReferenceUID = first.FrameOfReferenceUID
    ds.ImageType, ds.SegmentationType, ds.SamplesPerPixel = ["DERIVED", "PRIMARY"], "BINARY", 1
    ds.PhotometricInterpretation, ds.Rows, ds.Columns = "MONOCHROME2", first.Rows, first.Columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
    ds.ContentLabel, ds.LossyImageCompression = "SEG", "00"
    segments, frames, groups = [], [], []
    for number, (name, mask) in enumerate(masks.items(), start=1):
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = number, name, "MANUAL"
        segment.SegmentedPropertyCategoryCodeSequence = code("Anatomical Structure", "123037004", "SCT")
        segment.SegmentedPropertyTypeCodeSequence = code(name)
        segments.append(segment)
        for image, plane in zip(images, mask, strict=True):
            if not plane.any():
                continue
            position, identification, group = Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = image.ImagePositionPatient
            identification.ReferencedSegmentNumber = number
            group.PlanePositionSequence = Sequence([position])
            group.SegmentIdentificationSequence = Sequence([identification])
            groups.append(group)
            frames.append(plane)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, first.SliceThickness
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(groups)
    ds.SegmentSequence, ds.NumberOfFrames = Sequence(segments), len(frames)
    series = Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ReferencedInstanceSequence = Sequence([reference(image) for image in images])
    ds.ReferencedSeriesSequence = Sequence([series])
    packed = np.packbits(np.concatenate([frame.ravel() for frame in frames]), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    ds["PixelData"].VR = "OB"
    return ds


def structures(images: list[Dataset], name: str, outline: list[tuple[float, float]]) -> Dataset:
    """A structure set with one closed contour on each image; ``outline`` in pixels (column, row) of their centres."""
    ds = beside(images[0], "481.3", "RTSTRUCT", "Cấu trúc", 25)
    first = images[0]
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "Kế hoạch", "20261122", "113000"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = Sequence([reference(image) for image in images])
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", first.StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = first.FrameOfReferenceUID, Sequence([study])
    ds.ReferencedFrameOfReferenceSequence = Sequence([frame])
    roi, drawn = Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 1, name, first.FrameOfReferenceUID
    roi.ROIGenerationAlgorithm = "MANUAL"
    contours = []
    for image in images:
        left, top, z = (float(part) for part in image.ImagePositionPatient)
        down, across = (float(part) for part in image.PixelSpacing)
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(outline)
        contour.ContourData = [
            value for column, row in outline for value in (left + column * across, top + row * down, z)
        ]
        contour.ContourImageSequence = Sequence([reference(image)])
        contours.append(contour)
    drawn.ReferencedROINumber, drawn.ROIDisplayColor, drawn.ContourSequence = 1, [0, 255, 0], Sequence(contours)
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence([roi]), Sequence([drawn])
    return ds


def dose(images: list[Dataset], gray: npt.NDArray[np.float64], spacing: float) -> Dataset:
    """A dose grid of frames x rows x columns in Gy from the first pixel on, one frame for each image."""
    ds = beside(images[0], "481.2", "RTDOSE", "Liều", 26)
    first = images[0]
    ds.FrameOfReferenceUID = first.FrameOfReferenceUID
    ds.ImagePositionPatient, ds.ImageOrientationPatient = first.ImagePositionPatient, first.ImageOrientationPatient
    ds.PixelSpacing, ds.SliceThickness = [spacing, spacing], None
    ds.NumberOfFrames, ds.Rows, ds.Columns = gray.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, 0
    ds.FrameIncrementPointer = 0x3004000C
    start = float(first.ImagePositionPatient[2])
    ds.GridFrameOffsetVector = [float(image.ImagePositionPatient[2]) - start for image in images]
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.DoseGridScaling = "GY", "PHYSICAL", "PLAN", "0.0001"
    ds.PixelData = np.round(gray / 0.0001).astype("<u4").tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def slide(image: Dataset, pictures: list[npt.NDArray[np.uint8]], *, tile: int, spacing: float) -> list[Dataset]:
    """A slide at several sizes, the largest first (rows x columns x RGB), in full tiles; ``spacing`` of it in mm."""
    made = []
    series, frame_uid = generate_uid(), generate_uid()
    for number, picture in enumerate(pictures, start=1):
        ds = beside(image, "77.1.6", "SM", "Tiêu bản", 27)
        rows, columns = picture.shape[:2]
        ds.SeriesInstanceUID, ds.FrameOfReferenceUID, ds.InstanceNumber = series, frame_uid, number
        ds.ImageType = ["ORIGINAL" if number == 1 else "DERIVED", "PRIMARY", "VOLUME", "NONE"]
        ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = columns, rows
        ds.ImagedVolumeWidth = ds.ImagedVolumeHeight = spacing * pictures[0].shape[1]
        ds.DimensionOrganizationType, ds.NumberOfOpticalPaths, ds.TotalPixelMatrixFocalPlanes = "TILED_FULL", 1, 1
        ds.Rows = ds.Columns = tile
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
        across, down = -(-columns // tile), -(-rows // tile)
        padded = np.zeros((down * tile, across * tile, 3), np.uint8)
        padded[:rows, :columns] = picture
        tiles = padded.reshape(down, tile, across, tile, 3).swapaxes(1, 2)
        ds.NumberOfFrames, ds.PixelData = across * down, tiles.tobytes()
        ds["PixelData"].VR = "OB"
        shared, measures = Dataset(), Dataset()
        step = spacing * pictures[0].shape[1] / columns
        measures.PixelSpacing = [step, step]
        shared.PixelMeasuresSequence = Sequence([measures])
        ds.SharedFunctionalGroupsSequence = Sequence([shared])
        made.append(ds)
    return made
