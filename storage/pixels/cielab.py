"""CIELab colours of the standard as those of a screen (PS3.3 C.10.7.1.1)."""

from collections.abc import Sequence

Rgb = tuple[int, int, int]

_WHITE = (0.9642, 1.0, 0.8251)
"""D50, the white of the profile connection space."""
_TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""From D50 to the linear primaries of sRGB (ICC, Bradford)."""
_KNEE = 6 / 29


def screen_colour(encoded: Sequence[float]) -> Rgb:
    """Red, green, blue (0-255, sRGB) of L*, a*, b* in 16 bits each: 0-100, -128-127, -128-127."""
    lightness, green_red, blue_yellow = (float(one) / 65535 for one in encoded)
    height = (lightness * 100 + 16) / 116
    parts = (height + (green_red * 255 - 128) / 500, height, height - (blue_yellow * 255 - 128) / 200)
    xyz = [white * _cubed(part) for white, part in zip(_WHITE, parts, strict=True)]
    red, green, blue = (_companded(sum(factor * one for factor, one in zip(row, xyz, strict=True))) for row in _TO_SRGB)
    return red, green, blue


def _cubed(part: float) -> float:
    return part**3 if part > _KNEE else 3 * _KNEE**2 * (part - 4 / 29)


def _companded(linear: float) -> int:
    value = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return int(min(max(value, 0.0), 1.0) * 255 + 0.5)
