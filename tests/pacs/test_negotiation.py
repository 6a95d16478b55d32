"""Which representation a client gets (PS3.18 §8.7.3, Tables 8.7.3-2 to -5)."""

import pytest

from pacs.dicomweb import negotiation
from pacs.dicomweb.media_type import parse
from pacs.dicomweb.negotiation import EXPLICIT_VR_LITTLE_ENDIAN as ELE
from pacs.dicomweb.negotiation import HTJ2K_LOSSLESS, Representation
from storage.errors import NotAcceptable

JPEG_LS = "1.2.840.10008.1.2.4.80"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
MADE = frozenset({ELE, HTJ2K_LOSSLESS})
DICOM = 'multipart/related; type="application/dicom"'
OCTETS = 'multipart/related; type="application/octet-stream"'


@pytest.mark.parametrize(
    ("accept", "stored", "expected"),
    [
        (DICOM, JPEG_LS, (ELE, True, False)),
        (DICOM, ELE, (ELE, True, True)),
        (DICOM + "; transfer-syntax=*", JPEG_LS, (JPEG_LS, True, True)),
        (DICOM + "; transfer-syntax=*", IMPLICIT, (IMPLICIT, True, True)),
        (DICOM + f"; transfer-syntax={JPEG_LS}", JPEG_LS, (JPEG_LS, True, True)),
        (DICOM + f"; transfer-syntax={HTJ2K_LOSSLESS}", JPEG_LS, (HTJ2K_LOSSLESS, True, False)),
        (f"{DICOM}; transfer-syntax=1.2.3, {DICOM}; transfer-syntax=*; q=0.1", JPEG_LS, (JPEG_LS, True, True)),
        ("application/dicom", ELE, (ELE, False, True)),
        ("application/dicom; transfer-syntax=*", JPEG_LS, (JPEG_LS, False, True)),
        ("*/*", JPEG_LS, (ELE, True, False)),
        ("multipart/related", ELE, (ELE, True, True)),
    ],
)
def test_instance(accept: str, stored: str, expected: tuple[str, bool, bool]) -> None:
    found = negotiation.instance(parse(accept), stored, single=True, made=MADE)
    assert (found.transfer_syntax, found.multipart, found.as_stored) == expected
    assert found.media_type == "application/dicom"


@pytest.mark.parametrize(
    "accept", ["text/html", DICOM + "; transfer-syntax=1.2.3", 'multipart/related; type="image/jls"']
)
def test_an_instance_in_another_form_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiation.instance(parse(accept), JPEG_LS, single=True, made=MADE)


def test_a_whole_study_is_never_sent_bare() -> None:
    with pytest.raises(NotAcceptable):
        negotiation.instance(parse("application/dicom; transfer-syntax=*"), ELE, single=False)


def test_who_takes_anything_gets_what_cannot_be_converted_as_stored() -> None:
    found = negotiation.instance(parse("*/*"), "1.2.840.10008.1.2.4.102", single=True)
    assert found.as_stored


@pytest.mark.parametrize(
    ("accept", "stored", "expected"),
    [
        (OCTETS, JPEG_LS, Representation("application/octet-stream", ELE, True, False)),
        (OCTETS, IMPLICIT, Representation("application/octet-stream", ELE, True, True)),
        (OCTETS, BIG_ENDIAN, Representation("application/octet-stream", ELE, True, False)),
        (OCTETS + "; transfer-syntax=*", BIG_ENDIAN, Representation("application/octet-stream", ELE, True, False)),
        (OCTETS + "; transfer-syntax=*", JPEG_LS, Representation("application/octet-stream", JPEG_LS, True, True)),
        ('multipart/related; type="image/jls"', JPEG_LS, Representation("image/jls", JPEG_LS, True, True)),
        ('multipart/related; type="image/x-jls"', JPEG_LS, Representation("image/jls", JPEG_LS, True, True)),
        ("image/jphc", JPEG_LS, Representation("image/jphc", HTJ2K_LOSSLESS, False, False)),
        ("*/*", JPEG_LS, Representation("application/octet-stream", ELE, True, False)),
        ("*/*", ELE, Representation("application/octet-stream", ELE, True, True)),
        ('multipart/related; type="image/*"', JPEG_LS, Representation("image/jls", JPEG_LS, True, True)),
        ('multipart/related; type="*/*"; transfer-syntax=*', JPEG_LS, Representation("image/jls", JPEG_LS, True, True)),
        (
            'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.201, multipart/related; '
            'type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1;q=0.9',
            JPEG_LS,
            Representation("image/jphc", HTJ2K_LOSSLESS, True, False),
        ),
    ],
)
def test_frames(accept: str, stored: str, expected: Representation) -> None:
    assert negotiation.frames(parse(accept), stored, single=True, made=MADE) == expected


def test_the_second_choice_is_taken_when_the_first_cannot_be_made() -> None:
    accept = 'multipart/related; type="image/jphc", multipart/related; type="application/octet-stream";q=0.9'
    found = negotiation.frames(parse(accept), JPEG_LS, single=True, made=frozenset({ELE}))
    assert found.media_type == "application/octet-stream"


def test_who_takes_anything_gets_a_video_as_stored() -> None:
    found = negotiation.frames(parse("*/*"), "1.2.840.10008.1.2.4.102", single=True)
    assert found == Representation("video/mp4", "1.2.840.10008.1.2.4.102", True, True)


@pytest.mark.parametrize("accept", ["image/jpeg", 'multipart/related; type="image/jp2"', "text/plain", "image/*"])
def test_frames_in_another_form_are_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiation.frames(parse(accept), ELE, single=True, made=MADE)


def test_several_frames_are_never_sent_bare() -> None:
    with pytest.raises(NotAcceptable):
        negotiation.frames(parse("application/octet-stream"), ELE, single=False, made=MADE)
