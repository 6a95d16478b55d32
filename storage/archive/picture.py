"""Use case: frames of kept images as pictures to look at, still or moving (PS3.18 §10.4.1.1.3, §8.7.4)."""

from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from storage.archive import Archive, retrieve
from storage.archive.bulk_data import bulk_value
from storage.archive.retrieve import InstanceRow, StoredImage
from storage.errors import NotFound
from storage.index import locations as rows
from storage.pixels import animation
from storage.pixels.decode import decode_frame
from storage.pixels.render import RenderOptions, picture, render_frame

_ICC_PROFILE = "00282000"
_ICC_IN_OPTICAL_PATH = f"00480105/1/{_ICC_PROFILE}"


def representative(archive: Archive, study: str, series: str | None = None) -> tuple[InstanceRow, int]:
    """What shows a series best, or a study by its first series with images: the middle frame of the middle instance.

    Raises:
        NotFound: there is no image.
        StoreUnavailable: the index cannot be reached.
    """
    with archive.index.read() as connection:
        images = rows.images(connection, study, series)
        found = rows.by_id(connection, images[len(images) // 2][0]) if images else None
    if found is None:
        raise NotFound("There is no image in this resource.")
    row = InstanceRow(**found)
    return row, row.number_of_frames // 2 + 1


def rendered(archive: Archive, row: InstanceRow, number: int, options: RenderOptions) -> bytes:
    """A frame, counted from 1, as a JPEG or PNG to look at.

    Raises:
        NotFound: there is no such frame.
        NotAcceptable: an option that cannot be met.
        PixelError: its pixel data is not what its header says.
        TooLarge: the decoded frame is over the limit of the settings.
        StoreUnavailable: its bytes cannot be had.
    """
    image = retrieve.image(archive, row)
    limit = archive.settings.maximum_decoded_samples
    image.format.require_within(limit)
    profile = None
    if options.icc_profile != "no" and image.format.samples_per_pixel == 3:
        profile = _own_profile(archive, row)
    encoded = retrieve.frame_bytes(archive, row, number)
    return render_frame(
        encoded, image.header, image.format, number, options, maximum_samples=limit, own_profile=profile
    )


def gif(archive: Archive, row: InstanceRow, options: RenderOptions) -> bytes:
    """All frames of an instance as an endless GIF, as fast as its header asks for.

    Raises:
        NotAcceptable: it would be too large, or an option cannot be met.
        NotFound, PixelError, TooLarge, StoreUnavailable: as :func:`rendered`.
    """
    image = retrieve.image(archive, row)
    pictures = _pictures(archive, row, image, options)
    return animation.gif(pictures, animation.rate_of(image.header), row.number_of_frames)


def mp4(archive: Archive, row: InstanceRow, options: RenderOptions) -> BinaryIO:
    """All frames of an instance as a video, in a file that is gone when it is closed.

    Raises:
        NotAcceptable: ffmpeg is not installed, or an option cannot be met.
        NotFound, PixelError, TooLarge, StoreUnavailable: as :func:`rendered`.
    """
    image = retrieve.image(archive, row)
    pictures = _pictures(archive, row, image, options)
    return animation.mp4(pictures, animation.rate_of(image.header), archive.settings.data_dir)


def _pictures(archive: Archive, row: InstanceRow, image: StoredImage, options: RenderOptions) -> Iterator[Image.Image]:
    limit = archive.settings.maximum_decoded_samples
    image.format.require_within(limit)
    for number in range(1, row.number_of_frames + 1):
        encoded = retrieve.frame_bytes(archive, row, number)
        array = decode_frame(encoded, image.format, maximum_samples=limit)
        yield picture(array, image.header, number, options, image.format)


def _own_profile(archive: Archive, row: InstanceRow) -> bytes | None:
    for path in (_ICC_PROFILE, _ICC_IN_OPTICAL_PATH):
        try:
            return bulk_value(archive, row, path).data
        except NotFound:
            continue
    return None
