"""Why a person of a linked site is refused: a word that both sites understand, and the sentence that goes with it."""

from collections.abc import Mapping
from typing import Literal, get_args

from storage.errors import Forbidden

Missing = Literal[
    "token", "clock", "expired", "replayed", "audience", "link", "search", "study",
    "grant", "lapsed", "revoked", "purpose", "copy", "reason", "emergency", "emergency-closed",
]  # fmt: skip

SENTENCES: Mapping[Missing, str] = {
    "token": "The token was not signed by a linked site, or was altered.",
    "clock": "The clocks of the two sites differ by more than a minute; set them right.",
    "expired": "The token has expired.",
    "replayed": "The token was used already.",
    "audience": "The token is meant for another site.",
    "link": "The two sites are not linked, or the link waits for confirmation or was closed.",
    "search": "This site does not let the people of that one search here.",
    "study": "The session is for another study.",
    "grant": "There is no grant: the hospital that has the study must grant it to yours, with the patient's written "
    "consent or a legal basis.",
    "lapsed": "The grant has lapsed; ask the hospital that has the study to grant it anew.",
    "revoked": "The grant was revoked by the hospital that has the study.",
    "purpose": "What was granted is for another purpose.",
    "copy": "The grant lets the study be seen, not copied.",
    "reason": "Emergency access needs a reason of at least ten characters.",
    "emergency": "The hospital that has the study does not let people of your hospital in without a grant, in "
    "emergencies either.",
    "emergency-closed": "Emergency access to this study was closed by the hospital that has it.",
}


class VisitRefused(Forbidden):
    """A person of a linked site may not; ``missing`` is the word for what is missing."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(SENTENCES[missing])
        self.missing: Missing = missing


def known(word: object) -> Missing | None:
    """A word that another site sent, if it is one of ours."""
    found: Missing | None = next((one for one in get_args(Missing) if one == word), None)
    return found
