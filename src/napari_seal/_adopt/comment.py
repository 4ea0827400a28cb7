"""From the UserComment that a file has to the user's keys in its seal."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from napari_seal._adopt.refusal import Forced, Refusal, refuse
from napari_seal._format import exif, legacy
from napari_seal._format.metadata import MOEDAL_KEY, check_metadata
from napari_seal._format.strict_json import unique
from napari_seal.errors import FormatError, MetadataError

if TYPE_CHECKING:
    from napari_seal._format.exif import Entry, Key

#: Under which key a comment is kept that is no JSON object.
COMMENT_KEY: Final = "UserComment"


class Comment(NamedTuple):
    """The user's keys, and what stood under ``sha244``, if it is a file of the MoEDAL function."""

    metadata: dict[str, Any]
    moedal: str | None


def read_comment(
    entries: Mapping[Key, Entry], metadata: Mapping[str, Any], *, big: bool, forced: Forced
) -> Comment:
    """The user's keys: those of the file, and further ones.

    Parameters
    ----------
    entries : mapping
        The Exif tags of the file.
    metadata : mapping
        Further keys.
    big : bool
        Whether the block is big-endian, which Unicode comments go by.
    forced : Forced

    Raises
    ------
    AdoptError
        They cannot be kept, or one key would have two values.
    """
    entry = entries.get(exif.USER_COMMENT)
    kept, moedal = ({}, None) if entry is None else _keys(entries, entry, big, forced)
    for key, value in metadata.items():
        if key in kept and kept[key] != value:
            raise refuse(
                Refusal.METADATA, f"the file has the key {key!r} already, with another value"
            )
    try:
        return Comment(check_metadata({**kept, **metadata}), moedal)
    except MetadataError as error:
        raise refuse(Refusal.METADATA, str(error)) from error


def _keys(
    entries: Mapping[Key, Entry], entry: Entry, big: bool, forced: Forced
) -> tuple[dict[str, Any], str | None]:
    text = exif.user_comment(entries)
    try:
        moedal = None if text is None else legacy.parse_moedal(text)
    except FormatError as error:
        raise refuse(Refusal.METADATA, f"what stands under {MOEDAL_KEY}: {error}") from error
    if text is not None and text.lstrip().startswith(b"{"):
        found = _object(text, forced)
        if found is not None:
            digest = found.pop(MOEDAL_KEY, None) if moedal is not None else None
            return found, digest
    plain = _text(entry.value[:8], entry.value[8:], big)
    return ({} if plain == "" else {COMMENT_KEY: plain}), None


def _object(text: bytes, forced: Forced) -> dict[str, Any] | None:
    """A JSON object; None where the text is none that can be kept as one."""
    constants: list[str] = []

    def as_text(name: str) -> str:
        constants.append(name)
        return name

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=as_text)
    except (ValueError, RecursionError):
        return None
    if constants and isinstance(value, dict):
        forced.allows(
            Refusal.NOT_A_NUMBER,
            f"its metadata hold {constants[0]}, which JSON has not, and which a seal would hold as "
            "a text",
        )
    return value if isinstance(value, dict) else None


def _text(code: bytes, raw: bytes, big: bool) -> Any:
    """A comment as text, by its character code (Exif 2.32, table 9); bytes that are none, as bytes.

    Cameras fill comments that nobody wrote with zeros or spaces.
    """
    if not raw.strip(b"\0 "):
        return ""
    for encoding in _encodings(code, raw, big):
        try:
            text = raw.decode(encoding).lstrip("\ufeff").rstrip("\0 ")
        except ValueError:
            continue
        if all(c.isprintable() or c.isspace() for c in text):
            return text
    return {
        "code": code.rstrip(b"\0").decode("latin-1"),
        "base64": base64.b64encode(raw).decode("ascii"),
    }


def _encodings(code: bytes, raw: bytes, big: bool) -> tuple[str, ...]:
    if code == b"UNICODE\0":
        by_block = ("utf-16-be", "utf-16-le") if big else ("utf-16-le", "utf-16-be")
        # Some software writes big-endian whatever the block is: ASCII tells.
        ascii_first = [e for e in by_block if raw.decode(e, "replace").lstrip("\ufeff").isascii()]
        return (*ascii_first, *by_block)
    if code == b"JIS\0\0\0\0\0":
        return ("iso2022_jp",)
    return ("utf-8", "latin-1") if code == b"ASCII\0\0\0" else ("utf-8",)
