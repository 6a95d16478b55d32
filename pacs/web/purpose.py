"""Why a page asks for something: to show it now, or to have it ready (the Purpose field of browsers)."""

from fastapi import Request

from storage.access.principal import Action


def viewing(request: Request) -> Action:
    """How a request to look at something is noted: a page may fetch what nobody has asked to see yet, and says so.

    It needs no less permission; but who looked at a study and whose page had it ready are told apart.
    """
    return Action.PREFETCH if request.headers.get("purpose", "").strip().lower() == "prefetch" else Action.VIEW
