"""Whose signatures are trusted: a list of keys, and what it says of a signature."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from napari_seal._text import printable
from napari_seal._trust.key_files import write_public_key
from napari_seal._trust.keys import PublicKey
from napari_seal._trust.states import Signature
from napari_seal._trust.trusted_files import keys_in
from napari_seal._trust.trusted_key import TrustedKey
from napari_seal.errors import KeyFileError, MissingPackageError, TrustError

#: Where the path of a list is looked up.
VARIABLE: Final = "NAPARI_SEAL_TRUST"

#: How times are shown.
_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True)
class Trust:
    """The public keys that are trusted.

    Parameters
    ----------
    keys : tuple of TrustedKey
        Each key once, and each name once.

    Raises
    ------
    TrustError
        A key or a name stands twice.

    Examples
    --------
    >>> import napari_seal
    >>> key = napari_seal.SigningKey.generate()
    >>> with open("robot.pub.pem", "w") as file:
    ...     size = file.write(key.public.pem)
    >>> trust = napari_seal.Trust.load("robot.pub.pem")
    >>> trust.find(key.public).name
    'robot'
    """

    keys: tuple[TrustedKey, ...] = ()

    def __post_init__(self) -> None:
        names: set[str] = set()
        known: dict[PublicKey, str] = {}
        for entry in self.keys:
            if entry.name in names:
                raise TrustError(f"two keys have the name {printable(entry.name)!r}")
            if entry.key in known:
                raise TrustError(
                    f"{printable(known[entry.key])!r} and {printable(entry.name)!r} are the same "
                    "key"
                )
            names.add(entry.name)
            known[entry.key] = entry.name

    @cached_property
    def _by_key(self) -> Mapping[bytes, TrustedKey]:
        return {entry.key.raw: entry for entry in self.keys}

    @property
    def identity(self) -> str:
        """A digest of all that the list says; empty where it has no key."""
        said = sorted((key.key.text, repr(key)) for key in self.keys)
        return hashlib.sha256(repr(said).encode()).hexdigest() if said else ""

    def find(self, key: PublicKey) -> TrustedKey | None:
        """What is known of a key.

        Parameters
        ----------
        key : PublicKey
            Of whomever.

        Returns
        -------
        TrustedKey or None
            None where it is not in the list.
        """
        return self._by_key.get(key.raw)

    def judge(self, key: PublicKey, created: str) -> tuple[Signature, str | None]:
        """The state of a valid signature, and the name of its key where it is in the list.

        Parameters
        ----------
        key : PublicKey
            With which it was verified.
        created : str
            When the signer says that it was made, as it stands in the seal.

        Returns
        -------
        state : Signature
            `unknown-key` where the key is not in the list.
        name : str or None
            That of the key.
        """
        entry = self._by_key.get(key.raw)
        if entry is None:
            return Signature.UNKNOWN_KEY, None
        return entry.judge(created), entry.name

    def explain(self, key: PublicKey, state: Signature, created: str) -> str | None:
        """Why a key that is known is not trusted: one sentence for people.

        Parameters
        ----------
        key : PublicKey
            One of the list.
        state : Signature
            Of a signature by it.
        created : str
            When it was made, as the seal says.

        Returns
        -------
        str or None
            None where there is nothing to explain.
        """
        if state in (Signature.TRUSTED, Signature.UNKNOWN_KEY):
            return None
        entry = self._by_key[key.raw]
        name = printable(entry.name)
        if entry.compromised:
            return f"The key of {name} is compromised: nothing that it signed is trusted."
        says = f"; the signer says {printable(created, 60)}"
        if state is Signature.REVOKED:
            return f"The key of {name} was revoked on {entry.revoked:{_SHOWN}}{says}."
        period = [f"from {entry.valid_from:{_SHOWN}}"] if entry.valid_from else []
        period += [f"until {entry.valid_until:{_SHOWN}}"] if entry.valid_until else []
        return f"The key of {name} is valid {' '.join(period)}{says}."

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trust:
        """Read a folder of public keys, or a file.

        Parameters
        ----------
        path : path-like
            A folder of ``*.pem`` files, each with a public key whose name is that of the file, and
            beside them, if wanted, ``trust.toml``; or such a TOML file by itself; or one
            ``.pem`` file.

        Returns
        -------
        Trust
            Of at least one key.

        Raises
        ------
        TrustError
            It cannot be read, has no key in it, or something in it is wrong.
        """
        name = os.fsdecode(path)
        try:
            trust = cls(keys_in(name))
        except (KeyFileError, TrustError) as error:
            raise TrustError(f"the list of trusted keys {printable(name)}: {error}") from error
        except (OSError, ValueError) as error:
            problem = getattr(error, "strerror", None) or error
            raise TrustError(
                f"the list of trusted keys {printable(name)} cannot be read: {problem}"
            ) from error
        if not trust.keys:
            raise TrustError(
                f"there is no key in the list of trusted keys {printable(name)}: put public keys "
                "into it, as `napari-seal keygen` writes them (NAME.pub.pem)"
            )
        return trust

    @classmethod
    def default(cls) -> Trust:
        """The list that the environment names, else the user's own; empty where there is none.

        The variable is ``NAPARI_SEAL_TRUST``; the user's own list is `default_folder`.

        Raises
        ------
        TrustError
            There is a list, and something in it is wrong.
        """
        named = os.environ.get(VARIABLE)
        if named:
            return cls.load(named)
        folder = default_folder()
        try:
            if folder is None or not os.listdir(folder):
                return cls()
        except OSError:
            return cls()
        return cls.load(folder)


def load_trust(trust: Trust | str | os.PathLike[str]) -> Trust:
    """The list, or the one that is there; see `Trust.load`."""
    return trust if isinstance(trust, Trust) else Trust.load(trust)


def default_folder() -> str | None:
    """Where the user's own list is looked for; None without `platformdirs`, which knows it."""
    try:
        from platformdirs import user_config_dir
    except ImportError:
        return None
    return os.path.join(user_config_dir("napari-seal", appauthor=False), "trust")


def trust_here(key: PublicKey, name: str) -> str:
    """Put a public key into the user's own list, and return the path of its file.

    Raises
    ------
    KeyFileError
        There is a key of this name, or the file cannot be written.
    MissingPackageError
        `platformdirs` is not installed.
    """
    folder = default_folder()
    if folder is None:
        raise MissingPackageError("the package platformdirs knows where the list is; install it")
    path = os.path.join(folder, f"{name}.pub.pem")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise KeyFileError(
            f"{printable(folder)} could not be made: {error.strerror or error}"
        ) from error
    write_public_key(key, path)
    return path
