"""Peers as archives: each kind with the adapter that speaks to it; made by the composition root, once a process."""

import threading
from datetime import datetime

from dicom_nodes.settings import NodeSettings
from pacs.federation.dicomweb import DicomWebArchive
from pacs.federation.orthanc import OrthancArchive
from pacs.federation.sign_in import SiteAuth, sign_of
from pacs.federation.web_client import WebClient, trust_of
from storage.access.sealing import Unsealable
from storage.archive import Archive
from storage.archive.peer import Peer
from storage.archive.remote import RemoteArchive, RemoteFailed, RemoteState

_FILMLESS_ROOT = "/dicom-web"


class Connections:
    """Makes the archive of a peer, and keeps it as long as the peer's settings stay: connections are used again."""

    def __init__(self, archive: Archive, settings: NodeSettings, site_auth: SiteAuth | None = None) -> None:
        self._archive = archive
        self._settings = settings
        self._site_auth = site_auth
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, RemoteArchive]] = {}

    def __call__(self, peer: Peer) -> RemoteArchive:
        """The archive of a peer; nothing is sent yet.

        Raises:
            RemoteFailed: its secrets or certificates cannot be used.
        """
        with self._lock:
            known = self._known.get(peer.name)
            if known is not None and known[0] == peer.changed_at:
                return known[1]
            made = self._make(peer)
            # The one before goes when whoever still uses it has ended.
            self._known[peer.name] = (peer.changed_at, made)
            return made

    def _make(self, peer: Peer) -> RemoteArchive:
        if peer.kind == "dimse":
            from pacs.federation.dimse import DimseArchive  # noqa: PLC0415 - the web process starts without it

            return DimseArchive(peer, self._settings)
        try:
            secrets = peer.secrets(self._archive)
        except Unsealable as error:
            raise RemoteFailed(RemoteState.FAILED, "ours", str(error)) from None
        trust = trust_of(peer, secrets)
        client = WebClient(peer, trust, sign_of(peer, secrets, trust, self._site_auth))
        if peer.kind == "orthanc":
            return OrthancArchive(client)
        if peer.kind == "filmless":
            return DicomWebArchive(client, _FILMLESS_ROOT, knows_names=True)
        return DicomWebArchive(client)
