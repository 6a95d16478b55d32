"""A multi-frame image as a moving picture: GIF, or MP4 where ffmpeg is installed (PS3.18 §8.7.4, PS3.3 §C.7.6.5)."""

import io
import itertools
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal

from PIL import Image
from pydicom.dataset import Dataset

from storage.errors import NotAcceptable, PixelError
from storage.pixels.element import number_of, numbers_of

AnimationType = Literal["image/gif", "video/mp4"]
# Of all frames together: a GIF is made in memory.
MAXIMUM_PIXELS = 2**26
_DEFAULT_RATE, _SLOWEST, _FASTEST = 10.0, 0.1, 60.0
_LONGEST_S = 300


def rate_of(dataset: Dataset) -> float:
    """Frames a second that the header asks for: to be shown, of the cine, of the acquisition; else ten."""
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = number_of(dataset, keyword)
        if rate:
            return min(_FASTEST, max(_SLOWEST, rate))
    times = [time for time in [number_of(dataset, "FrameTime"), *numbers_of(dataset, "FrameTimeVector")[1:2]] if time]
    return min(_FASTEST, max(_SLOWEST, 1000.0 / times[0])) if times and times[0] > 0 else _DEFAULT_RATE


def is_video_possible() -> bool:
    """Whether ffmpeg is there."""
    return shutil.which("ffmpeg") is not None


def gif(pictures: Iterator[Image.Image], rate: float, count: int) -> bytes:
    """An endless GIF of ``count`` pictures of one size, ``rate`` a second.

    Raises NotAcceptable when it would be too large to make in memory.
    """
    first = next(pictures)
    if first.width * first.height * count > MAXIMUM_PIXELS:
        raise NotAcceptable("the frames are too many or too large for a GIF; ask for a smaller viewport")
    buffer = io.BytesIO()
    # A hundredth of a second is the unit of GIF, and browsers slow down what is below two of them.
    duration = max(20, round(100 / rate) * 10)
    first.save(buffer, "GIF", save_all=True, append_images=pictures, duration=duration, loop=0)
    return buffer.getvalue()


def mp4(pictures: Iterator[Image.Image], rate: float, folder: Path) -> BinaryIO:
    """H.264 in a fragmented MP4, written to a file in ``folder`` that is gone when it is closed; at its start.

    Raises NotAcceptable without ffmpeg; PixelError when ffmpeg fails or takes over five minutes.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise NotAcceptable("video/mp4 needs ffmpeg, which is not installed here")
    first = next(pictures)
    shape = [f"{first.width}x{first.height}", "rgb24" if first.mode == "RGB" else "gray"]
    command = [
        ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-f", "rawvideo", "-video_size", shape[0], "-pixel_format", shape[1], "-framerate", f"{rate:g}", "-i", "pipe:0",
        "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
        "-pix_fmt", "yuv420p", "-threads", "1", "-movflags", "+frag_keyframe+empty_moov+default_base_moof",
        "-f", "mp4", "pipe:1",
    ]  # fmt: skip
    made = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the caller closes it
    try:
        _run(command, itertools.chain([first], pictures), made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return made


def _run(command: list[str], pictures: Iterator[Image.Image], made: BinaryIO) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=made, stderr=subprocess.DEVNULL) as process:
        timer = threading.Timer(_LONGEST_S, process.kill)
        timer.start()
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # the exit code tells
                for picture in pictures:
                    process.stdin.write(picture.tobytes())
                process.stdin.close()
            process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if process.returncode != 0:
        raise PixelError("the video could not be made")
