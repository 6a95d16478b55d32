"""Drawing and measuring in a real browser, in both renderers, against numbers calculated here from the same points."""

import math
import re
from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    generate_uid,
)

from tests import instances
from tests.peers import dcmtk
from tests.peers.filmless import Filmless
from tests.truth.browser import CELL, WITHIN_MS, signed_in

pytestmark = pytest.mark.browser

ACCOUNT, PASSWORD = "drawing-reader", "every-line-has-a-length-7"
SIZE = 128
Point = tuple[float, float]

TILTED = [math.cos(0.3), math.sin(0.3), 0.0, -math.sin(0.3) * 0.8, math.cos(0.3) * 0.8, 0.6]


def base(study_uid: str, number: int, modality: str, sop_class: str) -> Dataset:
    """One image of a series of its own: values 0 to 127 from left to right, a square of 500 in the middle."""
    (ds,) = instances.study(1, rows=SIZE, columns=SIZE, patient_id="DRAW-1")
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, generate_uid()
    ds.SOPClassUID = UID(sop_class)
    ds.Modality, ds.SeriesNumber, ds.SeriesDescription = modality, number, f"{modality} {number}"
    pixels = np.tile(np.arange(SIZE, dtype="<i2"), (SIZE, 1))
    pixels[40:60, 40:60] = 500
    ds.PixelData = pixels.tobytes()
    if modality != "CT":
        del ds.RescaleType
    ds.WindowCenter, ds.WindowWidth = 250, 600
    return ds


def region(x0: int, y0: int, x1: int, y1: int, delta_x: float, delta_y: float) -> Dataset:
    """A region of tissue, centimetres a pixel (PS3.3 C.8.5.5)."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = x0, y0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = x1, y1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta_x, delta_y
    return item


def study() -> dict[str, Dataset]:
    """One image for each way in which lengths are known, or not."""
    uid = generate_uid()
    made = {
        "mr": base(uid, 1, "MR", MRImageStorage),
        "us": base(uid, 2, "US", UltrasoundImageStorage),
        "cr": base(uid, 3, "CR", ComputedRadiographyImageStorage),
        "plain": base(uid, 4, "OT", SecondaryCaptureImageStorage),
        "oblong": base(uid, 5, "MR", MRImageStorage),
        "pt": base(uid, 6, "PT", PositronEmissionTomographyImageStorage),
    }
    made["mr"].ImageOrientationPatient = [round(one, 9) for one in TILTED]
    made["mr"].PixelSpacing = [0.7, 0.7]
    made["oblong"].PixelSpacing = [1.2, 0.6]
    for name in ("us", "cr", "plain"):
        del made[name].PixelSpacing
        del made[name].ImageOrientationPatient
        del made[name].ImagePositionPatient
    made["us"].SequenceOfUltrasoundRegions = [region(0, 0, 127, 63, 0.05, 0.05), region(0, 64, 127, 127, 0.02, 0.02)]
    made["cr"].ImagerPixelSpacing = [0.2, 0.2]
    uptake(made["pt"])
    return made


def uptake(ds: Dataset) -> None:
    """A PET image whose header allows SUV by body weight."""
    ds.PixelSpacing = [2, 2]
    ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["DECY", "ATTN", "SCAT"]
    ds.RescaleSlope, ds.RescaleIntercept, ds.PatientWeight = 100, 0, 70
    ds.SeriesDate = ds.AcquisitionDate = "20261122"
    ds.SeriesTime, ds.AcquisitionTime = "110000", "110200"
    agent = Dataset()
    agent.RadiopharmaceuticalStartTime, agent.RadionuclideTotalDose, agent.RadionuclideHalfLife = (
        "100000",
        3.5e8,
        6586.2,
    )
    ds.RadiopharmaceuticalInformationSequence = [agent]


@pytest.fixture(scope="module")
def sent(running_pacs: Filmless, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """The study in a running server with a radiologist's account."""
    running_pacs.add_account(ACCOUNT, "radiologist", PASSWORD)
    made = study()
    paths = instances.save(list(made.values()), tmp_path_factory.mktemp("drawing"))
    assert set(dcmtk.dcmsend(paths, running_pacs.dicom_port).statuses.values()) == {0}
    return made


