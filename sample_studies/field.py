"""Smooth random fields in space: the irregularity of living tissue, the same in every run."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Field:
    """A periodic smooth field of mean 0 and deviation 1; ``scale`` is the size of its features in millimetres."""

    def __init__(self, seed: int, scale: float, cells: int = 24, dimensions: int = 3) -> None:
        self._scale = scale
        self._cells = cells
        noise = np.random.default_rng(seed).standard_normal((cells,) * dimensions)
        self._grid = (noise / noise.std()).astype(np.float32)

    def plane(self, *axes: float | npt.NDArray[np.floating]) -> Floats:
        """Sample at the outer product of axes (millimetres); a number fixes its axis, which then is left out."""
        found = self._grid
        kept = 0
        for axis in axes:
            found = self._interpolate(found, np.atleast_1d(np.asarray(axis, np.float64)), kept)
            if np.ndim(axis) == 0:
                found = found.take(0, axis=kept)
            else:
                kept += 1
        return np.ascontiguousarray(found) * np.float32(1.6)

    def _interpolate(self, grid: Floats, positions: npt.NDArray[np.float64], axis: int) -> Floats:
        """Cubic B-spline along one axis; four taps each, which is faster here than a matrix product."""
        place = positions / self._scale
        cell = np.floor(place).astype(int)
        t = place - cell
        spline = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
        shape = [1] * grid.ndim
        shape[axis] = len(positions)
        taps = (
            grid.take((cell + offset - 1) % self._cells, axis=axis) * (weight / 6).astype(np.float32).reshape(shape)
            for offset, weight in enumerate(spline)
        )
        total: Floats = next(taps)
        for tap in taps:
            total += tap
        return total


def blur(image: Floats, radius: float) -> Floats:
    """Gaussian blur along the last two axes; ``radius`` (one deviation) in pixels, edges repeated."""
    if radius <= 0:
        return image
    reach = max(1, int(np.ceil(3 * radius)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (-1, -2):
        width = [(0, 0)] * image.ndim
        width[axis] = (reach, reach)
        padded = np.pad(image, width, mode="edge")
        size = image.shape[axis]
        total = np.zeros_like(image)
        for tap, weight in enumerate(kernel):
            window = [slice(None)] * image.ndim
            window[axis] = slice(tap, tap + size)
            total += weight * padded[tuple(window)]
        image = total
    return image


def smoothstep(value: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    found: Floats = t * t * (3 - 2 * t)
    return found


class Noise:
    """Gaussian noise that is cheap for many images: one large tile, read at other places each time."""

    def __init__(self, seed: int, size: int, radius: float) -> None:
        generator = np.random.default_rng(seed)
        tile = blur(generator.standard_normal((size * 2, size * 2)).astype(np.float32), radius)
        self._tile = tile / tile.std()
        self._size = size

    def image(self, number: int) -> Floats:
        """Noise of deviation 1, square; another one for each ``number``."""
        place = np.random.default_rng(number).integers(0, self._size, 2)
        found = self._tile[place[0] : place[0] + self._size, place[1] : place[1] + self._size]
        mirrored: Floats = found if number % 2 else found[:, ::-1]
        return mirrored
