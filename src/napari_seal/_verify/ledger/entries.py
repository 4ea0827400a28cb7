"""What a ledger tells: files, runs, earlier states and changes, each as a record of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from napari_seal._format.digest import Digest
from napari_seal._format.times import in_utc
from napari_seal._verify.ledger.digests import Digests, split, unpack
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

#: States of a run.  One that was killed, or left, is unfinished until it is resumed, or another
#: begins, which closes it as stopped.
UNFINISHED, STOPPED, COMPLETE = "unfinished", "stopped", "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A file of a ledger, as its last run saw it.

    Parameters
    ----------
    path : str
        Where it is, or was.
    verdict : str
        The word of its last verdict; see `Outcome`.
    codestream, record, source, pixels : Digest, optional
        The digests of its reference: of its seal when it was first intact, or since it was
        accepted.  Of a file that never was, as its seal claims.
    size : int, optional
        In bytes.
    first_seen, last_verified : str
        UTC, ISO 8601: when the run began that saw it first, and when it was last read; empty if
        never, of a file that only a manifest knows.
    matched : str, optional
        By which of its digests it was found.
    """

    path: str
    verdict: str
    codestream: Digest | None = None
    record: Digest | None = None
    source: Digest | None = None
    pixels: Digest | None = None
    size: int | None = None
    first_seen: str = ""
    last_verified: str = ""
    matched: str | None = None

    @property
    def identity(self) -> Digest | None:
        """Which image it is: the digest of the source, or where there is none, of the pixels."""
        return self.source or self.pixels

    def as_dict(self) -> dict[str, Any]:
        """The entry as a JSON object; without what is not known."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRun:
    """One run of a ledger.

    Parameters
    ----------
    number : int
        From 1.
    kind : str
        ``"verify"``; ``"seal"`` for files that `napari-seal watch` has just sealed; ``"accept"``
        for what was accepted as the new reference; ``"import"`` for a manifest.
    state : str
        ``"complete"``, ``"stopped"``, or ``"unfinished"``: going on, or to be gone on with.
    begun, ended : str
        UTC, ISO 8601; ``ended`` is empty for a run that did not complete.
    counts : mapping of str to int
        Files by verdict; of an import, lines by what became of them.
    software : str
        Version of napari-seal.
    """

    number: int
    kind: str
    state: str
    begun: str
    ended: str
    counts: Mapping[str, int]
    software: str

    def as_dict(self) -> dict[str, Any]:
        """The run as a JSON object."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """A state in which a file has been since some run.

    Parameters
    ----------
    path : str
        The file.
    run : int
        The run that found it so first.
    when : str
        When that run began: UTC, ISO 8601.
    verdict : str
        The word.
    reasons : tuple of str
        The codes.
    messages : tuple of str
        The sentences.
    source, pixels, record, codestream : Digest, optional
        As the seal said then.
    note : str, optional
        What a person did, such as accepting another reference.
    """

    path: str
    run: int
    when: str
    verdict: str
    reasons: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    codestream: Digest | None = None
    record: Digest | None = None
    source: Digest | None = None
    pixels: Digest | None = None
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The event as a JSON object; without what is not known."""
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChange:
    """A file that is not in the same state after one run as after an earlier one.

    Parameters
    ----------
    path : str
        The file.
    before, after : str, optional
        The words after the earlier and after the later run; None where it was not yet known.
    run : int
        The first run after the earlier one that saw another state.
    when : str
        When that run began: UTC, ISO 8601.
    """

    path: str
    before: str | None
    after: str | None
    run: int
    when: str

    def as_dict(self) -> dict[str, Any]:
        """The change as a JSON object."""
        return _plain(self)


def moment(seconds: object) -> str:
    """Seconds since 1970 as UTC, ISO 8601; empty for none.

    Raises
    ------
    LedgerError
        They are no time.
    """
    if seconds is None:
        return ""
    try:
        return in_utc(datetime.fromtimestamp(typed(seconds, int), UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise LedgerError("the ledger is damaged: it holds a time that is none") from error


def digests_by_name(digests: Digests) -> dict[str, Digest]:
    """The digests that there are, by name, for a record of this module."""
    return {
        name: unpack(digest)
        for name, digest in zip(Digests._fields, digests, strict=True)
        if digest is not None
    }


def reasons_in(why: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes and sentences of a stored state.

    Raises
    ------
    LedgerError
        It is none.
    """
    if why is None:
        return (), ()
    try:
        reasons = json.loads(typed(why, str))["reasons"]
        return (
            tuple(typed(reason["code"], str) for reason in reasons),
            tuple(typed(reason["message"], str) for reason in reasons),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LedgerError("the ledger is damaged: it holds reasons that are none") from error


def joined_digests(joined: object) -> dict[str, Digest]:
    """`digests_by_name` of digests that are stored as one value."""
    return digests_by_name(split(typed(joined, bytes)))


def counts_in(text: object) -> dict[str, int]:
    """Counts by verdict, as a run stored them.

    Raises
    ------
    LedgerError
        They are none.
    """
    try:
        counts = typed(json.loads(typed(text, str)), dict)
    except (ValueError, RecursionError) as error:
        raise LedgerError("the ledger is damaged: it holds counts that are none") from error
    return {typed(word, str): typed(number, int) for word, number in counts.items()}


#: Fields that a JSON object has even where they are empty.
_ALWAYS: Final = frozenset(("before", "after"))


def _plain(record: Any) -> dict[str, Any]:
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {
        name: str(value) if isinstance(value, Digest) else value
        for name, value in values.items()
        if value not in (None, ()) or name in _ALWAYS
    }
