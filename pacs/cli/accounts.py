"""``pacs user …`` and ``pacs token …``: who may sign in, and bearer tokens for programs."""

import getpass
import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from pacs import up as tree
from pacs.cli.options import Data, Facility, console, fail, opened
from storage.access import accounts, credentials, facilities
from storage.access.principal import Role

DEFAULT_DAYS = 90

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    user = typer.Typer(help="Accounts of people.", no_args_is_help=True)
    user.command("add")(add)
    user.command("list")(everyone)
    user.command("passwd")(passwd)
    app.add_typer(user, name="user")
    token = typer.Typer(help="Bearer tokens for API clients.", no_args_is_help=True)
    token.command("create")(create_token)
    app.add_typer(token, name="token")


def add(
    name: Annotated[str, typer.Argument(help="Account name, e.g. an e-mail address.")],
    role: Annotated[list[Role], typer.Option("--role", help="What the person does; may be given several times.")],
    facility: Annotated[
        list[str] | None, typer.Option("--facility", help="Facilities in reach; none given: every facility.")
    ] = None,
    display_name: Annotated[str, typer.Option(help="The person's name.")] = "",
    password_stdin: PasswordStdin = False,
    data: Data = None,
) -> None:
    """Add an account."""
    with opened(data) as (_, archive):
        for code in facility or []:
            facilities.get_or_create(archive.index, code)
        secret = _password(password_stdin)
        accounts.add(
            archive.index, name, secret, role, display_name=display_name, facility_codes=facility if facility else None
        )
    console.print(f"Account {name} added.", markup=False, highlight=False)


def everyone(data: Data = None) -> None:
    """List the accounts."""
    table = Table("account", "name", "roles", "facilities", "active", "last sign-in")
    with opened(data) as (_, archive):
        for account in accounts.everything(archive.index):
            reach = "all" if account.facilities is None else ", ".join(one.code for one in account.facilities)
            seen = f"{account.last_sign_in_at:%Y-%m-%d %H:%M} UTC" if account.last_sign_in_at else "never"
            roles = ", ".join(sorted(account.roles))
            table.add_row(account.name, account.display_name, roles, reach, "yes" if account.active else "no", seen)
    console.print(table)


def passwd(
    name: Annotated[str, typer.Argument(help="Account name.")],
    password_stdin: PasswordStdin = False,
    data: Data = None,
) -> None:
    """Set a new password; every session of the account ends."""
    with opened(data) as (settings, archive):
        accounts.set_password(archive.index, name, _password(password_stdin))
        first = tree.read_first_sign_in(settings.data_dir)
        if first and first[0] == accounts.normal_name(name):
            tree.forget_first_sign_in(settings.data_dir)
    console.print(f"Password of {name} changed.", markup=False, highlight=False)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise fail("The two passwords differ.")
    return first


def create_token(
    role: Annotated[Role, typer.Option(help="What the bearer may do.")],
    facility: Facility = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = DEFAULT_DAYS,
    label: Annotated[str, typer.Option(help="What it is for; shown in the audit trail.")] = "",
    data: Data = None,
) -> None:
    """Print a new bearer token; it is shown this once and only its hash is kept."""
    with opened(data) as (_, archive):
        if facility:
            facilities.get_or_create(archive.index, facility)
        issued = credentials.issue_bearer(
            archive.index, {role}, timedelta(days=days), facility_code=facility, label=label
        )
    # alone on its line and unwrapped, for scripts
    sys.stdout.write(f"{issued.secret}\n")
