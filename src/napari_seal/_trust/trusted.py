"""Whose keys are trusted, when, and by what name: a folder of public keys, or a TOML file.

::

    [[key]]
    name = "Robot 1"
    public = "MCowBQYDK2VwAyEA…"        the line of its PEM file; in a folder also: file = "a.pem"
    valid_from = 2026-01-01             from the first moment of this day, UTC
    valid_until = 2027-01-01            up to the first moment of this day, which is outside
    revoked = 2026-11-02T08:00:00Z      what it signed from then on is not trusted
    compromised = true                  nothing that it signed is
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.keys import PublicKey, load_public_key
from napari_seal._trust.states import Signature
from napari_seal.errors import KeyFileError, TrustError

#: The file in a folder of keys that says more of them, and where the path is looked up.
LIST_NAME: Final = "trust.toml"
VARIABLE: Final = "NAPARI_SEAL_TRUST"

#: How times are shown.
_SHOWN: Final = "%Y-%m-%d %H:%M:%S UTC"

_FIELDS: Final = ("name", "public", "file", "valid_from", "valid_until", "revoked", "compromised")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key, and what is known of it.

    Parameters
    ----------
    name : str
        For people.
    key : PublicKey
    valid_from, valid_until : datetime, optional
        It is valid from the first on, and before the second.
    revoked : datetime, optional
        What it signed from then on is not trusted.
    compromised : bool
        Others have the private key: nothing that it signed is trusted, since whoever has it can
        write any time.

    Raises
    ------
    TrustError
        A time has no offset from UTC, or the period ends before it begins.
    """

    name: str
    key: PublicKey
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: datetime | None = None
    compromised: bool = False

    def __post_init__(self) -> None:
        times = (self.valid_from, self.valid_until, self.revoked)
        if any(when is not None and when.utcoffset() is None for when in times):
            raise TrustError("a time has no offset from UTC, so that it is no moment")
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise TrustError("'valid_from' is not before 'valid_until'")

    def judge(self, created: str) -> Signature:
        """The state of a valid signature by this key.

        Parameters
        ----------
        created : str
            When the signer says that it was made: ISO 8601.  A time that cannot be read lies in no
            period.
        """
        if self.compromised:
            return Signature.REVOKED
        if self.revoked is self.valid_from is self.valid_until is None:
            return Signature.TRUSTED
        when = _time_of(created)
        if self.revoked is not None and (when is None or when >= self.revoked):
            return Signature.REVOKED
        if when is None:
            return Signature.EXPIRED
        early = self.valid_from is not None and when < self.valid_from
        late = self.valid_until is not None and when >= self.valid_until
        return Signature.EXPIRED if early or late else Signature.TRUSTED


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
        """What is known of a key."""
        return self._by_key.get(key.raw)

    def judge(self, key: PublicKey, created: str) -> tuple[Signature, str | None]:
        """The state of a valid signature, and the name of its key where it is in the list.

        Parameters
        ----------
        key : PublicKey
            With which it was verified.
        created : str
            When the signer says that it was made, as it stands in the seal.
        """
        entry = self._by_key.get(key.raw)
        if entry is None:
            return Signature.UNKNOWN_KEY, None
        return entry.judge(created), entry.name

    def explain(self, key: PublicKey, state: Signature, created: str) -> str | None:
        """Why a key that is known is not trusted: one sentence for people."""
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

        Raises
        ------
        TrustError
            It cannot be read, has no key in it, or something in it is wrong.
        """
        name = os.fsdecode(path)
        try:
            if os.path.isdir(name):
                trust = cls(tuple(_in_folder(name)))
            elif name.lower().endswith(".pem"):
                trust = cls((_in_file(name),))
            else:
                trust = cls(tuple(_in_list(name, folder=None)))
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


def _in_folder(folder: str) -> Iterator[TrustedKey]:
    files = sorted(os.listdir(folder))
    for name in files:
        # What stands in it would be passed over, and a key that it revokes be trusted.
        if name.lower().endswith((".toml", ".toml.txt")) and name != LIST_NAME:
            raise TrustError(
                f"there is {printable(name, 80)!r}, and only {LIST_NAME!r} is read: rename it, or "
                "move it elsewhere"
            )
    names = [name for name in files if name.lower().endswith(".pem")]
    if len(names) > limits.TRUST_KEYS:
        raise TrustError(f"there are more than {limits.TRUST_KEYS:,} keys")
    path = os.path.join(folder, LIST_NAME)
    listed = list(_in_list(path, folder)) if os.path.lexists(path) else []
    yield from listed
    described = {entry.key for entry in listed}
    for name in names:
        key = _load_in(folder, name)
        if key not in described:
            yield TrustedKey(name=_check_name(_name_of(name)), key=key)


def _load_in(folder: str, name: str) -> PublicKey:
    """The key in a file of a folder; a pipe there would never end."""
    path = os.path.join(folder, name)
    if os.path.exists(path) and not os.path.isfile(path):
        raise TrustError(f"{printable(name, 80)!r} is no file")
    return load_public_key(path)


def _in_file(path: str) -> TrustedKey:
    return TrustedKey(name=_check_name(_name_of(path)), key=load_public_key(path))


def _in_list(path: str, folder: str | None) -> Iterator[TrustedKey]:
    import tomllib

    with open(path, "rb") as file:
        content = file.read(limits.TRUST_BYTES + 1)
    if len(content) > limits.TRUST_BYTES:
        raise TrustError(f"it has more than {limits.TRUST_BYTES:,} bytes")
    if any(len(line) > limits.TRUST_LINE for line in content.splitlines()):
        raise TrustError(f"it has a line of more than {limits.TRUST_LINE:,} bytes")
    try:
        body = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # TOML's and UTF-8's errors are ValueErrors
        raise TrustError(f"it is not TOML: {printable(error, 200)}") from error
    _check_fields(body, ("key",), "the list")
    entries = body.get("key", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TrustError("keys are listed under [[key]]")
    if len(entries) > limits.TRUST_KEYS:
        raise TrustError(f"there are more than {limits.TRUST_KEYS:,} keys")
    for number, entry in enumerate(entries, 1):
        try:
            yield _parse(entry, folder)
        except (KeyFileError, TrustError) as error:
            name = entry.get("name")
            which = f"key {number}" + (f" ({printable(name, 60)})" if name else "")
            raise TrustError(f"{which}: {error}") from error


def _parse(entry: Mapping[str, Any], folder: str | None) -> TrustedKey:
    _check_fields(entry, _FIELDS, "the entry")
    file, public, name = entry.get("file"), entry.get("public"), entry.get("name")
    if (file is None) == (public is None):
        raise TrustError("it has either 'public', the line of a PEM file, or 'file'")
    if file is not None:
        if folder is None:
            raise TrustError(f"'file' is for the {LIST_NAME} in a folder of keys")
        if not isinstance(file, str) or file in ("", ".", "..") or set(file) & set("/\\:\0"):
            raise TrustError(
                f"'file' is the plain name of a file in the same folder, not {printable(file, 80)}"
            )
        key = _load_in(folder, file)
        name = _name_of(file) if name is None else name
    else:
        if not isinstance(public, str):
            raise TrustError("'public' is a text: the line of a PEM file")
        key = PublicKey.from_text(public)
    compromised = entry.get("compromised", False)
    if not isinstance(compromised, bool):
        raise TrustError("'compromised' is true or false")
    return TrustedKey(
        name=_check_name(name),
        key=key,
        valid_from=_moment(entry, "valid_from"),
        valid_until=_moment(entry, "valid_until"),
        revoked=_moment(entry, "revoked"),
        compromised=compromised,
    )


def _check_fields(body: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    for key in body:
        if key not in known:
            raise TrustError(f"{what} has {printable(key, 60)!r}; there is only {', '.join(known)}")


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > limits.TRUST_NAME:
        raise TrustError(f"'name' is a text of 1 to {limits.TRUST_NAME} characters")
    if printable(name) != name:
        raise TrustError(f"the name {printable(name)!r} has characters that do not show")
    return name


def _name_of(path: str) -> str:
    """The name of a key by that of its file: what stands before ``.pub.pem`` or ``.pem``."""
    name = os.path.basename(path)
    return (name[: -len(".pem")] if name.lower().endswith(".pem") else name).removesuffix(".pub")


def _moment(entry: Mapping[str, Any], field: str) -> datetime | None:
    value = entry.get(field)
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TrustError(f"{field!r} has no offset from UTC: write {value.isoformat()}Z")
        try:
            return value.astimezone(UTC)
        except OverflowError as error:
            raise TrustError(f"{field!r} is beyond the years 1 to 9999 in UTC") from error
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise TrustError(
        f"{field!r} is a date (2026-01-31) or a time (2026-01-31T08:00:00Z), without quotation "
        "marks"
    )


def _time_of(text: str) -> datetime | None:
    """A time in ISO 8601, if it says which moment it is."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if when.tzinfo is None else when
