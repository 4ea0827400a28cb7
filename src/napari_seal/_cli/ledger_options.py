"""The options by which commands name a ledger, and the ledger that they name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from napari_seal._trust.keys import SigningKey
    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal._verify.run import CheckRun

Command = TypeVar("Command", bound=Callable[..., Any])


def ledger_options(command: Command) -> Command:
    """Add the options of a run with a ledger."""
    for option in (
        click.option("--frozen", is_flag=True, help="New files are a failure; needs --ledger."),
        click.option(
            "--resume", is_flag=True, help="Go on with a run that did not finish; needs --ledger."
        ),
        root_option,
        click.option(
            "--ledger", "ledger_file", metavar="FILE",
            help="Compare with this ledger, and write into it what is found.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


root_option = click.option(
    "--ledger-root", metavar="DIR", help="Where the archive is now, if not where it was."
)


def required_ledger(command: Command) -> Command:
    """Add the options of a command that looks something up."""
    named = click.option(
        "--ledger", "ledger_file", metavar="FILE", required=True, help="The ledger to look into."
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    decorated: Command = named(root_option(as_json(command)))
    return decorated


def open_ledger(
    stack: ExitStack,
    *,
    ledger_file: str | None,
    ledger_root: str | None,
    resume: bool,
    frozen: bool,
) -> Callable[..., CheckRun] | None:
    """What checks files against the ledger that was named, in place of `check_many`; or None."""
    if ledger_file is None:
        for given, option in (
            (ledger_root is not None, "--ledger-root"),
            (resume, "--resume"),
            (frozen, "--frozen"),
        ):
            if given:
                raise click.UsageError(f"{option} needs --ledger FILE")
        return None
    from napari_seal._verify.engine import Settings
    from napari_seal._verify.ledger.ledger import Ledger

    ledger = stack.enter_context(Ledger.open(ledger_file, create=True, root=ledger_root))

    def check_without_seals(
        paths: list[str], *, full: bool, against: str | None, trust: str | None, **settings: Any
    ) -> CheckRun:
        return ledger._run(
            paths, Settings(**settings), full=full, against=against, trust=trust, resume=resume,
            seals=False,
        )  # fmt: skip

    return check_without_seals


def sign_ledger(ledger_file: str, key: SigningKey, *, complete: bool) -> None:
    """Sign a ledger at the end of a run, if that was complete."""
    from napari_seal._cli.console import echo
    from napari_seal._verify.ledger.ledger import Ledger

    if not complete:
        echo("The run ended early, and the ledger is not signed.", err=True)
        return
    with Ledger.open(ledger_file) as ledger:
        made = ledger.sign(key)
    echo(f"The ledger is signed, with the head {made.head}", err=True)


def shown_options(
    *, ledger_file: str | None, ledger_root: str | None, resume: bool, frozen: bool
) -> list[str]:
    """The options as a report shows them."""
    shown = [f"--ledger {ledger_file}"] if ledger_file is not None else []
    shown += [f"--ledger-root {ledger_root}"] if ledger_root is not None else []
    return shown + ["--resume"] * resume + ["--frozen"] * frozen


def look_into(stack: ExitStack, ledger_file: str, ledger_root: str | None) -> Ledger:
    """Open a ledger for reading."""
    from napari_seal._verify.ledger.ledger import Ledger

    return stack.enter_context(Ledger.open(ledger_file, read_only=True, root=ledger_root))
