"""The socket that several DICOM processes of one tree listen on, each taking what the idler ones leave.

With SO_REUSEPORT the kernel deals connections out by a hash of the address of the peer: of four senders, all land on
one of two processes once in eight times. On one shared socket a process that has associations waits a moment before it
takes another, so that one with fewer goes first. A connection that comes while a process is started again waits in
the queue of the socket instead of being reset.
"""

import os
import socket

BACKLOG = 128
VARIABLE = "FILMLESS_LISTENING"  # the file descriptor, for the children of a process tree
VARIABLE_TLS = "FILMLESS_LISTENING_TLS"  # that of the port where TLS alone is spoken
_STEP_S = 0.002
_LONGEST_S = 0.010


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket that children can share.

    Raises:
        OSError: the port cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)  # for all who share it: another process may be quicker
    except OSError:
        listening.close()
        raise
    return listening


def inherited(variable: str = VARIABLE) -> socket.socket | None:
    """The socket that the parent of this process listens on; ``None`` if this process is to bind one of its own."""
    descriptor = os.environ.pop(variable, "")
    if not descriptor.isdigit():
        return None
    shared = socket.socket(fileno=int(descriptor))
    shared.setblocking(False)
    return shared


def courtesy(associations: int) -> float:
    """Seconds for which a process with so many associations lets others go first."""
    return min(associations * _STEP_S, _LONGEST_S)
