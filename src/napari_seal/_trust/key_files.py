"""Keys in files: read, and written so that only their owner can read the private ones."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from typing import Any

from napari_seal._disk import opened_folder, synchronise
from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.keys import PublicKey, SigningKey
from napari_seal.errors import KeyFileError


def load_signing_key(
    path: str | os.PathLike[str], passphrase: str | Callable[[], str] | None = None
) -> SigningKey:
    """Read a private key from its file.

    Parameters
    ----------
    path : path-like
        PEM.
    passphrase : str or callable, optional
        Of an encrypted key; a callable is only asked if the key is encrypted.

    Returns
    -------
    SigningKey
        To be given as ``key`` to whatever signs.

    Raises
    ------
    KeyFileError
        The file cannot be read, or holds no Ed25519 private key.
    PassphraseError
        The passphrase is missing or wrong.
    MissingPackageError
        `cryptography` is not installed.

    Examples
    --------
    >>> import napari_seal
    >>> key = napari_seal.SigningKey.generate()
    >>> with open("robot.pem", "wb") as file:
    ...     size = file.write(key.pem("a passphrase"))
    >>> napari_seal.load_signing_key("robot.pem", "a passphrase").public == key.public
    True
    """
    pem = read_file(path)
    if callable(passphrase):
        passphrase = passphrase() if b"ENCRYPTED" in pem else None
    with _naming(path):
        return SigningKey.from_pem(pem, passphrase)


def load_public_key(path: str | os.PathLike[str]) -> PublicKey:
    """Read a public key from its file.

    Raises
    ------
    KeyFileError
        The file cannot be read, or holds no Ed25519 public key.
    """
    pem = read_file(path)
    with _naming(path):
        return PublicKey.from_pem(pem.decode("latin-1"))


def key_paths(folder: str, name: str) -> tuple[str, str]:
    """Where a new pair of keys goes: NAME.pem, which signs, and NAME.pub.pem, for others.

    Raises
    ------
    KeyFileError
        This is no plain name of a file, or there are such files.
    """
    if (
        not name.strip()
        or printable(name) != name
        or set(name) & set('/\\:*?"<>|')
        or name[0] in ".-"
        or name.lower().endswith(".pub")  # what signs would be named as what anybody may have
    ):
        raise KeyFileError(
            f"the name of a key is a plain file name without an ending, not {printable(name)!r}; "
            "its folder is given apart (--out)"
        )
    private, public = (os.path.join(folder, name + ending) for ending in (".pem", ".pub.pem"))
    for path in (private, public):
        _check_new(path)
    return private, public


def write_key_files(
    key: SigningKey, private: str | os.PathLike[str], public: str | os.PathLike[str],
    passphrase: str | None = None,
) -> None:  # fmt: skip
    """Write a private key, which only its owner can read (mode 0600), and its public key.

    Raises
    ------
    KeyFileError
        One of the files exists: keys are never overwritten.  Or it cannot be written.
    PassphraseError
        No key can be encrypted with this passphrase.
    """
    for path in (private, public):
        _check_new(path)
    secret = key.pem(passphrase)
    write_public_key(key.public, public)
    try:
        _write_new(private, secret, 0o600)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(public)
        raise


def write_public_key(key: PublicKey, path: str | os.PathLike[str]) -> None:
    """Write a public key, which anybody may read.

    Raises
    ------
    KeyFileError
        The file exists, or cannot be written.
    """
    _check_new(path)
    _write_new(path, key.pem.encode("ascii"), 0o644)


def is_readable_by_others(path: str | os.PathLike[str]) -> bool:
    """Whether somebody else than its owner can read a private key's file (POSIX)."""
    return os.name == "posix" and bool(os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _check_new(path: str | os.PathLike[str]) -> None:
    if os.path.lexists(path):
        raise KeyFileError(f"{printable(path)} exists, and keys are not overwritten")


def _write_new(path: str | os.PathLike[str], data: bytes, mode: int) -> None:
    folder = os.path.dirname(os.path.abspath(os.fsdecode(path)))
    try:
        with opened_folder(folder) as names:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            try:
                with open(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                synchronise(names)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                raise
    except OSError as error:
        raise KeyFileError(
            f"{printable(path)} could not be written: {error.strerror or error}"
        ) from error


def read_file(
    path: str | os.PathLike[str], most: int = limits.KEY_FILE, what: str = "the key"
) -> bytes:
    """The bytes of a file in PEM, if they are few enough."""
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise KeyFileError(f"{what} {printable(path)} cannot be read: {problem}") from error
    if len(data) > most:
        raise KeyFileError(f"{what} {printable(path)} is too large: over {most:,} bytes")
    return data


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Any:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except KeyFileError as error:
        raise type(error)(f"{printable(path)}: {error}") from error
