"""What ``pacs up`` does: lock the data folder, migrate, recover, start the tree and say when it is ready."""

import fcntl
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import httpx

from dicom_nodes.scp.entrance import Entrance
from dicom_nodes.scp.listening import VARIABLE as LISTENING
from dicom_nodes.scp.listening import VARIABLE_TLS as LISTENING_TLS
from dicom_nodes.scp.listening import listen
from pacs import presence
from pacs.bootstrap import configure_logging, make_folders, open_archive, recover
from pacs.presence import LOCK
from pacs.settings import Settings
from pacs.supervisor import Child, Supervisor
from storage.access import accounts
from storage.access.principal import Role
from storage.archive import Archive
from storage.errors import ArchiveError

READY_WITHIN_S = 180.0  # after a power failure everything on the machine starts at once
FIRST_SIGN_IN = "first-sign-in"


class StartError(Exception):
    """Why the tree cannot start, in plain words."""


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Run the whole node until Ctrl-C or SIGTERM.

    Raises:
        StartError: another one runs on this data folder, a port is taken, the index cannot be reached, …
    """
    configure_logging("up", settings.log_level)
    make_folders(settings)
    with _only_one(settings.data_dir):
        check_port("HTTP", settings.http_host, settings.http_port)
        check_port("DICOM", settings.dicom_host, settings.dicom_port)
        sign_in = _prepare(settings)
        with _listening(settings) as listening:
            supervisor = Supervisor(_children(settings, listening), settings.environment())
            _stop_on_signals(supervisor)
            supervisor.start()
            try:
                if supervisor.wait_until(lambda: _serves(settings, supervisor.pids), READY_WITHIN_S):
                    _announce(settings, sign_in, say)
                    supervisor.run()
                elif not supervisor.stopping:
                    raise StartError("The processes did not become ready; the lines above say why.")
            finally:
                supervisor.stop()


def _prepare(settings: Settings) -> tuple[str, str] | None:
    try:
        Entrance(settings)  # says now if the certificates that are asked for are missing
        archive = open_archive(settings, migrate=True)
    except ArchiveError as error:
        raise StartError(str(error)) from error
    try:
        recover(archive)
        return first_sign_in(archive, settings.data_dir)
    except ArchiveError as error:
        raise StartError(str(error)) from error
    finally:
        archive.close()


@contextmanager
def _listening(settings: Settings) -> Iterator[dict[str, int]]:
    """The sockets of the DICOM ports, which all processes of the tree take connections from."""
    if settings.dicom_tls_port:
        check_port("DICOM TLS", settings.dicom_host, settings.dicom_tls_port)
    with ExitStack() as stack:
        plain = stack.enter_context(listen(settings.dicom_host, settings.dicom_port))
        found = {LISTENING: plain.fileno()}
        if settings.dicom_tls_port:
            secure = stack.enter_context(listen(settings.dicom_host, settings.dicom_tls_port))
            found[LISTENING_TLS] = secure.fileno()
        yield found


def _children(settings: Settings, listening: dict[str, int]) -> list[Child]:
    nodes = [
        Child(f"dicom-{number}", ("dicom",), listening) for number in range(1, settings.number_of_dicom_processes + 1)
    ]
    return [*nodes, Child("web", ("web",)), Child("worker", ("worker",))]


def _announce(settings: Settings, sign_in: tuple[str, str] | None, say: Callable[[str], None]) -> None:
    say(f"DICOM: {settings.aet}@{reachable(settings.dicom_host)}:{settings.dicom_port}")
    if sign_in:
        say(f"Sign in as {sign_in[0]} with the password {sign_in[1]}")
    say(f"Ready: {url(settings)}")


def url(settings: Settings) -> str:
    """Where the browser goes."""
    if settings.public_url:
        return settings.public_url
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{reachable(settings.http_host)}:{settings.http_port}"


def reachable(host: str) -> str:
    """How to reach, from this machine and inside a URL, a server that listens on ``host``."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def first_sign_in(archive: Archive, data_dir: Path) -> tuple[str, str] | None:
    """The first account and its generated password, while it is still the one in force.

    The password is kept in a file that only the owner of the data can read, until it is changed with
    ``pacs user passwd`` or the file is deleted.
    """
    note = data_dir / FIRST_SIGN_IN
    if not accounts.everything(archive.index):
        password = "-".join(secrets.token_hex(3) for _ in range(3))
        descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"admin {password}\n")
        accounts.add(archive.index, "admin", password, {Role.ADMIN}, display_name="Administrator")
    return read_first_sign_in(data_dir)


def read_first_sign_in(data_dir: Path) -> tuple[str, str] | None:
    """The generated account and password; ``None`` once it was changed."""
    note = data_dir / FIRST_SIGN_IN
    if not note.exists():
        return None
    name, _, password = note.read_text().strip().partition(" ")
    return name, password


def forget_first_sign_in(data_dir: Path) -> None:
    """The generated password is no longer in force."""
    (data_dir / FIRST_SIGN_IN).unlink(missing_ok=True)


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    with (data_dir / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"Another pacs up is running on the data folder {data_dir}.") from None
        yield


def is_running(data_dir: Path) -> bool:
    """Tell whether a ``pacs up`` holds this data folder."""
    return presence.is_held(data_dir / LOCK)


def check_port(name: str, host: str, port: int) -> None:
    """Make sure that a port can be listened on.

    Raises:
        StartError: it cannot; the message says why and what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"The {name} port {port} on {host} cannot be used: {error.strerror}. "
                f"Choose another with --{name.lower()}-port, or end the program that holds it."
            ) from None


def _serves(settings: Settings, pids: Set[int]) -> bool:
    if not any(one.kind == "dicom" and one.ready and one.pid in pids for one in presence.living(settings.data_dir)):
        return False
    try:
        # a private certificate authority is not known here, and this only asks our own child whether it is up
        answer = httpx.get(f"{local_url(settings)}/ready", timeout=2, verify=False, trust_env=False)  # noqa: S501
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def local_url(settings: Settings) -> str:
    """The web's own address on this machine, whatever the browsers use."""
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{reachable(settings.http_host)}:{settings.http_port}"


def _stop_on_signals(supervisor: Supervisor) -> None:
    def handle(signum: int, frame: FrameType | None) -> None:
        supervisor.request_stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
