"""A head as tissue labels at any plane: skull, brain with gyri and ventricles, skull base, orbits, and one haemorrhage.

Coordinates are millimetres in the patient's axes (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head;
the origin lies between the ventricles.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sample_studies.field import Field, Floats

Labels = npt.NDArray[np.uint8]
Axis = float | npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


class Tissue(IntEnum):
    AIR = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    CORTICAL_BONE = 4
    SPONGY_BONE = 5
    CSF = 6
    GREY = 7
    WHITE = 8
    DURA = 9
    BLOOD = 10
    OEDEMA = 11
    CALCIFICATION = 12
    VITREOUS = 13
    LENS = 14
    MUCOSA = 15
    DEEP_GREY = 16


Point = tuple[float, float, float]

VENTRICLE: tuple[tuple[Point, Point, float, float], ...] = (
    # from, to, radius at each end; the left side, mirrored for the right
    ((7.0, -38.0, 8.0), (6.5, -18.0, 20.0), 4.5, 5.0),
    ((6.5, -18.0, 20.0), (8.0, 4.0, 25.0), 5.0, 4.5),
    ((8.0, 4.0, 25.0), (19.0, 30.0, 17.0), 4.5, 7.0),
    ((19.0, 30.0, 17.0), (20.0, 56.0, 6.0), 6.0, 2.0),
    ((19.0, 30.0, 17.0), (29.0, 10.0, -11.0), 5.0, 2.5),
    ((29.0, 10.0, -11.0), (27.0, -12.0, -17.0), 2.5, 1.5),
)


def ellipse(x: Floats, y: Floats, z: Floats, center: Point, radii: Point) -> Floats:
    """Normalised squared distance: below 1 inside the ellipsoid."""
    distance: Floats = (
        ((x - center[0]) / radii[0]) ** 2 + ((y - center[1]) / radii[1]) ** 2 + ((z - center[2]) / radii[2]) ** 2
    )
    return distance


def capsule(x: Floats, y: Floats, z: Floats, ends: tuple[Point, Point], radii: tuple[float, float]) -> Mask:
    """Points inside a tube between two ends whose radius changes from one to the other."""
    (ax, ay, az), (bx, by, bz) = ends
    reach = max(radii)
    if float(z.min()) > max(az, bz) + reach or float(z.max()) < min(az, bz) - reach:
        return np.zeros(x.shape, np.bool_)
    dx, dy, dz = bx - ax, by - ay, bz - az
    length = dx * dx + dy * dy + dz * dz
    t = np.clip(((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / length, 0, 1)
    distance = (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2 + (z - az - t * dz) ** 2
    inside: Mask = distance < (radii[0] + (radii[1] - radii[0]) * t) ** 2
    return inside


class Head:
    """The anatomy; ``labels`` cuts it with a plane of the patient's axes."""

    def __init__(self, seed: int = 20, *, haemorrhage: bool = True) -> None:
        self._haemorrhage = haemorrhage
        self._shape = Field(seed, 34.0)
        self._fold = Field(seed + 1, 8.6, cells=32)
        self._fold_fine = Field(seed + 2, 4.4, cells=56)
        self._folia = Field(seed + 3, 3.2, cells=64)
        self._cells = Field(seed + 4, 4.2, cells=64)

    def labels(self, xs: Axis, ys: Axis, zs: Axis) -> Labels:
        """Tissues on a plane: one of the axes is a number, the other two are arrays of millimetres.

        The result's axes are the arrays in the order z, y, x.
        """
        planes = {
            name: field.plane(zs, ys, xs)
            for name, field in (
                ("shape", self._shape),
                ("fold", self._fold),
                ("fine", self._fold_fine),
                ("folia", self._folia),
                ("cells", self._cells),
            )
        }
        z, y, x = _grids(zs, ys, xs)
        return _Cut(x, y, z, planes).labels(haemorrhage=self._haemorrhage)


def _grids(zs: Axis, ys: Axis, xs: Axis) -> tuple[Floats, Floats, Floats]:
    grids = np.meshgrid(
        *(np.atleast_1d(np.asarray(axis, np.float32)) for axis in (zs, ys, xs)), indexing="ij", sparse=False
    )
    drop = tuple(index for index, axis in enumerate((zs, ys, xs)) if np.ndim(axis) == 0)
    z, y, x = (np.squeeze(grid, axis=drop) for grid in grids)
    return z, y, x


