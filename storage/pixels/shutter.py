"""Display shutters: the parts of an image that are not to be looked at (PS3.3 C.7.6.11, C.7.6.15)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from storage.pixels.cielab import Rgb, screen_colour
from storage.pixels.element import number_of, numbers_of, value_of
from storage.pixels.functional_groups import functional_group_item
from storage.pixels.image import PixelArray
from storage.pixels.overlay import plane_of, shutter_group

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shutter:
    """What is seen (rows x columns, True inside), and the colour (0-255 each) that covers the rest."""

    seen: Mask
    colour: Rgb

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        frame: int,
        shape: tuple[int, int],
        aspect: float,
        stored: PixelArray | None = None,
    ) -> "Shutter | None":
        """The shutter of a 1-based frame of rows x columns, ``aspect`` the height of a pixel by its width.

        ``stored``: the cells of the frame as kept, for a bitmap in unused bits of them.

        None when there is none that is fully described: nothing is hidden by guess.
        """
        scope = functional_group_item(dataset, frame, "FrameDisplayShutterSequence") or dataset
        shapes = value_of(scope, "ShutterShape")
        if not shapes:
            return None
        seen: Mask | None = None
        for name in [shapes] if isinstance(shapes, str) else shapes:
            wanted = str(name).strip().upper()
            bitmap = wanted == "BITMAP"
            found = _bitmap(dataset, frame, shape, stored) if bitmap else _opening(scope, wanted, shape, aspect)
            if found is not None:
                seen = found if seen is None else seen & found
        if seen is None:
            return None
        return cls(seen, _colour(scope))

    def shut(self, pixels: PixelArray) -> PixelArray:
        """A copy of 8-bit display values with what is not to be seen covered; grey becomes RGB under a colour."""
        gray = len(set(self.colour)) == 1
        made = pixels.copy() if gray or pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
        made[~self.seen] = self.colour[0] if gray else self.colour
        return made


def _colour(scope: Dataset) -> Rgb:
    """Of a colour display, which ours are; else the grey of Shutter Presentation Value, a P-Value of 16 bits."""
    lab = numbers_of(scope, "ShutterPresentationColorCIELabValue")
    if len(lab) == 3:
        return screen_colour(lab)
    value = number_of(scope, "ShutterPresentationValue") or 0.0
    gray = round(min(max(value, 0.0), 65535.0) / 257)
    return gray, gray, gray


def _bitmap(dataset: Dataset, frame: int, shape: tuple[int, int], stored: PixelArray | None) -> Mask | None:
    """A plane as large as the image; where it is set, the image is covered."""
    group = shutter_group(dataset)
    plane = None if group is None else plane_of(dataset, group, frame, stored)
    return plane == 0 if plane is not None and plane.shape == shape else None


def _opening(scope: Dataset, name: str, shape: tuple[int, int], aspect: float) -> Mask | None:
    if name == "RECTANGULAR":
        return _rectangle(scope, shape)
    if name == "CIRCULAR":
        return _circle(scope, shape, aspect)
    return _polygon(scope, shape) if name == "POLYGONAL" else None


def _rectangle(scope: Dataset, shape: tuple[int, int]) -> Mask | None:
    edges = [
        number_of(scope, f"Shutter{edge}")
        for edge in ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")
    ]
    given = [edge for edge in edges if edge is not None]
    if len(given) < 4 or given[1] < given[0] or given[3] < given[2]:
        return None
    left, right, top, bottom = (round(edge) for edge in given)
    seen = np.zeros(shape, np.bool_)
    seen[max(0, top - 1) : max(0, bottom), max(0, left - 1) : max(0, right)] = True
    return seen


def _circle(scope: Dataset, shape: tuple[int, int], aspect: float) -> Mask | None:
    centre, radius = numbers_of(scope, "CenterOfCircularShutter"), number_of(scope, "RadiusOfCircularShutter")
    if len(centre) < 2 or radius is None or radius <= 0:
        return None
    down = (np.arange(1, shape[0] + 1, dtype=np.float64) - centre[0]) * aspect
    across = np.arange(1, shape[1] + 1, dtype=np.float64) - centre[1]
    seen: Mask = down[:, np.newaxis] ** 2 + across[np.newaxis, :] ** 2 <= radius**2
    return seen


def _polygon(scope: Dataset, shape: tuple[int, int]) -> Mask | None:
    found = numbers_of(scope, "VerticesOfThePolygonalShutter")
    points = [(column - 1, row - 1) for row, column in zip(found[::2], found[1::2], strict=False)]
    if len(points) < 3:
        return None
    page = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(page).polygon(points, fill=1, outline=1)
    return np.asarray(page, np.bool_)
