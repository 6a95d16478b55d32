"""Value representations: which exist, how their length is written, and which a tag has (PS3.5 §6.2, §7.1; PS3.6)."""

from pydicom.datadict import (  # type: ignore[attr-defined]  # its tables are public but not re-exported
    DicomDictionary,
    RepeatersDictionary,
)

# 32-bit length after two reserved bytes in explicit VR (PS3.5 table 7.1-1).
LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
SHORT = frozenset(
    {
        *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT"),
        *("PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"),
    }
)
ALL = LONG | SHORT
BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
# struct codes of numbers
NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "SV": "q", "UV": "Q"}
# Texts in the Specific Character Set; all others are ASCII by definition (PS3.5 §6.1.2.3).
LOCALISED = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
# Texts of one value, in which a backslash is an ordinary character.
UNDIVIDED = frozenset({"LT", "ST", "UT", "UR"})

# Where the dictionary leaves a choice, Implicit VR Little Endian decides (PS3.5 §A.1); the sign is decided on reading.
_CHOICES = {"OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW", "US or SS": "US or SS"}


def _plain(vr: str) -> str:
    return _CHOICES.get(vr, vr)


_BY_TAG = {tag: _plain(entry[0]) for tag, entry in DicomDictionary.items() if entry[0] in ALL or entry[0] in _CHOICES}
# Repeating groups such as 60xx3000: keyed by element number and the top byte of the group.
_REPEATING = {
    (int(mask[:2], 16), int(mask[4:], 16)): _plain(entry[0])
    for mask, entry in RepeatersDictionary.items()
    if mask[2:4].lower() == "xx" and "x" not in mask[4:].lower() and (entry[0] in ALL or entry[0] in _CHOICES)
}


def of_tag(tag: int) -> str:
    """The VR of a tag in Implicit VR; ``UN`` if unknown or private, ``US or SS`` where the data set must say."""
    vr = _BY_TAG.get(tag)
    if vr is not None:
        return vr
    if tag & 0xFFFF == 0:
        return "UL"
    if tag & 0x10000:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"  # private creator, or private
    return _REPEATING.get((tag >> 24, tag & 0xFFFF), "UN")