class _Cut:
    """One plane while it is filled, from the outside in."""

    def __init__(self, x: Floats, y: Floats, z: Floats, fields: dict[str, Floats]) -> None:
        self.x, self.y, self.z, self.fields = x, y, z, fields
        self.side = np.abs(x)
        self.lowest = float(z.min())
        self.out = np.zeros(x.shape, np.uint8)

    def labels(self, *, haemorrhage: bool) -> Labels:
        """Fill the plane."""
        self._scalp_and_skull()
        self._brain()
        self._ventricles()
        self._deep_nuclei()
        self._skull_base()
        self._face()
        self._neck()
        if haemorrhage:
            self._haemorrhage()
        else:
            self._small_vessel_lesions()
        return self.out

    def _put(self, mask: Mask, tissue: Tissue) -> None:
        self.out[mask] = tissue

    def _scalp_and_skull(self) -> None:
        """Depth under the skin of an egg-shaped head that narrows to the vertex and to the neck."""
        y, z = self.y, self.z
        lower = 1 - 0.0016 * np.clip(-z - 15, 0, None) - 0.00004 * np.clip(-z - 15, 0, None) ** 2
        half_length = 98 * np.clip(lower, 0.6, 1)
        half_width = 79 * np.clip(lower + 0.02, 0.6, 1) * (1 + 0.10 * np.clip((y - 4) / 90, -1.2, 1))
        across, along = np.abs(self.x) / half_width, np.abs(y - 3) / half_length
        radius = np.sqrt(across**2 + along**2 + (np.clip(z - 5, 0, None) / 97) ** 2)
        if self.lowest < -12:  # the face is squarer than the vault
            power = (2 + 0.9 * np.clip((-z - 12) / 25, 0, 1) * (y < 0)).astype(np.float32)
            squarer = (across**power + along**power) ** (1 / power)
            radius = np.where(z < -12, squarer, radius)
        self.depth = ((1 - radius) * 0.5 * (half_length + half_width) + 0.5 * self.fields["shape"]).astype(np.float32)
        depth = self.depth + 0.4 * self.fields["shape"]
        bone = 6.2 + 0.9 * self.fields["shape"] + 0.02 * np.clip(y, -40, 80)
        start = 6.0 + 0.7 * self.fields["shape"]
        self.inner = depth - start - bone
        self._put(depth > 0, Tissue.SKIN)
        self._put(depth > 1.8, Tissue.FAT)
        temporal = (self.side > 52) & (z < 20) & (z > -60) & (y < 25) & (y > -60)
        self._put((depth > 3.4) & temporal, Tissue.MUSCLE)
        self._put(depth > start, Tissue.CORTICAL_BONE)
        self._put((depth > start + 1.7) & (self.inner < -1.7), Tissue.SPONGY_BONE)
        self._put(self.inner > 0, Tissue.CSF)

    def _brain(self) -> None:
        """Cortex where folds (zero lines of a smooth field) reach in from the surface; white matter below it."""
        y, z, inner = self.y, self.z, self.inner
        fold = np.abs(self.fields["fold"] + 0.28 * self.fields["fine"])
        brain = inner > 1.6 + 0.8 * np.clip(self.fields["shape"], -1, 2)
        self.brain = brain
        depth = np.clip(inner - 1.6, 0, None)
        sulcus = (fold < 0.20 * np.exp(-depth / 9.0)) & (depth < 20)
        cortex = (depth < 3.4) | ((fold < 0.20 * np.exp(-depth / 9.0) + 0.42 * np.exp(-depth / 22.0)) & (depth < 26))
        bend = 3.5 * self.fields["shape"] + 1.5 * self.fields["fine"]
        lateral = ((y + 6) / 19) ** 2 + ((z - 2) / 15) ** 2 + 0.15 * self.fields["fine"] < 1
        insula = (np.abs(self.side - 45 + 0.004 * (y + 6) ** 2 + bend * 0.5) < 1.1) & lateral
        sylvian = (np.abs(y + 20 - 0.5 * z - bend - 0.3 * (self.side - 45)) < 1.3) & (self.side > 42) & (np.abs(z) < 16)
        rim = ((y + 2) / 40) ** 2 + ((z - 5) / 28) ** 2 + 0.1 * self.fields["shape"] > 1
        midline = rim & (z > -14)
        fissure = (self.side < 1.1 + 0.35 * np.abs(self.fields["fine"])) & midline
        medial = (self.side < 4.4 + 0.6 * self.fields["shape"]) & midline
        self._put(brain, Tissue.WHITE)
        self._put(brain & (cortex | medial | (np.abs(self.side - 44 + bend * 0.5) < 4.5) & lateral), Tissue.GREY)
        self._put(brain & (sulcus | insula | sylvian | fissure), Tissue.CSF)
        falx = (self.side < 0.65) & (inner > 0.5) & midline & ((z > 34) | (y < -38) | (y > 40))
        self._put(falx, Tissue.DURA)
        arch = np.sqrt(((y + 2) / 36) ** 2 + ((z - 5) / 24) ** 2)
        callosum = (np.abs(arch - 1) < 0.11) & (z > 6) & (self.side < 14)
        self._put(brain & callosum, Tissue.WHITE)

    def _ventricles(self) -> None:
        if self.lowest > 36:
            return
        x, y, z = self.x, self.y, self.z
        side = self.side + 0.6 * self.fields["shape"]
        for start, end, first, second in VENTRICLE:
            self._put(capsule(side, y, z, (start, end), (first, second)) & (self.side > 0.9), Tissue.CSF)
        third = ((self.side / 2.4) ** 2 + ((y - 1) / 15) ** 2 + ((z - 1) / 11) ** 2) < 1
        fourth = ((x / 7) ** 2 + ((y - 36) / 5) ** 2 + ((z + 34) / 9) ** 2) < 1
        quadrigeminal = (np.abs(y - 27 - 0.35 * self.side) < 2.6) & (self.side < 15) & (np.abs(z + 4) < 9)
        angle = np.arctan2(x, -(y + 14))
        star = np.hypot(x, y + 14) < 9.0 + 2.2 * np.cos(5 * angle) + 1.9 * self.fields["fine"]
        suprasellar = star & (np.abs(z + 22) < 6)
        for space in (third, fourth, quadrigeminal, suprasellar):
            self._put(space & self.brain, Tissue.CSF)
        self._put(ellipse(x, y, z, (0, 27, 2), (2.4, 2.8, 2.4)) < 1, Tissue.CALCIFICATION)
        plexus = ellipse(self.side, y, z, (19, 33, 16), (3.0, 5.0, 4.0)) < 1 + 0.5 * self.fields["fine"]
        self._put(plexus, Tissue.DEEP_GREY)
        self._put(
            ellipse(self.side, y, z, (19, 34, 15), (1.8, 2.6, 2.0)) < 0.8 + 0.6 * self.fields["fine"],
            Tissue.CALCIFICATION,
        )

    def _deep_nuclei(self) -> None:
        if self.lowest > 26:
            return
        y, z, side = self.y, self.z, self.side
        wobble = 1 + 0.12 * self.fields["shape"]
        free = self.brain & (self.out != Tissue.CSF) & (self.out != Tissue.CALCIFICATION)
        for center, radii in (
            ((12.5, -24.0, 12.0), (4.6, 10.0, 12.0)),  # caudate
            ((24.5, -5.0, 4.0), (7.0, 15.0, 10.0)),  # lentiform
            ((10.5, 13.0, 7.0), (8.0, 14.0, 9.5)),  # thalamus
        ):
            self._put(free & (ellipse(side, y, z, center, radii) < wobble), Tissue.DEEP_GREY)

    def _skull_base(self) -> None:
        """Posterior fossa, petrous ridges with their air cells, sphenoid."""
        if self.lowest > 2:
            return
        x, y, z, side = self.x, self.y, self.z, self.side
        apex = -z - 5 - 0.42 * side - 0.15 * np.clip(y - 40, 0, None)
        ridge = y - 6 - 0.72 * np.clip(side - 12, 0, None)
        fossa = (apex > 0) & (ridge > 0) & self.brain
        surface = np.clip(self.inner - 2, 0, None)
        folia = np.sin(1.9 * surface + 2.6 * self.fields["shape"] + 1.3 * self.fields["fine"])
        self._put(fossa, Tissue.GREY)
        self._put(fossa & (folia < -0.8) & (surface > 3) & (surface < 18), Tissue.WHITE)
        self._put(fossa & (folia > 0.96) & (surface < 13), Tissue.CSF)
        dentate = ellipse(side, y, z, (17, 40, -36), (11, 11, 13)) < 1 + 0.2 * self.fields["fine"]
        self._put(fossa & dentate, Tissue.WHITE)
        self._put((np.abs(apex) < 0.9) & (ridge > -2) & (side > 4) & (self.inner > 0), Tissue.DURA)
        cistern = ellipse(x, y, z, (0, 16, -27), (18, 14.6, 32)) < 1 + 0.12 * self.fields["fine"]
        self._put(cistern & (z < -8) & self.brain, Tissue.CSF)
        notch = 1 + 0.25 * np.cos(2 * np.arctan2(x, y - 15)) * (z > -24) + 0.05 * self.fields["shape"]
        self._put((ellipse(x, y, z, (0, 16, -30), (16.5, 13, 34)) < notch) & (z < -4) & self.brain, Tissue.WHITE)
        self._put((ellipse(x, y, z, (0, 33, -34), (7.5, 4.5, 9)) < 1) & self.brain, Tissue.CSF)
        self._floor()

    def _floor(self) -> None:
        """Bone under the frontal and temporal lobes, soft tissue below it, petrous and sphenoid ridges."""
        y, z, side = self.y, self.z, self.side
        rough = 1.6 * self.fields["shape"] + 0.8 * self.fields["fine"]
        frontal = (y < -30) & (z < -26 - 0.12 * side + rough)
        temporal = (y >= -30) & (y < 8 + 0.72 * np.clip(side - 12, 0, None)) & (z < -50 + 0.05 * side + rough)
        central = (side / 17) ** 4 + ((y + 14) / 24) ** 4 + ((z + 44) / 14) ** 4 < 1 + 0.2 * rough
        below = (frontal & (z < -30 - 0.12 * side + rough)) | (temporal & (z < -54 + 0.05 * side + rough))
        within = self.depth > 9
        self._put(within & (frontal | temporal | central), Tissue.CORTICAL_BONE)
        self._put(within & below & ~central, Tissue.MUSCLE)
        self._put(within & below & ~central & (self.fields["shape"] > 0.6), Tissue.FAT)
        core = (side / 15) ** 4 + ((y + 14) / 22) ** 4 + ((z + 44) / 11.5) ** 4 < 1 + 0.2 * rough
        self._put(within & core, Tissue.SPONGY_BONE)
        wing = np.abs(y + 30 + 0.006 * (side - 18) ** 2 + rough) < 2.6 + 0.03 * np.clip(-z - 18, 0, 40)
        self._put(wing & (z < -17 - 0.1 * side) & (z > -58) & (side > 8) & (self.depth > 6), Tissue.CORTICAL_BONE)
        along = (side - 12) * 0.81 + (y - 6) * 0.585
        across = -(side - 12) * 0.585 + (y - 6) * 0.81
        thick = 3.5 + 0.10 * along + rough - 0.05 * (z + 45) ** 2 * 0.3
        petrous = (np.abs(across) < thick) & (along > -2) & (along < 60) & (self.depth > 5)
        self._put(petrous, Tissue.CORTICAL_BONE)
        mastoid = (ellipse(side, y, z, (57, 36, -52), (13, 15, 17)) < 1 + 0.1 * self.fields["fine"]) & (self.depth > 5)
        self._put(mastoid, Tissue.CORTICAL_BONE)
        self._put(mastoid & (self.fields["cells"] > -0.2) & (self.depth > 8), Tissue.AIR)
        cavity = (np.abs(across) < 2.2 + 0.6 * self.fields["fine"]) & (np.abs(z + 47) < 4)
        self._put(petrous & cavity & (along > 34) & (along < 48), Tissue.AIR)
        labyrinth = (np.abs(self.fields["cells"]) < 0.25) & (along > 18) & (along < 32) & (np.abs(across) < 4)
        self._put(petrous & labyrinth, Tissue.CSF)

    def _face(self) -> None:
        """Sphenoid and ethmoid air, frontal sinus, orbits with globes and optic nerves."""
        if self.lowest > 14:
            return
        y, z, side = self.y, self.z, self.side
        sphenoid = (side / 14) ** 4 + ((y + 22) / 13) ** 4 + ((z + 46) / 10.5) ** 4 + 0.15 * self.fields["fine"]
        self._put(sphenoid < 1, Tissue.CORTICAL_BONE)
        self._put((sphenoid < 0.6) & (side > 0.8), Tissue.AIR)
        orbit = ellipse(side, y, z, (33.0, -62.0, -44.0), (20.0, 33.0, 19.0)) + 0.04 * self.fields["fine"]
        inside = (self.depth > 1.5) & (y < -28)
        self._put((orbit < 1.18) & (self.depth > 3) & inside, Tissue.CORTICAL_BONE)
        self._put((orbit < 1.0) & inside, Tissue.FAT)
        ethmoid = (side < 13) & (y < -34) & (y > -84) & (z < -28) & (z > -62)
        self._put(ethmoid & (self.depth > 3), Tissue.CORTICAL_BONE)
        walls = (
            (np.abs(((y + 2.5 * self.fields["fine"]) % 9.0) - 4.5) < 4.0)
            & (side > 0.8)
            & (side < 11.6 + self.fields["fine"])
        )
        walls &= np.abs(side - 6 - self.fields["fine"]) > 0.6
        self._put(ethmoid & walls & (self.depth > 5), Tissue.AIR)
        frontal = ellipse(side, y, z, (12, -82, -10), (15, 8, 17)) < 1 + 0.2 * self.fields["fine"]
        self._put(frontal & (self.depth > 6) & (z < 12), Tissue.CORTICAL_BONE)
        sinus = ellipse(side, y, z, (12, -82, -11), (12.5, 5.6, 15)) < 1 + 0.2 * self.fields["fine"]
        self._put(sinus & (self.depth > 8) & (side > 1.0) & (z < 10), Tissue.AIR)
        nerve = capsule(side, y, z, ((8.0, -26.0, -38.0), (31.0, -62.0, -43.0)), (2.0, 2.2))
        self._put(nerve, Tissue.MUSCLE)
        for target in ((21.0, -70.0, -43.0), (45.0, -70.0, -43.0), (33.0, -68.0, -32.0), (33.0, -68.0, -55.0)):
            self._put(capsule(side, y, z, ((16.0, -34.0, -42.0), target), (1.2, 2.6)), Tissue.MUSCLE)
        globe = ellipse(side, y, z, (33.0, -78.0, -43.5), (12.4, 12.4, 12.4))
        self._put(globe < 1, Tissue.MUSCLE)
        self._put(globe < 0.84, Tissue.VITREOUS)
        self._put(ellipse(side, y, z, (33.0, -86.5, -43.5), (5.0, 2.2, 5.0)) < 1, Tissue.LENS)
        nose = ellipse(side, y, z, (0, -88, -62), (13, 19, 20)) < 1
        self._put(nose & (self.out == Tissue.AIR), Tissue.FAT)
        cavity = (side < 14) & (y < -36) & (y > -92) & (z < -60) & (z > -88) & (self.depth > 3)
        self._put(cavity, Tissue.MUCOSA)
        self._put(cavity & (np.abs(self.fields["cells"]) < 0.9) & (side > 1.2) & (z > -84), Tissue.AIR)

    def _neck(self) -> None:
        """Spinal cord, cervical vertebrae, pharynx."""
        y, z, side = self.y, self.z, self.side
        if self.lowest > -52:
            return
        lean = 24 - 0.22 * (z + 60)
        below = (z < -52) & (self.inner > -6)
        body = below & (side < 9) & (np.abs(y - lean + 17) < 8.5) & (z < -66)
        self._put(body, Tissue.SPONGY_BONE)
        self._put(body & (np.abs(((z + 66) % 19) - 2.0) < 2.2), Tissue.MUCOSA)
        self._put(
            below & (np.abs(y - lean - 16 - 0.2 * side) < 6) & (side < 9) & (((z + 60) % 19) < 9), Tissue.SPONGY_BONE
        )
        self._put(below & (np.hypot(side, y - lean) < 9), Tissue.CSF)
        self._put(below & (np.hypot(side, 1.25 * (y - lean)) < 6), Tissue.WHITE)
        self._put((z < -60) & (side < 9) & (np.abs(y - lean + 33) < 4.5), Tissue.AIR)

    def _haemorrhage(self) -> None:
        """A bleeding in the right putamen with oedema around it: what the study was asked for."""
        if self.lowest > 25 or float(self.z.max()) < -15:
            return
        shape = ellipse(self.x, self.y, self.z, (-27.0, -3.0, 5.0), (10.5, 15.5, 11.0))
        shape = shape + 0.18 * self.fields["fine"] + 0.12 * self.fields["shape"]
        soft = self.brain & (self.out != Tissue.CSF)
        self._put(soft & (shape < 1.75), Tissue.OEDEMA)
        self._put(self.brain & (shape < 1.0), Tissue.BLOOD)

    def _small_vessel_lesions(self) -> None:
        """Scattered spots in the white matter beside the ventricles, bright on FLAIR."""
        spots = (self.fields["cells"] > 1.9) & (self.side > 12) & (self.side < 40) & (self.inner > 18)
        self._put(spots & (self.out == Tissue.WHITE) & (self.z > 8), Tissue.OEDEMA)
