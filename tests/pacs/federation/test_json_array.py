"""A JSON array is read as it comes, however it is cut into pieces."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacs.federation.json_array import Unreadable, objects

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5), st.integers(1, 40), st.booleans())
def test_every_object_comes_out_whatever_the_pieces(wanted: list[dict[str, object]], size: int, spaced: bool) -> None:
    text = json.dumps(wanted, indent=1 if spaced else None, ensure_ascii=not spaced).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert list(objects(pieces, 10**6)) == json.loads(text)


@pytest.mark.parametrize(
    "text", [b"{}", b"null", b"<html>", b"[1]", b'["a"]', b"[{}", b"[{}] x", b"[{},", b'[{"a": }]', b"[[]]", b"[{]}]"]
)
def test_another_shape_is_refused(text: bytes) -> None:
    with pytest.raises(Unreadable):
        list(objects([text], 100))


def test_what_came_before_the_fault_has_been_given() -> None:
    found = objects([b'[{"a":1},{"b":', b"nonsense}]"], 100)
    assert next(found) == {"a": 1}
    with pytest.raises(Unreadable):
        next(found)


def test_an_element_without_end_is_not_collected() -> None:
    def endless() -> object:
        yield b'[{"a":"'
        while True:
            yield b"x" * 1000

    with pytest.raises(Unreadable, match="too long"):
        list(objects(endless(), 100_000))  # type: ignore[arg-type]


def test_nothing_is_an_empty_array() -> None:
    assert list(objects([], 10)) == []
    assert list(objects([b" [ ] "], 10)) == []
