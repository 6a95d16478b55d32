"""What a client asks of a picture: query parameters and media type of rendered resources (PS3.18 §8.3.5, §8.7.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from starlette.datastructures import QueryParams

from pacs.dicomweb.media_type import MediaType, matches
from pacs.dicomweb.parameter import real, whole
from storage.errors import InvalidQuery, NotAcceptable
from storage.pixels.annotation import Annotation
from storage.pixels.colour_profile import IccProfile
from storage.pixels.grayscale import VoiFunction
from storage.pixels.render import RenderOptions
from storage.pixels.viewport import Region, Viewport

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
GIF: Final = "image/gif"
MP4: Final = "video/mp4"
PDF: Final = "application/pdf"
THUMBNAIL_SIDE = 128
_MOST_VIEWPORT = 8192
_FUNCTIONS: Mapping[str, VoiFunction] = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_ANNOTATIONS: Mapping[str, Annotation] = {"patient": "patient", "technique": "technique"}
_ICC_PROFILES: Mapping[str, IccProfile] = {"no": "no", "yes": "yes", "srgb": "srgb"}

Kind = Literal["image/jpeg", "image/png", "image/gif", "video/mp4"]


@dataclass(frozen=True)
class Form:
    """How pictures go out: as which media type, and as a message of one part for each frame or bare."""

    media_type: Kind
    multipart: bool


def choose(accepted: Sequence[MediaType], *, single: bool, moving: bool) -> Form:
    """Choose the form of a rendered resource.

    ``single``: it can be one still picture; ``moving``: it can be one GIF or video. What has several pictures comes as
    a message of parts.

    Raises:
        NotAcceptable: none of the accepted types can be given.
    """
    stills: tuple[Kind, ...] = (JPEG, PNG)
    movies: tuple[Kind, ...] = (GIF, MP4)
    for range_ in accepted:
        if range_.multipart or (range_.name == "*/*" and not single):
            found = _first(range_.content, stills)
        else:
            found = _first(range_.name, (*(stills if single else ()), *(movies if moving else ())))
        if found is not None:
            return Form(found, range_.multipart or (range_.name == "*/*" and not single))
    offers = [*(stills if single else ()), *(movies if moving else ())]
    raise NotAcceptable(f"This is available as {', '.join((*offers, *(_parts(still) for still in stills)))}.")


def _first(pattern: str, offers: Sequence[Kind]) -> Kind | None:
    return next((offer for offer in offers if matches(pattern, offer)), None)


def _parts(media_type: str) -> str:
    return f'multipart/related; type="{media_type}"'


def options(query: QueryParams, media_type: Kind, *, thumbnail: bool = False) -> RenderOptions:
    """Read window, viewport, quality, annotation and ICC profile.

    Raises:
        InvalidQuery: a parameter is malformed.
        NotAcceptable: an ICC profile that is not offered.
    """
    asked = query.get("viewport")
    size = Viewport(THUMBNAIL_SIDE, THUMBNAIL_SIDE) if thumbnail else None
    return RenderOptions(
        window=window(query["window"]) if query.get("window") else None,
        viewport=viewport(asked) if asked else size,
        quality=whole("quality", query.get("quality", "90"), least=1, most=100),
        format=PNG if media_type == PNG else JPEG,
        annotations=annotations(query.get("annotation", "")),
        icc_profile=_icc_profile(query.get("iccprofile", "no")),
    )


def tag_of(made: RenderOptions) -> str:
    """Part of an entity tag: the same for the same options."""
    return sha256(repr((made, sorted(made.annotations))).encode()).hexdigest()[:16]


def window(text: str) -> tuple[float, float, VoiFunction]:
    """Read centre, width and function (§8.3.5.1.4).

    Raises:
        InvalidQuery: malformed.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3):
        raise InvalidQuery("window must be centre,width,function.")
    function = _FUNCTIONS.get(parts[2].lower() if len(parts) == 3 else "linear")
    if function is None:
        raise InvalidQuery("The function of window must be linear, linear-exact or sigmoid.")
    center, width = real("window centre", parts[0]), real("window width", parts[1])
    if width < 1 if function == "LINEAR" else width <= 0:
        raise InvalidQuery("window width must be at least 1 for linear and above 0 otherwise.")
    return center, width, function


def viewport(text: str) -> Viewport:
    """Read width and height, and the source region that may follow: left, top, width, height (§8.3.5.1.3).

    A negative width or height of the region turns it round.

    Raises:
        InvalidQuery: malformed or too large.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or len(parts) > 6:
        raise InvalidQuery("viewport must be width,height or width,height,left,top,width,height.")
    across = whole("viewport width", parts[0], least=1, most=_MOST_VIEWPORT)
    down = whole("viewport height", parts[1], least=1, most=_MOST_VIEWPORT)
    given = [real("the region of viewport", part) if part else None for part in (parts[2:] + [""] * 4)[:4]]
    if all(number is None for number in given):
        return Viewport(across, down)
    left, top, width, height = given
    if min(left or 0, top or 0) < 0 or width == 0 or height == 0:
        raise InvalidQuery("The region of viewport must begin within the image and have a size.")
    region = Region(
        left or 0.0, top or 0.0, None if width is None else abs(width), None if height is None else abs(height)
    )
    return Viewport(across, down, region, (width or 0) < 0, (height or 0) < 0)


def annotations(text: str) -> frozenset[Annotation]:
    """Read which texts are burnt in (§8.3.5.1.1).

    Raises:
        InvalidQuery: an unknown one.
    """
    names = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in _ANNOTATIONS]
    if unknown:
        raise InvalidQuery("annotation must be patient, technique, or both.")
    return frozenset(_ANNOTATIONS[name] for name in names)


def _icc_profile(text: str) -> IccProfile:
    name = text.strip().lower()
    if name in ("adobergb", "rommrgb", "displayp3"):
        raise NotAcceptable("Of the ICC profiles only the image's own and sRGB are offered.")
    if name not in _ICC_PROFILES:
        raise InvalidQuery("iccprofile must be no, yes or srgb.")
    return _ICC_PROFILES[name]
