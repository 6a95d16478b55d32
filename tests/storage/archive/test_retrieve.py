"""Giving back what was kept: bytes, frames, pictures, also while they move or when they are lost."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000

from storage.archive import Archive, picture, retrieve
from storage.archive.upload import upload_pending
from storage.errors import NotAcceptable, NotFound, PixelError, StoreUnavailable, TooLarge
from storage.pixels.render import RenderOptions
from tests.storage.samples import COLUMNS, ROWS, ct, encoded, keep, pixels, uid

EXPLICIT, HTJ2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.201"


def _row(archive: Archive, number: int = 1) -> retrieve.InstanceRow:
    return retrieve.instances(archive, uid("a"), uid("a", 1), uid("a", 1, number))[0]


def test_rows_come_by_series_and_instance_number(archive: Archive) -> None:
    for series, number in ((2, 1), (1, 10), (1, 9)):
        keep(archive, ct("a", series, number))
    rows = retrieve.instances(archive, uid("a"))
    assert [row.sop_instance_uid for row in rows] == [uid("a", 1, 9), uid("a", 1, 10), uid("a", 2, 1)]
    assert len(retrieve.instances(archive, uid("a"), uid("a", 1))) == 2
    assert rows[0].facility_id == 1
    for missing in ((uid("b"),), (uid("a"), uid("b", 1)), (uid("a"), uid("a", 1), uid("a", 2, 1))):
        with pytest.raises(NotFound):
            retrieve.instances(archive, *missing)


@pytest.mark.parametrize("uploaded", [False, True])
def test_file_is_given_back_byte_for_byte(archive: Archive, uploaded: bool) -> None:
    dataset = ct("a", PatientComments="ghi chú" * 100)
    keep(archive, dataset)
    if uploaded:
        assert upload_pending(archive) == 1
    row = _row(archive)
    kept = retrieve.open_instance(archive, row)
    whole = kept.read()
    assert len(whole) == kept.size == row.size
    assert whole[row.dataset_offset :] == encoded(dataset)
    assert b"".join(kept.chunks()) == whole
    assert b"".join(kept.chunks(200)) == whole[200:]
    assert kept.read(130, 2) == whole[130:132]
    assert kept.path is not None
    assert kept.path.read_bytes() == whole
    assert dcmread(io.BytesIO(whole)).SOPInstanceUID == uid("a", 1, 1)
    with pytest.raises(ValueError, match="range"):
        kept.read(10, row.size)


@pytest.mark.parametrize("work", ["read", "chunks", "frame", "rendered"])
def test_a_row_read_before_the_move_still_gives_the_bytes(archive: Archive, work: str) -> None:
    keep(archive, ct("a"))
    row = _row(archive)
    assert row.location == "spool"
    upload_pending(archive)
    assert not archive.spool.path(row.spool_name).exists()
    if work == "read":
        assert len(retrieve.open_instance(archive, row).read()) == row.size
    elif work == "chunks":
        assert sum(map(len, retrieve.open_instance(archive, row).chunks())) == row.size
    elif work == "frame":
        assert retrieve.frame_bytes(archive, row, 1) == pixels(1).tobytes()
    else:
        assert picture.rendered(archive, row, 1, RenderOptions()).startswith(b"\xff\xd8")


def test_bytes_that_move_while_they_are_read_go_on(archive: Archive) -> None:
    keep(archive, ct("a", TextValue="x" * 3_000_000))
    row = _row(archive)
    pieces = retrieve.open_instance(archive, row).chunks()
    read = [next(pieces)]
    upload_pending(archive)
    read.extend(pieces)
    # The head is stamped with the numbers of its rows on the way to the object store.
    whole = retrieve.open_instance(archive, _row(archive)).read()
    assert b"".join(read)[row.dataset_offset :] == whole[row.dataset_offset :]


@pytest.mark.parametrize("uploaded", [False, True])
def test_a_lost_object_is_an_error_and_never_another_image(archive: Archive, uploaded: bool) -> None:
    keep(archive, ct("a"))
    if uploaded:
        upload_pending(archive)
    row = _row(archive)
    path = retrieve.open_instance(archive, row).path
    assert isinstance(path, Path)
    path.unlink()
    with pytest.raises(StoreUnavailable, match="missing"):
        retrieve.frame_bytes(archive, row, 1)
    with pytest.raises(StoreUnavailable, match="missing"):
        list(retrieve.open_instance(archive, row).chunks())
    path.write_bytes(b"something else")
    with pytest.raises(StoreUnavailable):
        retrieve.frame_bytes(archive, row, 1)
    with pytest.raises(StoreUnavailable):
        list(retrieve.open_instance(archive, row).chunks())


def test_an_instance_in_the_spool_of_another_node_is_said_to_be_on_its_way(archive: Archive) -> None:
    keep(archive, ct("a"))
    row = _row(archive)
    archive.spool.path(row.spool_name).unlink()
    archive.spool.node = "another"
    with pytest.raises(StoreUnavailable, match="on its way"):
        retrieve.frame_bytes(archive, row, 1)


def test_frames_of_a_native_and_a_compressed_image(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1, NumberOfFrames=3, PixelData=b"".join(pixels(n).tobytes() for n in (1, 2, 3))))
    row = _row(archive)
    for number in (1, 2, 3):
        assert retrieve.frame_bytes(archive, row, number) == pixels(number).tobytes()
        assert retrieve.delivered_frame(archive, row, number, EXPLICIT) == pixels(number).tobytes()
    for number in (0, 4):
        with pytest.raises(NotFound):
            retrieve.frame_bytes(archive, row, number)
    htj2k = retrieve.delivered_frame(archive, row, 2, HTJ2K)
    dataset = ct("a", 1, 2)
    dataset.PixelData = encapsulate([htj2k, htj2k])
    dataset.NumberOfFrames = 2
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    keep(archive, dataset, transfer_syntax_uid=HTJ2K)
    again = _row(archive, 2)
    assert retrieve.frame_bytes(archive, again, 2).rstrip(b"\0") == htj2k.rstrip(b"\0")
    assert retrieve.delivered_frame(archive, again, 1, EXPLICIT) == pixels(2).tobytes()
    with pytest.raises(NotAcceptable):
        retrieve.delivered_frame(archive, again, 1, JPEG2000)


def test_header_holds_no_pixels_and_survives_bad_values(archive: Archive) -> None:
    dataset = ct("a", PatientName="NGUYỄN^VĂN^ĐỨC", WindowCenter=["40", "-600"])
    keep(archive, dataset)
    header = retrieve.header(archive, _row(archive))
    assert str(header.PatientName) == "NGUYỄN^VĂN^ĐỨC"
    assert list(header.WindowCenter) == [40, -600]
    assert header.PixelData == b""
    assert (header.Rows, header.Columns) == (ROWS, COLUMNS)


def test_picture_shows_the_frame(archive: Archive) -> None:
    keep(archive, ct("a", WindowCenter="1012", WindowWidth="24"))
    png = picture.rendered(archive, _row(archive), 1, RenderOptions(format="image/png"))
    shown = np.asarray(Image.open(io.BytesIO(png)))
    assert shown.shape == (ROWS, COLUMNS)
    assert shown[0, 0] < 10
    assert shown[-1, -1] > 240
    assert (np.diff(shown.ravel().astype(int)) >= 0).all()


def test_what_cannot_be_decoded_is_refused(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1, PixelData=None, Rows=None))
    with pytest.raises(NotFound):
        retrieve.frame_bytes(archive, _row(archive), 1)
    with pytest.raises((NotFound, PixelError)):
        picture.rendered(archive, _row(archive), 1, RenderOptions())
    keep(archive, ct("a", 1, 2))
    archive.settings.maximum_decoded_samples = 3
    with pytest.raises(TooLarge):
        picture.rendered(archive, _row(archive, 2), 1, RenderOptions())
