"""Trusted keys as they are kept: a folder of public keys, or a TOML file.

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

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.key_files import load_public_key
from napari_seal._trust.keys import PublicKey
from napari_seal._trust.trusted_key import TrustedKey
from napari_seal.errors import KeyFileError, TrustError

#: The file in a folder of keys that says more of them.
LIST_NAME: Final = "trust.toml"

_FIELDS: Final = ("name", "public", "file", "valid_from", "valid_until", "revoked", "compromised")


def keys_in(path: str) -> tuple[TrustedKey, ...]:
    """Read a folder of public keys, a list, or one public key; see `Trust.load`.

    Raises
    ------
    KeyFileError, TrustError
        Something in it is wrong.
    OSError, ValueError
        It cannot be read.
    """
    if os.path.isdir(path):
        return tuple(_in_folder(path))
    if path.lower().endswith(".pem"):
        return (_in_file(path),)
    return tuple(_in_list(path, folder=None))


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
