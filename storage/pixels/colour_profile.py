"""The ICC profile of a colour picture: the image's own, or sRGB (PS3.18 §8.3.5.1.2, PS3.3 §C.11.15)."""

import io
from functools import lru_cache
from typing import Literal

from PIL import Image, ImageCms

from storage.errors import NotAcceptable

# no: none is embedded; yes: the image's own, sRGB where it has none; srgb: colours are converted to sRGB.
IccProfile = Literal["no", "yes", "srgb"]


def with_profile(image: Image.Image, wanted: IccProfile, own: bytes | None) -> tuple[Image.Image, bytes | None]:
    """The picture and the profile to embed in it; ``own`` is the image's ICC Profile (0028,2000).

    Grey pictures have none: their values are P-Values of the Grayscale Standard Display Function.
    Raises NotAcceptable when the image's own profile is needed and damaged.
    """
    if wanted == "no" or image.mode != "RGB":
        return image, None
    if not own:
        return image, srgb()
    if wanted == "yes":
        return image, own
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(own))
        converted = ImageCms.profileToProfile(image, source, ImageCms.ImageCmsProfile(io.BytesIO(srgb())))
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise NotAcceptable("the image's ICC profile cannot be used") from error
    return converted if converted is not None else image, srgb()


@lru_cache(1)
def srgb() -> bytes:
    """The sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