class Hand:
    """The study open in one tier, and a hand that draws on its first cell."""

    def __init__(self, page: Page, sent: dict[str, Dataset], tier: str) -> None:
        self.page, self.sent, self.tier = page, sent, tier
        self.aspect = 1.0
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self) -> None:
        """Open the study and the list of what is measured."""
        uid = self.sent["mr"].StudyInstanceUID
        self.page.goto(f"/viewer?StudyInstanceUIDs={uid}&tier={self.tier}")
        ready = f'{CELL}[data-state="ready"][data-quality="lossless"][data-tier="{self.tier}"]'
        self.page.locator(ready).wait_for(timeout=WITHIN_MS)
        self.page.keyboard.press("m")

    def show(self, name: str, aspect: float = 1) -> None:
        """Put a series into the cell."""
        button = self.page.locator(f'[data-series="{self.sent[name].SeriesInstanceUID}#0"]')
        button.click(timeout=WITHIN_MS)
        expect(button).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
        ready = f'{CELL}[data-state="ready"][data-quality="lossless"][data-tier="{self.tier}"]'
        self.page.locator(ready).wait_for(timeout=WITHIN_MS)
        expect(self.page.locator(f"{CELL} .overlay")).to_contain_text(self.sent[name].SeriesDescription)
        self.aspect = aspect

    def screen(self, point: Point) -> Point:
        """Where a point of the image (0, 0 its outer corner) is while it fits its cell."""
        box = self.page.locator(f"{CELL} .canvas-hosts").bounding_box()
        assert box is not None
        scale = min(box["width"] / SIZE, box["height"] / (SIZE * self.aspect))
        left, top = (box["width"] - SIZE * scale) / 2, (box["height"] - SIZE * scale * self.aspect) / 2
        return box["x"] + left + point[0] * scale, box["y"] + top + point[1] * scale * self.aspect

    def drag(self, *points: Point) -> None:
        """Press at the first point, go through the others, and release at the last."""
        first, *others = (self.screen(point) for point in points)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for x, y in others:
            self.page.mouse.move(x, y, steps=5)
        self.page.mouse.up()

    def click(self, point: Point) -> None:
        """A press and release at a point, after the hand has come there."""
        self.page.mouse.move(*self.screen(point))
        self.page.mouse.down()
        self.page.mouse.up()

    @property
    def rows(self) -> Locator:
        """The list of measurements."""
        return self.page.locator(".measurements li")

    def last(self, pattern: str) -> list[float]:
        """The numbers of the newest measurement once its text matches."""
        found = self.rows.last.locator(".primary")
        expect(found).to_have_text(re.compile(pattern), timeout=WITHIN_MS)
        return numbers(found.text_content() or "")

    def statistics(self) -> list[float]:
        """Mean, standard deviation, minimum and maximum of the newest measurement."""
        return numbers(self.rows.last.locator(".secondary").text_content() or "")


