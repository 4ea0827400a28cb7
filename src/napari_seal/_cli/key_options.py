"""Options of the commands that sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

passphrase_file = click.option(
    "--passphrase-file",
    metavar="FILE",
    help="The passphrase is the first line of this file, rather than asked for.",
)


def key_options(command: Command) -> Command:
    """Add ``--key`` and ``--passphrase-file`` to a command; see `napari_seal._cli.keys`."""
    key = click.option(
        "--key", metavar="PEM", help="Sign with this private key; `napari-seal keygen` makes one."
    )
    return key(passphrase_file(command))
