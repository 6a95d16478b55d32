"""The Accept header as clients really write it (PS3.18 §8.7.5)."""

import pytest

from pacs.dicomweb.media_type import MediaType, acceptable, matches, parse, parse_one
from storage.errors import InvalidRequest


def test_quoted_type_and_transfer_syntax_are_read() -> None:
    (found,) = parse('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50')
    assert found.multipart
    assert found.content == "application/dicom"
    assert found.transfer_syntax == "1.2.840.10008.1.2.4.50"


@pytest.mark.parametrize(
    "text",
    [
        "multipart/related;type=application/octet-stream;transfer-syntax=*",
        'Multipart/Related ; TYPE="application/octet-stream" ; Transfer-Syntax="*"',
    ],
)
def test_case_blanks_and_missing_quotes_do_not_matter(text: str) -> None:
    (found,) = parse(text)
    assert (found.content, found.transfer_syntax) == ("application/octet-stream", "*")


def test_best_quality_comes_first_and_ties_keep_their_order() -> None:
    found = parse("a/low;q=0.1, b/first, c/never;q=0, d/second;q=1.0, e/middle;q=0.5")
    assert [one.name for one in found] == ["b/first", "d/second", "e/middle", "a/low"]


def test_a_comma_inside_quotes_does_not_split() -> None:
    found = parse('multipart/related; start="a,b;c\\"d"; type="image/jls", text/plain')
    assert found[0].parameters["start"] == 'a,b;c"d'
    assert found[1].name == "text/plain"


def test_nothing_given_accepts_anything() -> None:
    assert acceptable("") == [MediaType("*/*")]
    assert acceptable("*")[0].name == "*/*"


def test_the_query_parameter_replaces_the_header() -> None:
    assert [one.name for one in acceptable("text/html", "application/dicom json")] == ["application/dicom+json"]


@pytest.mark.parametrize("text", ["nonsense", "a/b/c", 'a/b; c="open', "a/b," * 100, "x" * 9000])
def test_what_is_no_list_of_media_types_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(text)


@pytest.mark.parametrize("text", ["", "a/b, c/d", ";", "a b/c"])
def test_a_body_has_exactly_one_media_type(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_one(text)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*/*", "image/jls", True),
        ("image/*", "image/jls", True),
        ("image/*", "video/mp4", False),
        ("image/jls", "image/jls", True),
        ("image/jl", "image/jls", False),
    ],
)
def test_ranges_cover_what_they_name(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected
