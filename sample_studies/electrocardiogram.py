"""A resting electrocardiogram of twelve leads, and its report as a PDF (PS3.3 A.34.4, C.10.9, A.45.1)."""

import functools
import io
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage, TwelveLeadECGWaveformStorage

from sample_studies.field import Floats
from sample_studies.study import Patient, Series, Study, Task, code

STUDY = Study(
    key="ecg",
    patient=Patient("VÕ^QUỐC^HÙNG", "001058014477", "19580630", "M", "068Y"),
    date="20260702",
    time="073110",
    accession_number="EC26070021",
    description="Điện tâm đồ 12 chuyển đạo",
    referring_physician="PHAN^NGỌC^LINH",
)
RATE: Final = 500
SECONDS: Final = 10
MICROVOLT: Final = 2.5
"""One stored step."""
BEATS_PER_MINUTE: Final = 72

# Lead, its code (PS3.16 CID 3001, SCPECG), and how high P, Q, R, S and T stand in it, in millivolts.
LEADS: Final = (
    ("I", "5.6.3-9-1", "Lead I", (0.08, -0.05, 0.75, -0.10, 0.22)),
    ("II", "5.6.3-9-2", "Lead II", (0.14, -0.07, 1.15, -0.16, 0.32)),
    ("III", "5.6.3-9-61", "Lead III", (0.06, -0.04, 0.42, -0.10, 0.10)),
    ("aVR", "5.6.3-9-62", "aVR, augmented voltage, right", (-0.11, 0.05, -0.95, 0.12, -0.27)),
    ("aVL", "5.6.3-9-63", "aVL, augmented voltage, left", (0.03, -0.03, 0.35, -0.06, 0.10)),
    ("aVF", "5.6.3-9-64", "aVF, augmented voltage, foot", (0.10, -0.05, 0.78, -0.12, 0.21)),
    ("V1", "5.6.3-9-3", "Lead V1", (0.05, 0.0, 0.22, -0.95, -0.08)),
    ("V2", "5.6.3-9-4", "Lead V2", (0.06, 0.0, 0.45, -1.35, 0.42)),
    ("V3", "5.6.3-9-5", "Lead V3", (0.07, -0.02, 0.85, -0.95, 0.52)),
    ("V4", "5.6.3-9-6", "Lead V4", (0.08, -0.06, 1.55, -0.52, 0.48)),
    ("V5", "5.6.3-9-7", "Lead V5", (0.08, -0.08, 1.35, -0.26, 0.38)),
    ("V6", "5.6.3-9-8", "Lead V6", (0.08, -0.08, 1.02, -0.12, 0.30)),
)
# Where each wave stands in the beat and how wide it is, in seconds from the R peak.
WAVES: Final = ((-0.16, 0.024), (-0.030, 0.009), (0.0, 0.011), (0.030, 0.010), (0.27, 0.045))


def millivolts() -> Floats:
    """Samples x leads."""
    generator = np.random.default_rng(8)
    time = np.arange(RATE * SECONDS) / RATE
    found = np.zeros((len(time), len(LEADS)), np.float32)
    at = 0.35
    while at < SECONDS + 0.5:
        for lead, (*_, heights) in enumerate(LEADS):
            for (offset, width), height in zip(WAVES, heights, strict=True):
                found[:, lead] += height * np.exp(-0.5 * ((time - at - offset) / width) ** 2)
        at += 60 / BEATS_PER_MINUTE * (1 + 0.03 * generator.standard_normal())
    breath = 0.04 * np.sin(2 * np.pi * 0.22 * time)[:, None] * generator.uniform(0.5, 1.2, len(LEADS))
    return np.asarray(found + breath + 0.008 * generator.standard_normal(found.shape), np.float32)


def _waveform() -> Dataset:
    series = Series(
        STUDY, 1, "ECG", "12 chuyển đạo", TwelveLeadECGWaveformStorage, "Filmless Samples", "Phantom ECG", "HEART"
    )
    dataset = series.dataset()
    dataset.AcquisitionDateTime = f"{STUDY.date}{dataset.ContentTime}"
    dataset.AcquisitionContextSequence = []
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(LEADS), RATE * SECONDS
    group.SamplingFrequency = f"{RATE}"
    group.MultiplexGroupLabel = "RHYTHM"
    group.ChannelDefinitionSequence = [_channel(*lead[:3]) for lead in LEADS]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformData = np.rint(millivolts() * 1000 / MICROVOLT).astype("<i2").tobytes()
    group["WaveformData"].VR = "OW"
    dataset.WaveformSequence = [group]
    return dataset


def _channel(label: str, value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.ChannelLabel = label
    source = code(value, "SCPECG", meaning)
    source.CodingSchemeVersion = "1.3"
    item.ChannelSourceSequence = [source]
    item.ChannelSensitivity = f"{MICROVOLT}"
    item.ChannelSensitivityUnitsSequence = [code("uV", "UCUM", "microvolt")]
    item.ChannelSensitivityCorrectionFactor, item.ChannelBaseline = "1", "0"
    item.ChannelTimeSkew, item.WaveformBitsStored = "0", 16
    item.FilterLowFrequency, item.FilterHighFrequency = "0.05", "150"
    return item


@functools.cache
def _page() -> bytes:
    """The report as a PDF of one page."""
    page = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(page)
    lines = (
        (56, "ELECTROCARDIOGRAM REPORT"),
        (34, "Sinus rhythm, 72 beats per minute."),
        (34, "PR 160 ms, QRS 90 ms, QT/QTc 380/412 ms. Axis 50 degrees."),
        (34, "No ST deviation. Normal electrocardiogram."),
        (26, "Sample document of Filmless: invented, of no patient."),
    )
    top = 160
    for size, line in lines:
        draw.text((120, top), line, fill=0, font=ImageFont.load_default(size))
        top += size * 3
    trace = millivolts()[: RATE * 5, 1]
    points = [(120 + 1000 * at / len(trace), 1100 - 160 * float(value)) for at, value in enumerate(trace)]
    for step in range(21):
        draw.line([(120 + 50 * step, 800), (120 + 50 * step, 1300)], fill=225)
    draw.line(points, fill=0, width=2)
    out = io.BytesIO()
    page.save(out, "PDF", resolution=150, title="Electrocardiogram report")
    return out.getvalue()


def _report() -> Dataset:
    series = Series(
        STUDY, 2, "DOC", "Kết quả điện tâm đồ", EncapsulatedPDFStorage, "Filmless Samples", "Phantom ECG", "HEART"
    )
    dataset = series.dataset()
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "YES"
    dataset.DocumentTitle = "Kết quả điện tâm đồ"
    dataset.ConceptNameCodeSequence = [code("11524-6", "LN", "EKG Study")]
    dataset.AcquisitionDateTime = f"{STUDY.date}{dataset.ContentTime}"
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    content = _page()
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    dataset.EncapsulatedDocumentLength = len(content)
    return dataset


def tasks() -> list[Task]:
    """The waveform, then the report."""
    return [Task(STUDY, make) for make in (_waveform, _report)]
