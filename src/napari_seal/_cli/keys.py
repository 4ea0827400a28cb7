"""Private keys on the command line: found, decrypted, and never shown.

A passphrase comes from a file, from the environment, or from whoever sits at the terminal.  It is
no option: other users see the arguments of a command.
"""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from napari_seal._text import printable
from napari_seal._trust.key_files import is_readable_by_others, load_signing_key
from napari_seal._trust.keys import SigningKey
from napari_seal.errors import PassphraseError

#: Where a passphrase is looked for.
VARIABLE: Final = "NAPARI_SEAL_PASSPHRASE"

#: Bytes of a file with a passphrase that are read.
_MOST: Final = 4096


def ask_for_key(path: str, passphrase_file: str | None = None) -> SigningKey:
    """Load the private key that ``--key`` names, and ask for its passphrase if it has one.

    Raises
    ------
    KeyFileError, PassphraseError, MissingPackageError
        It cannot be used.
    """
    key = load_signing_key(path, lambda: _passphrase(passphrase_file, path))
    if is_readable_by_others(path):
        click.echo(
            f"Warning: others can read the private key {printable(path)}, and sign with it; "
            f"chmod 600 {printable(path)}",
            err=True,
        )
    return key


def new_passphrase(passphrase_file: str | None) -> str:
    """The passphrase for a new key; asked for twice.

    Raises
    ------
    PassphraseError
        It is empty, or there is nobody to ask.
    """
    given = _given(passphrase_file)
    if given is None:
        _check_terminal("the new private key")
        given = click.prompt(
            "Passphrase of the new private key", hide_input=True, confirmation_prompt=True, err=True
        )
    if not given:
        raise PassphraseError("the passphrase is empty; --no-passphrase makes a key without one")
    return given


def _passphrase(passphrase_file: str | None, path: str) -> str:
    given = _given(passphrase_file)
    if given is not None:
        return given
    _check_terminal(printable(path))
    asked: str = click.prompt(f"Passphrase of {printable(path)}", hide_input=True, err=True)
    return asked


def _given(passphrase_file: str | None) -> str | None:
    if passphrase_file is None:
        return os.environ.get(VARIABLE)
    try:
        with open(passphrase_file, "rb") as file:
            line = file.read(_MOST).partition(b"\n")[0]
        return line.rstrip(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise PassphraseError(f"{printable(passphrase_file)} is not UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        problem = getattr(error, "strerror", None) or error
        raise PassphraseError(f"{printable(passphrase_file)} cannot be read: {problem}") from error


def _check_terminal(what: str) -> None:
    if not sys.stdin.isatty():
        raise PassphraseError(
            f"there is no terminal to ask for the passphrase of {what}: use --passphrase-file, or "
            f"the variable {VARIABLE}"
        )
