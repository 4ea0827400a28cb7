"""Statements: a ledger at a time in one line, to be signed, time-stamped and kept elsewhere.

::

    {"napari-seal-ledger":1,"ledger":…,"time":…,…,"contents":"sha256:…","signature":{…}}
    └──────────────────────────── signed ──────────────────────────────┘
    └─────────────────────────────── time-stamped ─────────────────────────────────────┘

``head`` is the digest of the last of so many links of the chain of runs, and so stands for all of
them; ``contents`` is that of all entries.  The signature is spelt as in a seal.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import limits, signature
from napari_seal._format.times import in_utc
from napari_seal._text import printable
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.ledger import chain, contents
from napari_seal.errors import LedgerError

if TYPE_CHECKING:
    import sqlite3

    from napari_seal._format.signature import Signer
    from napari_seal._trust.timestamp import Timestamp
    from napari_seal._verify.ledger.database import Database

#: Version of the text, and the key by which it begins.
VERSION: Final = 1
_BEGIN: Final = "napari-seal-ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatement:
    """What was stated of a ledger at a time, and what is known about it now.

    Parameters
    ----------
    time : str
        When it was made, as it says itself: UTC, ISO 8601.
    ledger : str
        The ledger's identity: 32 hexadecimal digits.
    runs : int
        How many runs were linked.
    head : str
        The digest of the last link.
    files : int
        How many entries there were.
    contents : str
        The digest of them.
    text : str
        The whole statement, as it was signed and time-stamped.
    signature : Signature
        State of its signature.
    signer : str, optional
        Name of the key in the list of trusted ones, or else its fingerprint.
    timestamps : tuple of Timestamp
        The time stamps that were verified.
    unverified : int
        How many time stamps there are that were not verified, since no certificates were named.
    problems : tuple of str
        What does not agree: with the ledger, its signature or its time stamps.
    """

    time: str
    ledger: str
    runs: int
    head: str
    files: int
    contents: str
    text: str
    signature: Signature = Signature.NONE
    signer: str | None = None
    timestamps: tuple[Timestamp, ...] = ()
    unverified: int = 0
    problems: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The statement as a JSON object."""
        return {
            **{name: getattr(self, name) for name in _NAMES},
            "signature": str(self.signature),
            "signer": self.signer,
            "timestamps": [
                {"time": stamp.time.isoformat(), "authority": stamp.authority}
                for stamp in self.timestamps
            ],
            "unverified": self.unverified,
            "problems": list(self.problems),
        }


_NAMES: Final = ("ledger", "time", "runs", "head", "files", "contents")

#: The largest number that SQLite knows.
_MOST: Final = 2**63 - 1

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_FORMS: Final = {
    "ledger": re.compile(r"[0-9a-f]{32}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "head": _DIGEST,
    "contents": _DIGEST,
}


def make(database: Database, signer: Signer | None) -> LedgerStatement:
    """State a ledger as it is now, with a signature or without, and keep the statement in it.

    Raises
    ------
    LedgerError
        A run is unfinished or goes on, there is none, or the chain of runs is broken.
    """
    database.lock()
    try:
        with database.writing() as connection:
            text = _state(connection, signer)
            connection.execute("INSERT INTO statements (text) VALUES (?)", (text,))
        database.settle()
    finally:
        database.unlock()
    return read(text, Judge())


def _state(connection: sqlite3.Connection, signer: Signer | None) -> str:
    unfinished = chain.unfinished(connection)
    if unfinished is not None:
        raise LedgerError(
            f"run {unfinished} is unfinished; go on with it (--resume) or begin another, then "
            "sign the ledger"
        )
    head = chain.head(connection)
    if head.digest is None:
        raise LedgerError("no run has written into the ledger, and there is nothing to sign")
    for problem in chain.problems(connection):
        raise LedgerError(f"the ledger is not as its runs left it, and is not signed. {problem}")
    files, digest = contents.entries(connection)
    value = {
        "ledger": chain.identity(connection),
        "time": in_utc(datetime.now(UTC)),
        "runs": head.number,
        "head": head.digest,
        "files": files,
        "contents": digest,
    }
    return signature.close(_beginning(value), b"}", signer).decode("ascii")


def _beginning(value: dict[str, Any]) -> bytes:
    """The text up to its signature."""
    shown = {_BEGIN: VERSION, **{name: value[name] for name in _NAMES}}
    return json.dumps(shown, separators=(",", ":"))[:-1].encode("ascii")


def read(text: str, judge: Judge) -> LedgerStatement:
    """Read a statement, and judge its signature.

    Raises
    ------
    LedgerError
        It is none, or not spelt as statements are.
    """
    try:
        value = json.loads(text) if len(text) <= limits.STATEMENT_BYTES and text.isascii() else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or _BEGIN not in value:
        raise LedgerError(f"this is no statement about a ledger: {printable(text, 60)!r}")
    if value[_BEGIN] != VERSION:
        raise LedgerError(
            f"the statement is of version {printable(value[_BEGIN], 20)}, and this napari-seal "
            f"knows version {VERSION}"
        )
    try:
        for name, form in _FORMS.items():
            if not form.fullmatch(value[name]):
                raise LedgerError(f"the {name} of the statement is {printable(value[name], 80)!r}")
        whole = _beginning(value)
        if not all(type(value[n]) is int and 0 <= value[n] <= _MOST for n in ("runs", "files")):
            raise LedgerError("the statement has something else where a number should be")
    except (KeyError, TypeError) as error:
        raise LedgerError(f"the statement has no {printable(error, 80)}") from error
    found = {name: value[name] for name in _NAMES}
    if "signature" not in value:
        if text.encode() != whole + b"}":
            raise LedgerError("the statement is not spelt as statements are")
        return LedgerStatement(**found, text=text)
    block = signature.parse(value["signature"])
    covered = signature.covered(text.encode(), block, b"}")
    if covered is not None and covered != whole:
        raise LedgerError("the statement is not spelt as statements are")
    judged = judge.judge(covered, block, found["time"])
    problems = (judged.problem,) if judged.state is Signature.INVALID and judged.problem else ()
    return LedgerStatement(
        **found, text=text, signature=judged.state, signer=judged.signer, problems=problems
    )