def numbers(text: str) -> list[float]:
    """All numbers of a text, in either language's writing."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\N{SUPERSCRIPT TWO}", "")
    return [float(one.replace(",", ".")) for one in re.findall(r"-?\d+(?:[.,]\d+)?", plain)]


def in_patient(ds: Dataset, point: Point) -> npt.NDArray[np.float64]:
    """Where a point of the image is in the patient, in mm (PS3.3 C.7.6.2.1.1)."""
    row, column = np.array(ds.ImageOrientationPatient, float).reshape(2, 3)
    down, across = ds.PixelSpacing
    origin = np.array(ds.ImagePositionPatient, float)
    return cast(npt.NDArray[np.float64], origin + row * across * (point[0] - 0.5) + column * down * (point[1] - 0.5))


def length_of(ds: Dataset, one: Point, other: Point) -> float:
    """The distance in the patient."""
    return float(np.linalg.norm(in_patient(ds, other) - in_patient(ds, one)))


def angle_of(ds: Dataset, one: tuple[Point, Point], other: tuple[Point, Point]) -> float:
    """Degrees between two directions in the patient."""
    u, v = (in_patient(ds, b) - in_patient(ds, a) for a, b in (one, other))
    return math.degrees(math.acos(float(u @ v) / float(np.linalg.norm(u) * np.linalg.norm(v))))


def near(value: float) -> object:
    """Within 0.1 mm or 0.5 %, whichever is more, and the last digit shown."""
    return pytest.approx(value, abs=max(0.1, abs(value) * 0.005) + 0.05)


@pytest.fixture(params=["lite", "reading"])
def hand(
    request: pytest.FixtureRequest, browser: Browser, running_pacs: Filmless, sent: dict[str, Dataset]
) -> Iterator[Hand]:
    """A hand in each of the two tiers."""
    with signed_in(browser, running_pacs.url, ACCOUNT, PASSWORD) as page:
        found = Hand(page, sent, request.param)
        found.open()
        yield found
        assert found.errors == []


def test_every_kind_is_measured_as_it_is_in_the_patient(hand: Hand) -> None:
    mr = hand.sent["mr"]
    hand.show("mr")
    page = hand.page
    page.keyboard.press("l")
    hand.drag((20, 20), (70, 32))
    assert hand.last(r"\d mm$") == [near(length_of(mr, (20, 20), (70, 32)))]
    # two clicks draw a line as well
    hand.click((20, 100))
    hand.click((60, 110))
    expect(hand.rows).to_have_count(2)
    assert hand.last(r"\d mm$") == [near(length_of(mr, (20, 100), (60, 110)))]

    page.keyboard.press("a")
    hand.drag((90, 20), (110, 40))
    hand.click((84, 50))
    assert hand.last("°$") == [near(angle_of(mr, ((110, 40), (90, 20)), ((110, 40), (84, 50))))]

    page.keyboard.press("c")
    hand.drag((70, 70), (110, 62))
    hand.drag((98, 92), (70, 85))  # drawn the other way: the angle of Cobb is the same
    between = angle_of(mr, ((70, 70), (110, 62)), ((98, 92), (70, 85)))
    assert hand.last("°$") == [near(min(between, 180 - between))]

    page.keyboard.press("d")
    hand.drag((20, 66), (50, 78))
    hand.drag((40, 64), (30, 88))
    long, short = hand.last(r"×.* mm$")
    assert long == near(length_of(mr, (20, 66), (50, 78)))
    # only what is perpendicular to the long diameter counts
    along = in_patient(mr, (50, 78)) - in_patient(mr, (20, 66))
    drawn = in_patient(mr, (30, 88)) - in_patient(mr, (40, 64))
    beside = drawn - along * float(along @ drawn) / float(along @ along)
    assert short == near(float(np.linalg.norm(beside)))

    hand.page.keyboard.press("Control+z")
    expect(hand.rows).to_have_count(4)
    hand.page.keyboard.press("Control+y")
    expect(hand.rows).to_have_count(5)
    hand.page.keyboard.press("Delete")  # the last one drawn is the one touched last
    expect(hand.rows).to_have_count(4)
    hand.page.keyboard.press("Control+z")
    expect(hand.rows).to_have_count(5)

    # without a mouse: Enter shows a cross in the middle and sets points, arrows move it
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.locator(f"{CELL} [data-kind=cross]")).to_have_count(1)
    for key in ("Shift+ArrowDown", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(hand.rows).to_have_count(6)
    left, right = (hand.screen(point)[0] for point in ((0, 0), (SIZE, 0)))
    assert hand.last(r"\d mm$") == [near(42 / (right - left) * SIZE * 0.7)]
    page.keyboard.press("Escape")
    expect(page.locator(f"{CELL} [data-kind=cross]")).to_have_count(0)

    # an end that is taken to another place
    hand.page.keyboard.press("w")
    hand.drag((70, 32), (80, 20))
    first = hand.rows.first.locator(".primary")
    expect(first).not_to_have_text(re.compile(f"^{length_of(mr, (20, 20), (70, 32)):.0f}"))
    assert numbers(first.text_content() or "") == [near(length_of(mr, (20, 20), (80, 20)))]


def test_regions_values_words_and_the_window(hand: Hand) -> None:
    hand.show("mr")
    page = hand.page
    pixels = np.frombuffer(hand.sent["mr"].PixelData, "<i2").reshape(SIZE, SIZE)
    page.keyboard.press("b")
    hand.drag((42, 42), (70, 58))
    inside = pixels[42:58, 42:70]
    assert hand.last("mm²$") == [near(28 * 16 * 0.49)]
    assert hand.statistics() == pytest.approx([inside.mean(), inside.std(), inside.min(), inside.max()], abs=0.06)

    page.keyboard.press("o")
    corners = [(80.0, 80.0), (110.0, 84.0), (100.0, 110.0)]
    hand.drag(*corners, corners[0])
    assert hand.last("mm²$") == [pytest.approx(area_of(corners) * 0.49, rel=0.01)]
    columns = [x for y in range(SIZE) for x in range(SIZE) if holds(corners, x + 0.5, y + 0.5)]
    mean, deviation, *_ = hand.statistics()
    assert mean == pytest.approx(float(np.mean(columns)), abs=0.3)
    assert deviation == pytest.approx(float(np.std(columns)), abs=0.3)

    page.keyboard.press("q")
    hand.click((50.5, 50.5))
    assert hand.last(r"^500") == [500]

    page.keyboard.press("y")
    hand.click((20, 30))
    field = page.locator(".drawing-text")
    expect(field).to_be_focused()
    page.keyboard.type("Nốt mờ 8 mm")
    page.keyboard.press("Enter")
    expect(hand.rows.last.locator(".primary")).to_have_text("Nốt mờ 8 mm")
    expect(page.locator(f'{CELL} [data-kind="text"] text')).to_have_text("Nốt mờ 8 mm")
    page.keyboard.press("j")
    hand.drag((100, 20), (115, 35))
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f'{CELL} [data-kind="arrow"]')).to_have_count(1)
    expect(field).to_have_count(0)

    page.keyboard.press("u")
    hand.drag((10, 10), (20, 14))
    expect(page.locator(CELL)).to_have_attribute("data-voi", re.compile(r"^14\.5,9,"))
    page.keyboard.press(".")
    page.mouse.move(*hand.screen((50, 50)))
    page.mouse.down()
    expect(page.locator(f"{CELL} [data-layer=magnifier]")).to_be_visible()
    page.mouse.up()
    expect(page.locator(f"{CELL} [data-layer=magnifier]")).to_be_hidden()
    page.keyboard.press("1")  # a window of HU says nothing of these values
    expect(page.locator(CELL)).to_have_attribute("data-voi", re.compile(r"^14\.5,9,"))


def test_lengths_rest_on_what_the_header_says_and_nothing_else(hand: Hand) -> None:
    hand.show("us")
    page = hand.page
    page.keyboard.press("l")
    hand.drag((20, 10), (60, 40))
    assert hand.last(r"\d mm$") == [near(50 * 0.5)]
    hand.drag((20, 70), (60, 100))
    expect(hand.rows).to_have_count(2)
    assert hand.last(r"\d mm$") == [near(50 * 0.2)]
    hand.drag((100, 30), (100, 90))
    expect(hand.rows).to_have_count(3)
    expect(hand.rows.last.locator(".primary")).not_to_have_text(re.compile("mm|px"))

    hand.show("oblong", aspect=2)
    hand.drag((30, 20), (60, 70))
    assert hand.last(r"\d mm$") == [near(math.hypot(30 * 0.6, 50 * 1.2))]
    page.keyboard.press("a")
    hand.drag((100, 30), (70, 30))
    hand.click((100, 45))
    assert hand.last("°$") == [near(math.degrees(math.atan2(15 * 1.2, 30 * 0.6)))]

    hand.show("cr")
    page.keyboard.press("l")
    hand.drag((20, 20), (100, 80))
    assert hand.last(r"\d mm$") == [near(100 * 0.2)]
    expect(hand.rows.last.locator(".why")).to_contain_text("◫")
    expect(page.locator(f'{CELL} [data-kind="length"] text')).to_contain_text("◫")

    hand.show("plain")
    hand.drag((20, 20), (100, 80))
    assert hand.last(r"\d px$") == [near(100)]
    hand.rows.last.locator("[aria-expanded]").click()
    page.locator(".calibration input").fill("50")
    page.locator(".calibration button").click()
    assert hand.last(r"\d mm$") == [near(50)]
    expect(hand.rows.last.locator(".why")).to_contain_text("✎")
    hand.drag((20, 100), (60, 100))
    expect(hand.rows).to_have_count(2)
    assert hand.last(r"\d mm$") == [near(20)]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(hand.rows).to_have_count(1)
    assert hand.last(r"\d px$") == [near(100)]

    hand.show("pt")
    page.keyboard.press("b")
    hand.drag((42, 42), (58, 58))
    assert hand.last("mm²$") == [near(16 * 16 * 4)]
    suv = 500 * 100 * 70_000 / (3.5e8 * 2 ** (-3600 / 6586.2))
    expect(hand.rows.last.locator(".secondary")).to_contain_text("SUVbw")
    assert hand.statistics()[0] == pytest.approx(suv, abs=0.01)


def area_of(corners: list[Point]) -> float:
    """The area of a triangle, by Heron's formula."""
    a, b, c = (math.dist(corners[at], corners[at - 1]) for at in range(3))
    half = (a + b + c) / 2
    return math.sqrt(half * (half - a) * (half - b) * (half - c))


def holds(corners: list[Point], x: float, y: float) -> bool:
    """Whether a point lies in a triangle: on the same side of all three edges."""
    sides = [
        (corners[at][0] - corners[at - 1][0]) * (y - corners[at - 1][1])
        - (corners[at][1] - corners[at - 1][1]) * (x - corners[at - 1][0])
        for at in range(3)
    ]
    return all(side > 0 for side in sides) or all(side < 0 for side in sides)
