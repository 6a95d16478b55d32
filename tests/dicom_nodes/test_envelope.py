"""A data set between the headers of its PDUs, message after message in one buffer."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from dicom_nodes.upper_layer.envelope import MOST_SLOTS, Envelope


def fragments(message: memoryview) -> list[tuple[int, int, bytes]]:
    """Context, control header and value of each PDU (PS3.8 §9.3.5)."""
    found, at = [], 0
    while at < len(message):
        kind, _, length, item, context, control = struct.unpack_from(">BBLLBB", message, at)
        assert (kind, item) == (4, length - 4)
        found.append((context, control, bytes(message[at + 12 : at + 6 + length])))
        at += 6 + length
    assert at == len(message)
    return found


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.sampled_from([1, 3]), st.integers(1, 400), st.binary(max_size=30)), min_size=1, max_size=6),
)
def test_each_message_is_whole_whatever_came_before(size: int, messages: list[tuple[int, int, bytes]]) -> None:
    envelope = Envelope(size)
    for context, length, command in messages:
        data = bytes(number % 251 for number in range(length))
        position = 0
        for place in envelope.lay_out(context, length):
            place[:] = data[position : position + len(place)]
            position += len(place)
        assert position == length
        message = envelope.message(command)
        assert bytes(message[: len(command)]) == command
        found = fragments(message[len(command) :])
        assert b"".join(value for _, _, value in found) == data
        assert {one for one, _, _ in found} == {context}
        assert [control for _, control, _ in found] == [0] * (len(found) - 1) + [2]
        assert all(len(value) == size for _, _, value in found[:-1])


def test_what_fits() -> None:
    assert Envelope(128).most_bytes == 128 * MOST_SLOTS
    assert Envelope(1 << 17).most_bytes == 4 << 20
