"""A chest as tissue labels in axial planes: ribs, spine, lungs, heart and great vessels, diaphragm, one small nodule.

Coordinates are millimetres in the patient's axes: x to the left, y to the back, z to the head; z = 0 is the carina.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from sample_studies.field import Field, Floats
from sample_studies.head import Mask, Point, capsule, ellipse

Labels = npt.NDArray[np.uint8]


class Organ(IntEnum):
    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    CORTICAL_BONE = 4
    SPONGY_BONE = 5
    CARTILAGE = 6
    LUNG = 7
    VESSEL = 8  # of the lung
    BRONCHUS = 9
    AORTA = 10
    PULMONARY_ARTERY = 11
    VEIN = 12
    CHAMBER = 13
    MYOCARDIUM = 14
    MEDIASTINAL_FAT = 15
    LIVER = 16
    SPLEEN = 17
    STOMACH_GAS = 18
    NODULE = 19
    DISC = 20
    CORD = 21
    FISSURE = 22
    OESOPHAGUS = 23


# Great vessels: tissue, from, to, radius at each end. The aortic arch is a chain.
ARCH: Final[tuple[Point, ...]] = (
    (2.0, -22.0, -38.0),
    (-14.0, -28.0, -10.0),
    (-17.0, -28.0, 18.0),
    (-10.0, -24.0, 36.0),
    (4.0, -8.0, 44.0),
    (17.0, 14.0, 42.0),
    (23.0, 30.0, 30.0),
    (24.0, 38.0, 6.0),
    (21.0, 40.0, -60.0),
    (16.0, 34.0, -120.0),
    (10.0, 27.0, -200.0),
)
ARCH_RADII: Final = (15.0, 16.5, 16.0, 14.5, 13.5, 13.0, 12.5, 12.0, 11.5, 11.0, 10.5)
VESSELS: Final[tuple[tuple[Organ, Point, Point, float, float], ...]] = (
    (Organ.VEIN, (-27.0, -22.0, 95.0), (-28.0, -14.0, -45.0), 8.0, 11.0),  # superior vena cava
    (Organ.VEIN, (-27.0, -22.0, 78.0), (38.0, -34.0, 92.0), 7.0, 6.0),  # left brachiocephalic vein
    (Organ.VEIN, (-24.0, 0.0, -95.0), (-22.0, 8.0, -200.0), 12.0, 12.0),  # inferior vena cava
    (Organ.AORTA, (-8.0, -20.0, 42.0), (-24.0, -8.0, 120.0), 6.5, 5.0),  # brachiocephalic trunk
    (Organ.AORTA, (2.0, -12.0, 48.0), (14.0, 0.0, 120.0), 4.5, 4.0),  # left carotid
    (Organ.AORTA, (12.0, 4.0, 48.0), (34.0, 8.0, 110.0), 5.0, 4.5),  # left subclavian
    (Organ.PULMONARY_ARTERY, (14.0, -40.0, -48.0), (18.0, -26.0, -14.0), 14.0, 14.0),  # trunk
    (Organ.PULMONARY_ARTERY, (18.0, -26.0, -14.0), (34.0, 2.0, -8.0), 13.0, 11.0),  # left
    (Organ.PULMONARY_ARTERY, (16.0, -20.0, -18.0), (-36.0, -2.0, -22.0), 12.0, 10.0),  # right
    (Organ.VEIN, (-42.0, 4.0, -50.0), (-8.0, 16.0, -46.0), 6.0, 8.0),  # pulmonary veins
    (Organ.VEIN, (46.0, 10.0, -46.0), (14.0, 18.0, -44.0), 6.0, 8.0),
)
AIRWAYS: Final[tuple[tuple[Point, Point, float], ...]] = (
    ((0.0, 4.0, 130.0), (0.0, 16.0, 2.0), 9.0),
    ((0.0, 16.0, 4.0), (-32.0, 18.0, -24.0), 7.5),
    ((0.0, 16.0, 4.0), (36.0, 20.0, -32.0), 6.8),
    ((-32.0, 18.0, -24.0), (-40.0, 26.0, -62.0), 5.0),
    ((-28.0, 18.0, -18.0), (-52.0, 10.0, -4.0), 4.2),
    ((36.0, 20.0, -32.0), (46.0, 30.0, -70.0), 4.8),
    ((34.0, 20.0, -28.0), (54.0, 6.0, -16.0), 4.0),
)
NODULE: Final = (-88.0, -6.0, 34.0)

Segment = tuple[Point, Point, float, float]


def vessel_tree(seed: int) -> list[Segment]:
    """The arteries and veins of both lungs: segments that branch from the hila outwards, with a radius at each end."""
    generator = np.random.default_rng(seed)
    found: list[Segment] = []
    hila = [(side * 38.0, 6.0 + 10 * k, -18.0 - 14 * k) for side in (-1, 1) for k in (0, 1)]
    for hilum in hila:
        for _ in range(11):
            outward = np.array([np.sign(hilum[0]) * generator.uniform(0.25, 1), generator.uniform(-0.8, 1.0), 0.0])
            outward[2] = generator.uniform(-1.5, 1.3)
            _branch(
                np.array(hilum), outward / np.linalg.norm(outward), generator.uniform(3.4, 5.2), 0, generator, found
            )
    return found


def _branch(  # one step of a random walk in three dimensions
    start: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    radius: float,
    depth: int,
    generator: np.random.Generator,
    found: list[Segment],
) -> None:
    length = generator.uniform(15, 27) * (0.93**depth)
    end = start + direction * length
    thin = radius * generator.uniform(0.72, 0.86)
    found.append(((start[0], start[1], start[2]), (end[0], end[1], end[2]), radius, thin))
    if thin < 0.55 or depth > 8:
        return
    for spread in (0.2, 0.5) if generator.random() < 0.72 else (0.25,):
        turned = direction + generator.normal(0, spread, 3)
        turned[0] += 0.10 * np.sign(start[0])
        _branch(end, turned / np.linalg.norm(turned), thin * generator.uniform(0.8, 1), depth + 1, generator, found)


class Chest:
    """The anatomy; ``labels`` cuts it with an axial plane."""

    def __init__(self, seed: int = 40) -> None:
        self._shape = Field(seed, 45.0)
        self._fine = Field(seed + 1, 9.0, cells=48)
        self.tree = vessel_tree(seed)

    def labels(
        self, xs: npt.NDArray[np.floating], ys: npt.NDArray[np.floating], z: float, *, vessels: bool = True
    ) -> Labels:
        """Tissues at height ``z``: rows along ``ys``, columns along ``xs``, both evenly spaced and ascending."""
        cut = _Cut(xs, ys, z, self._shape.plane(z, ys, xs), self._fine.plane(z, ys, xs))
        cut.body()
        cut.lungs()
        if vessels:
            cut.lung_vessels(self.tree)
        cut.mediastinum()
        cut.below_the_diaphragm()
        cut.spine()
        cut.ribs()
        cut.shoulder_girdle()
        return cut.out


class _Cut:
    """One plane while it is filled, from the outside in."""

    def __init__(
        self, xs: npt.NDArray[np.floating], ys: npt.NDArray[np.floating], z: float, shape: Floats, fine: Floats
    ) -> None:
        self.xs, self.ys, self.level = xs.astype(np.float32), ys.astype(np.float32), z
        self.x = np.broadcast_to(self.xs[None, :], (len(ys), len(xs)))
        self.y = np.broadcast_to(self.ys[:, None], (len(ys), len(xs)))
        self.z = np.full(self.x.shape, z, np.float32)
        self.side = np.abs(self.x)
        self.shape, self.fine = shape, fine
        self.out = np.zeros(self.x.shape, np.uint8)

    def _put(self, mask: Mask, organ: Organ) -> None:
        self.out[mask] = organ

    def body(self) -> None:
        """Skin, fat and muscle; ``cage`` is the depth in millimetres inside the ribs' middle line."""
        x, y, z = self.x, self.y, self.level
        shoulder = float(np.clip((z - 55) / 60, 0, 1))
        width = 168 + 14 * float(np.clip(-z / 120, 0, 1)) + 18 * shoulder
        depth = 112 + 4 * float(np.clip(-z / 120, 0, 1)) - 24 * shoulder
        power = 2.5
        radius = ((np.abs(x) / width) ** power + (np.abs(y - 6 - 4 * shoulder) / depth) ** power) ** (1 / power)
        skin = (1 - radius) * 0.5 * (width + depth) + 1.5 * self.shape
        self.skin = skin
        self._put(skin > 0, Organ.SKIN)
        self._put(skin > 2.0, Organ.FAT)
        apex = np.sqrt(np.clip(1 - (np.clip(z - 5, 0, None) / 106) ** 2, 0.02, 1))
        self.cage_width = (138 + 6 * float(np.clip(-z / 100, 0, 1))) * float(apex)
        self.cage_depth = (97 + 4 * float(np.clip(-z / 100, 0, 1))) * float(0.35 + 0.65 * apex)
        cage_radius = ((self.side / self.cage_width) ** 2.2 + (np.abs(y - 4) / self.cage_depth) ** 2.2) ** (1 / 2.2)
        self.cage = ((1 - cage_radius) * 0.5 * (self.cage_width + self.cage_depth) + 0.8 * self.shape).astype(
            np.float32
        )
        back = (y > 45) & (self.side < 120) & (skin > 9 + 2 * self.shape)
        side = (skin > 17 + 4 * self.shape) & (self.cage < 0)
        pectoral = (y < -40) & (skin > 15 + 2 * self.shape) & (z > -70) & (self.side > 12) & (self.side < 125)
        self._put(side | back | pectoral, Organ.MUSCLE)
        planes = (np.abs(self.fine) < 0.07 - 0.035 * shoulder) & (self.cage < -4) & (self.out == Organ.MUSCLE)
        self._put(planes, Organ.FAT)
        self._put(self.cage > -5, Organ.MUSCLE)
        self._put((self.cage > -5) & (np.abs(self.fine + 0.4) < 0.15), Organ.FAT)

    def lungs(self) -> None:
        """Lung inside the cage, beside the mediastinum, above the domes of the diaphragm."""
        x, y, z = self.x, self.y, self.level
        heart = float(np.exp(-(((z + 75) / 42) ** 2)))
        trunk = 23 + 7 * float(np.exp(-(((z + 10) / 55) ** 2))) - 5 * float(np.clip((z - 60) / 40, 0, 1))
        knob = 9 * float(np.exp(-(((z - 38) / 15) ** 2))) + 6 * float(np.exp(-(((z + 14) / 13) ** 2)))
        right = trunk + 18 * heart * np.exp(-(((y + 32) / 38) ** 2)) + 4 * np.exp(-(((y + 60) / 22) ** 2))
        left = trunk + knob + 55 * heart * np.exp(-(((y + 30) / 36) ** 2)) + 4 * np.exp(-(((y + 60) / 22) ** 2))
        edge = np.where(x < 0, right, left) + 2.2 * self.shape
        recess = np.exp(-(((y - 58) / 26) ** 2)) * 6
        self.pleura = np.minimum(self.cage - 5.5, (self.side - edge + recess) * 0.9)
        across = np.where(self.side > 76, self.side - 76, 0.45 * (76 - self.side)) / 62
        front_back = (y - 2) / 92
        dome_height = np.where(x < 0, -112.0, -122.0) + 4 * self.shape
        self.dome = dome_height - 62 * across**2 - 55 * front_back**2 - np.where(y > 20, 0.35 * (y - 20), 0)
        above = z > self.dome
        self.lung = (self.pleura > 0) & above & (z < 110)
        self._put((self.pleura > -3) & (self.cage > 4) & ~self.lung, Organ.MUSCLE)
        self._put(self.lung, Organ.LUNG)
        fissure = np.where(x < 0, z + 30 - 0.85 * (y - 10), z + 26 - 0.85 * (y - 4))
        minor = (x < 0) & (np.abs(z + 8 + 4 * self.shape) < 0.9) & (y < 10)
        self._put(self.lung & ((np.abs(fissure + 5 * self.shape) < 0.8) | minor), Organ.FISSURE)

    def lung_vessels(self, tree: list[Segment]) -> None:
        """Discs where branches cross this plane; each touches only its own small window."""
        pixel = float(self.xs[1] - self.xs[0])
        for (ax, ay, az), (bx, by, bz), first, second in tree:
            if self.level > max(az, bz) + first or self.level < min(az, bz) - first:
                continue
            reach = first + 1.5
            columns = slice(*np.searchsorted(self.xs, (min(ax, bx) - reach, max(ax, bx) + reach)))
            rows = slice(*np.searchsorted(self.ys, (min(ay, by) - reach, max(ay, by) + reach)))
            if columns.start == columns.stop or rows.start == rows.stop:
                continue
            window = (rows, columns)
            wide = max(first, 0.6 * pixel), max(second, 0.6 * pixel)
            inside = capsule(self.x[window], self.y[window], self.z[window], ((ax, ay, az), (bx, by, bz)), wide)
            self.out[window][inside & self.lung[window]] = Organ.VESSEL
        nodule = ellipse(self.x, self.y, self.z, NODULE, (7.0, 6.0, 6.5)) < 1 + 0.25 * self.fine
        self._put(nodule & self.lung, Organ.NODULE)

    def mediastinum(self) -> None:
        """Fat, heart, great vessels, airways, oesophagus."""
        x, y, z = self.x, self.y, self.z
        middle = (self.pleura <= 0) & (self.cage > 3) & (self.level > self.dome - 8) & (self.side < 95) & (y < 62)
        self._put(middle & (self.out == Organ.MUSCLE), Organ.MEDIASTINAL_FAT)
        self._heart()
        for start, end, first, second in zip(ARCH, ARCH[1:], ARCH_RADII, ARCH_RADII[1:], strict=False):
            self._put(capsule(x, y, z, (start, end), (first, second)), Organ.AORTA)
        for organ, start, end, first, second in VESSELS:
            self._put(capsule(x, y, z, (start, end), (first, second)), organ)
        self._put(capsule(x, y, z, ((4.0, 30.0, 130.0), (8.0, 34.0, -150.0)), (6.5, 7.0)), Organ.OESOPHAGUS)
        for start, end, radius in AIRWAYS:
            self._put(capsule(x, y, z, (start, end), (radius + 1.3, radius + 1.0)), Organ.BRONCHUS)
        for start, end, radius in AIRWAYS:
            self._put(capsule(x, y, z, (start, end), (radius, radius * 0.9)), Organ.AIR)

    def _heart(self) -> None:
        x, y, z = self.x, self.y, self.z
        if not -140 < self.level < -15:
            return
        # the long axis points to the left, the front and down
        u = 0.72 * (x - 16) - 0.44 * (y + 28) - 0.53 * (z + 78)
        v = 0.55 * (x - 16) + 0.83 * (y + 28) + 0.06 * (z + 78)
        w = 0.42 * (x - 16) - 0.34 * (y + 28) + 0.84 * (z + 78)
        heart = (u / 62) ** 2 + (v / 44) ** 2 + (w / 46) ** 2 + 0.04 * self.shape
        self._put(heart < 1.12, Organ.MEDIASTINAL_FAT)
        self._put(heart < 1.0, Organ.MYOCARDIUM)
        left = ((u - 12) / 36) ** 2 + ((v - 9) / 17) ** 2 + ((w + 2) / 19) ** 2 + 0.08 * self.fine
        right = ((u - 8) / 40) ** 2 + ((v + 24) / 14) ** 2 + (w / 27) ** 2 + 0.08 * self.fine
        atrium = ((x + 6) / 33) ** 2 + ((y - 9) / 16) ** 2 + ((z + 58) / 24) ** 2
        right_atrium = ((x + 34) / 19) ** 2 + ((y + 18) / 24) ** 2 + ((z + 82) / 30) ** 2
        self._put((atrium < 1.25) | (right_atrium < 1.15), Organ.MYOCARDIUM)
        for chamber in (left, right, atrium, right_atrium):
            self._put(chamber < 1, Organ.CHAMBER)

    def below_the_diaphragm(self) -> None:
        """Liver, spleen, stomach with a bubble of gas."""
        x, y, z = self.x, self.y, self.z
        under = (self.level < self.dome - 3) & (self.cage > 5)
        free = under & (self.out != Organ.AORTA) & (self.out != Organ.VEIN) & (self.out != Organ.OESOPHAGUS)
        self._put(free, Organ.FAT)
        self._put(free & (self.out == Organ.FAT) & (y > 40) & (self.side < 45), Organ.MUSCLE)
        liver = free & (x < 30 - 0.55 * (y + 40) + 4 * self.shape) & (y < 60 + 0.25 * x) & ((self.side > 30) | (y < 20))
        self._put(liver, Organ.LIVER)
        self._put(liver & (np.abs(self.fine) < 0.10) & (np.abs(self.shape) < 0.22), Organ.VEIN)
        self._put(free & (ellipse(x, y, z, (94, 46, -175), (32, 36, 52)) < 1), Organ.SPLEEN)
        stomach = ellipse(x, y, z, (66, -10, -178), (38, 48, 48))
        self._put(free & (stomach < 1.08), Organ.MUSCLE)
        self._put(free & (stomach < 0.9), Organ.DISC)
        self._put(free & (stomach < 0.9) & (y < -22), Organ.STOMACH_GAS)
        heart = free & (ellipse(x, y, z, (16, -28, -78), (62, 52, 50)) < 1)
        self._put(heart, Organ.MYOCARDIUM)

    def spine(self) -> None:
        """Vertebral bodies with discs, canal, arches and processes; paraspinal muscles."""
        x, y, side = self.x, self.y, self.side
        curve = 63 - 0.0004 * (self.level + 40) ** 2
        along = (self.level + 400) % 25.0
        waist = 1 - 0.10 * np.sin(np.pi * np.clip(along / 20, 0, 1))
        body = np.sqrt((x / (17 * waist)) ** 2 + ((y - curve) / (13.5 * waist)) ** 2)
        muscles = (ellipse(side, y, self.z, (24, curve + 32, self.level), (20, 17, 1)) < 1 + 0.15 * self.shape) & (
            y > curve + 10
        )
        self._put(muscles & (self.cage < 16) & (self.skin > 5), Organ.MUSCLE)
        canal = np.hypot(x, y - curve - 20)
        arch = (canal < 13) & (canal > 8.5)
        self._put((body < 1) | (arch & (along < 18)), Organ.CORTICAL_BONE)
        self._put(body < 0.88, Organ.SPONGY_BONE if along < 20 else Organ.DISC)
        if along >= 20:
            self._put((body >= 0.88) & (body < 1), Organ.DISC)
        pedicle = (np.abs(side - 10.5) < 3.6) & (np.abs(y - curve - 14) < 7) & (along < 13)
        transverse = (np.abs(y - curve - 22 - 0.35 * (side - 10)) < 4) & (side > 9) & (side < 34) & (along < 12)
        spinous = (
            (side < 3.4 - 0.02 * (y - curve)) & (y > curve + 29) & (y < curve + 50) & (along < 15) & (self.skin > 6)
        )
        for part in (pedicle, transverse, spinous):
            self._put(part, Organ.CORTICAL_BONE)
        self._put((np.abs(side - 10.5) < 1.8) & (np.abs(y - curve - 14) < 6) & (along < 11), Organ.SPONGY_BONE)
        self._put(
            (np.abs(y - curve - 22 - 0.35 * (side - 10)) < 2.2) & (side > 11) & (side < 32) & (along < 10),
            Organ.SPONGY_BONE,
        )
        self._put(canal < 8.5, Organ.FAT)
        self._put(canal < 7.2, Organ.DISC)
        self._put(np.hypot(x, 1.2 * (y - curve - 19)) < 4.8, Organ.CORD)

    def ribs(self) -> None:
        """Twelve pairs that fall from the spine to the front; cartilage joins them to the sternum."""
        x, y, z = self.x, self.y, self.level
        angle = np.arctan2(self.side, (y - 4) * self.cage_width / self.cage_depth)  # 0 at the back, pi at the front
        bend = 1.0 - 0.12 * float(np.clip((z - 40) / 80, 0, 1))
        drop = 62 * (1 - np.cos(angle * bend)) / 2 * 1.55 - 20 * np.clip(angle - 2.35, 0, None)
        place = (118 - (z + drop)) / 25.0
        number = np.rint(place)
        exists = (number >= 0) & (number <= 11)
        height = (place - number) * 25.0
        front = angle > 2.35 + 0.25 * (number < 2)
        slant = 0.55 * height  # ribs are flat and lean against the cage
        thick = np.where(angle < 0.55, 5.0, 3.6)
        ring = (self.cage + 0.6 + 0.15 * slant) / thick
        body = np.sqrt(ring**2 + (height / 7.0) ** 2)
        limit = np.where(number >= 10, 1.7, np.pi)
        rib = exists & (body < 1) & (angle < limit) & (self.side > 9)
        inner = exists & (body < 0.62) & (angle < limit) & (self.side > 9)
        self._put(rib, Organ.CORTICAL_BONE)
        self._put(inner, Organ.SPONGY_BONE)
        self._put(rib & front, Organ.CARTILAGE)
        sternum_y = -self.cage_depth + 4 - 1
        wide = 22 if z > 45 else 16 + 3 * np.sin(z / 11.0)
        plate = np.sqrt((x / wide) ** 4 + ((y - sternum_y) / 6.0) ** 4)
        if -108 < z < 82:
            self._put(plate < 1, Organ.CORTICAL_BONE)
            self._put(plate < 0.62, Organ.SPONGY_BONE)

    def shoulder_girdle(self) -> None:
        """Clavicles and shoulder blades."""
        y, z, side = self.y, self.z, self.side
        for ends in (((14.0, -62.0, 74.0), (66.0, -44.0, 92.0)), ((66.0, -44.0, 92.0), (135.0, 8.0, 108.0))):
            self._put(capsule(side, y, z, ends, (6.5, 6.0)), Organ.CORTICAL_BONE)
            self._put(capsule(side, y, z, ends, (4.0, 3.6)), Organ.SPONGY_BONE)
        level = self.level
        if -52 < level < 104:
            wing = 116 + 0.14 * level
            lean = 72 - 0.55 * (side - 92) - 0.006 * (side - 92) ** 2 + 6
            reach = 25 * float(np.clip((level + 52) / 80, 0, 1) * np.clip((104 - level) / 40, 0, 1))
            blade = (np.abs(y - lean) < 2.4) & (np.abs(side - wing) < reach) & (self.cage < -6)
            self._put(blade, Organ.CORTICAL_BONE)
            self._put(
                (np.abs(y - lean) < 10)
                & (np.abs(side - wing) < 1.2 * reach)
                & (self.cage < -6)
                & (self.out == Organ.FAT),
                Organ.MUSCLE,
            )
            if level > 40:
                tip = 42 * float(np.clip((level - 40) / 30, 0, 1) * np.clip((104 - level) / 12, 0, 1))
                spine = (
                    (np.abs(y - lean - 12 - 0.3 * (side - wing)) < 3) & (side > wing - tip / 3) & (side < wing + tip)
                )
                self._put(spine & (self.cage < -8), Organ.CORTICAL_BONE)
                glenoid = ellipse(side, y, z, (152, 30, 84), (15, 13, 16)) < 1
                self._put(glenoid & (self.out != Organ.AIR), Organ.CORTICAL_BONE)
                self._put(
                    (ellipse(side, y, z, (152, 30, 84), (12, 10, 13)) < 1) & (self.out != Organ.AIR), Organ.SPONGY_BONE
                )
