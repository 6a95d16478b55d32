"""An association with a peer that called us: how it comes in, what it may ask for, what it is told (PS3.8 §7.1)."""

import socket
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydicom.uid import UID
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation

from dicom_nodes.command import Command
from dicom_nodes.scp import contexts, dispatch, extended, user_identity
from dicom_nodes.scp.associations import CONGESTION, LOCAL_LIMIT_EXCEEDED, Call, Rejection
from dicom_nodes.scp.entrance import IN_THE_CLEAR, NothingSaid, TurnedAway
from dicom_nodes.scp.request import Request, Session
from dicom_nodes.scp.store import Reception
from dicom_nodes.status import of_query
from dicom_nodes.upper_layer import MAXIMUM_PDU_SIZE
from dicom_nodes.upper_layer.association import Association
from dicom_nodes.upper_layer.transport import Transport, tune
from storage.archive.live_association import Live
from storage.archive.network_finding import Cause, Finding, Peer
from storage.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from storage.errors import StoreUnavailable

if TYPE_CHECKING:
    from dicom_nodes.scp.server import Node

log = structlog.get_logger(__name__)


class AcceptedAssociation(Association):
    """An association with a peer that called us."""

    def __init__(
        self, node: "Node", connection: socket.socket, address: tuple[Any, ...], *, only_tls: bool = False
    ) -> None:
        super().__init__(node.entity, "acceptor")
        self._node = node
        self._only_tls = only_tls
        self._security = IN_THE_CLEAR
        self.session: Session | None = None
        self.name = f"association {address[0]}:{address[1]}"
        tune(connection, node.settings.dimse_timeout)
        self.acceptor.maximum_length = MAXIMUM_PDU_SIZE
        self.acceptor.ae_title = node.settings.aet
        self.acceptor.address_info = AddressInformation.from_tuple(connection.getsockname())
        self.acceptor.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        self.acceptor.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self.requestor.address_info = AddressInformation.from_tuple(address)
        self.set_socket(Transport(self, client_socket=connection))
        self._address = str(address[0])
        self._connection = connection
        self.is_silent = True  # it has not said what it wants

    def run_reactor(self) -> None:
        """Negotiate, serve, and close whatever happens."""
        transport = self.dul.socket
        try:
            if self._enter(transport):
                self._serve_peer()
        except Exception as error:  # noqa: BLE001  one association must not take the node with it
            of_query(error)  # logs it under an id
            self.abort()
        finally:
            self.kill()
            if isinstance(transport, Transport):
                transport.close()
            self.provider.close()
            self._node.forget(self)
            self._leave()

    def _leave(self) -> None:
        for act in self.session.at_end if self.session is not None else ():
            try:
                act()
            except Exception as error:  # noqa: BLE001  leases of what could not be given back run out
                of_query(error)  # logs it under an id

    def _react(self) -> bool:
        """One round; what waits for a quiet moment is looked at first."""
        if self.session is not None and self.is_established and not self.provider.in_message:
            for look in tuple(self.session.between):
                look()
        return super()._react()

    def hang_up(self) -> None:
        """Close the connection of a peer that has not said a word, from any thread; its own threads then end."""
        self.is_silent = False
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _enter(self, transport: object) -> bool:
        """Go on under TLS where the caller begins so; whether it gets any further."""
        entrance = self._node.entrance
        try:
            secured = entrance.secured(
                self._connection, only_tls=self._only_tls, goes_on=lambda: not self.provider.halting
            )
            if secured is not None and isinstance(transport, Transport):
                self._connection = secured
                transport.secure(secured)
                self._security = entrance.shake_hands(secured)
        except NothingSaid:
            log.info("a connection brought no association request", address=self._address)
            return False
        except TurnedAway as turned_away:
            log.warning("connection closed", address=self._address, cause=turned_away.cause, reason=turned_away.reason)
            detail = {"reason": turned_away.reason} if turned_away.reason else {}
            self._node.bulletin.note(Finding(turned_away.cause, Peer(address=self._address), detail=detail))
            return turned_away.cause is Cause.NOT_DICOM  # it is answered by an abort
        return True

    def _serve_peer(self) -> None:
        self.dul.start()
        self._started_dul = True
        self._dul_ready.wait()
        proposal: object = self.dul.receive_pdu(wait=True, timeout=self.acse_timeout)
        if not isinstance(proposal, A_ASSOCIATE):
            log.info("a connection brought no association request", address=self._address)
            return
        self.is_silent = False
        self.requestor.primitive = proposal
        rejection = self._admit(proposal)
        if rejection is not None:
            call = self._call(proposal)
            self._node.bulletin.note(Finding(rejection.cause, call.peer, detail={"ours": self._node.settings.aet}))
            self.acse.send_reject(rejection.result, rejection.source, rejection.reason)
            return
        self._negotiate(proposal)
        if self.is_established:
            self._run_reactor()
            log.info("association ended", peer=self.peer, association=self._id, released=self.is_released)
            if self.session is not None and not self.is_released and not self.provider.halting:
                detail: dict[str, str | int] = {
                    "requests": self.session.tally.requests,
                    "service": self.session.tally.service,
                }
                self._node.bulletin.note(Finding(Cause.LOST, self.session.caller.peer, detail=detail))

    @property
    def _id(self) -> str:
        return self.session.id if self.session is not None else ""

    def _admit(self, proposal: A_ASSOCIATE) -> Rejection | None:
        """Apply the policy; sets the session if the association is welcome."""
        self.requestor.ae_title = proposal.calling_ae_title
        if self._node.is_full():
            log.warning("association refused: too many at once", peer=self.peer)
            return LOCAL_LIMIT_EXCEEDED
        try:
            caller = self._node.policy.admit(self._call(proposal), self._node.associations_of)
        except StoreUnavailable:
            log.warning("association refused: the index cannot be reached", peer=self.peer)
            return CONGESTION
        if isinstance(caller, Rejection):
            return caller
        self.session = Session.begin(self._node.archive, self._node.settings, self, caller, self._node.bulletin.note)
        return None

    def _call(self, proposal: A_ASSOCIATE) -> Call:
        called, calling = str(proposal.called_ae_title), str(proposal.calling_ae_title)
        return Call(called, calling, self._address, self._security, self.requestor.user_identity)

    def _negotiate(self, proposal: A_ASSOCIATE) -> None:
        proposed = proposal.presentation_context_definition_list
        self.receiver = self._receive
        takes = self.session.caller.entity.takes if self.session is not None else lambda uid: False
        self.acceptor.supported_contexts = contexts.supported(
            proposed, self.requestor.role_selection, self._node.archive.settings.unknown_sop_classes, takes
        )
        self._answer_user()
        for item in extended.answers(self.requestor.sop_class_extended):
            self.acceptor.add_negotiation_item(item)
        self.acse.negotiate_association()
        self._note_refused_contexts()
        refused = [context for context in self.rejected_contexts if context.result]
        log.info(
            "association accepted",
            peer=self.peer,
            association=self._id,
            contexts=len(self.contexts),
            refused=[f"{context.abstract_syntax} result {context.result}" for context in refused[:8]],
        )

    def _answer_user(self) -> None:
        """Tell a caller that asked to hear it that the user it named is known."""
        offered = self.requestor.user_identity
        if offered is not None and self.session is not None and self.session.caller.user_name:
            answer = user_identity.answer(offered)
            if answer is not None:
                self.acceptor.add_negotiation_item(answer)

    def _note_refused_contexts(self) -> None:
        """Tell of what the caller can send nothing of: a class or all its syntaxes refused in every context."""
        if self.session is None:
            return
        accepted = {context.abstract_syntax for context in self.accepted_contexts}
        for context in self.rejected_contexts:
            uid = str(context.abstract_syntax)
            if context.abstract_syntax not in accepted:
                cause = contexts.refusal(uid, context.result or 0, taken=self.session.caller.entity.takes(uid))
                syntaxes = "\\".join(str(syntax) for syntax in context.transfer_syntax[:8])
                self._node.bulletin.note(Finding(cause, self.session.caller.peer, uid, {"transfer_syntaxes": syntaxes}))

    def live(self) -> Live | None:
        """How this association is now; ``None`` before it is accepted and after it has ended."""
        session = self.session
        if session is None or not self.is_established:
            return None
        caller, tally = session.caller, session.tally
        return Live(
            session.id,
            caller.peer.calling_ae_title,
            caller.peer.called_ae_title,
            caller.address,
            caller.facility_id,
            caller.user_name,
            caller.security.tls,
            tally.service,
            tally.requests,
            tally.refused,
            tally.began_at,
            datetime.fromtimestamp(tally.active_at, UTC),
        )

    def _receive(self, command: Command, context: PresentationContext) -> Reception:
        if self.session is None:
            raise ConnectionError("No association.")
        return Reception(self.session, command, context)

    def _serve_request(self, msg: Any, context_id: int) -> None:
        context = self.contexts.get(context_id)
        if context is None or self.session is None:
            self.abort()
            return
        if msg.MessageIDBeingRespondedTo is not None:
            waiting = self.session.answers.pop(int(msg.MessageIDBeingRespondedTo), None)
            if waiting is not None:  # else nobody waits for it any more
                waiting(msg)
            return
        request = Request(self.session, msg, context)
        self.session.tally.count(request.service)
        try:
            dispatch.dispatch(request)
        except OSError:
            log.info("the peer left while it was being answered", peer=self.peer, association=self._id)
            self.abort()
        finally:
            self.dimse.cancel_req = {}
