"""A peer that speaks DIMSE alone: C-ECHO, C-FIND, and whether it offers C-MOVE or C-GET (PS3.4 Annexes A and C)."""

from collections.abc import Generator, Mapping

from pydicom.datadict import keyword_for_tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_nodes.scu.association import AssociationFailed, NothingAccepted, associated
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.find import Level as FindLevel
from dicom_nodes.scu.find import find
from dicom_nodes.settings import NodeSettings
from pacs.probe import outcome_of
from storage.archive.peer import Peer
from storage.archive.query import Query
from storage.archive.remote import RemoteFailed, RemoteState, Requester
from storage.dicom.attributes import Level
from storage.dicom.identifier import JsonDataset, upto
from storage.dicom.remote_matching import name_forms, tag_of

_STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_TOO_MANY = 0xA700  # out of resources, PS3.4 Table C.4-1: what came before it was not all
_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_PATIENT_NAME = "PatientName"
_LEVELS: Mapping[Level, FindLevel] = {Level.STUDY: "STUDY", Level.SERIES: "SERIES", Level.IMAGE: "IMAGE"}
# How the outcomes of an association are states of a peer; all others are failures.
_STATES = {
    "unreachable": RemoteState.DOWN,
    "name": RemoteState.DOWN,
    "calling-ae": RemoteState.REFUSED,
    "called-ae": RemoteState.REFUSED,
    "rejected": RemoteState.REFUSED,
}


class DimseArchive:
    """One peer."""

    def __init__(self, peer: Peer, settings: NodeSettings) -> None:
        self._destination = Destination(peer.ae_title, peer.host, peer.port, peer.tls, peer.certificate_sha256)
        self._settings = settings

    def echo(self, requester: Requester) -> None:
        """C-ECHO.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        try:
            echo(self._destination, self._patience(requester))
        except AssociationFailed as error:
            raise _failure(error, requester) from None

    def offers_retrieval(self, requester: Requester) -> bool:
        """Whether it accepts C-MOVE or C-GET of the Study Root model.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        proposal = [(_STUDY_ROOT_MOVE, _SYNTAXES), (_STUDY_ROOT_GET, _SYNTAXES)]
        try:
            with associated(self._destination, proposal, self._patience(requester)):
                return True
        except NothingAccepted:
            return False
        except AssociationFailed as error:
            raise _failure(error, requester) from None

    def search(self, query: Query, requester: Requester) -> Generator[JsonDataset]:
        """C-FIND of the Study Root model; names in forms that a peer finds which matches letter by letter.

        Raises:
            RemoteFailed: it does not answer as it should.
        """
        level = Level(query.level)
        keys = {one.keyword: "" for one in upto(level) if one.returned and (not one.computed or level is Level.STUDY)}
        for name, value in query.keys.items():
            tag = tag_of(name) if "." not in name else None
            keyword = keyword_for_tag(tag) if tag is not None else ""
            if keyword:
                keys[keyword] = value
        named = keys.get(_PATIENT_NAME)
        for form in name_forms(named, fuzzy=query.fuzzy) if named else [""]:
            yield from self._found(level, {**keys, _PATIENT_NAME: form}, requester)

    def _found(self, level: Level, keys: dict[str, str], requester: Requester) -> Generator[JsonDataset]:
        if level not in _LEVELS:
            raise RemoteFailed(RemoteState.FAILED, "ours", "A peer is asked for studies, series and instances.")
        try:
            for match in find(self._destination, _LEVELS[level], keys, self._patience(requester)):
                requester.remaining()
                yield match.to_json_dict(suppress_invalid_tags=True)
        except AssociationFailed as error:
            raise _failure(error, requester) from None

    def _patience(self, requester: Requester) -> NodeSettings:
        left = requester.remaining()
        return self._settings.model_copy(
            update={"association_timeout": left, "dimse_timeout": left, "idle_timeout": left + 1}
        )


def _failure(error: AssociationFailed, requester: Requester) -> RemoteFailed:
    requester.remaining()  # who was too slow is called slow, whatever broke the connection
    if isinstance(error, NothingAccepted):
        return RemoteFailed(RemoteState.REFUSED, "not-offered", str(error))
    if f"status {_TOO_MANY:04X}" in str(error):
        return RemoteFailed(RemoteState.ANSWERED, "more", "The peer has more than it tells.")
    cause = outcome_of(str(error))
    return RemoteFailed(_STATES.get(cause, RemoteState.FAILED), cause, str(error))
