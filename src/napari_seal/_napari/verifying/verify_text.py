"""What the widget "Verify sealed images" understands and says: text in, text out, no window."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes
from urllib.request import url2pathname

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.signature_words import (
    SIGNATURES,
    signed_text,
    state_text,
    tone,
)
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import COLOURS, SIGNS, Tone
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

#: Where Verify was asked for, and nothing is chosen.
NOTHING_CHOSEN: Final = "Choose first what to verify: a folder or files, above."
# Digests are longer; they are in the export, for whoever compares them.
_LONGEST_VALUE = 60
_PATHS = (ReasonCode.MOVED, ReasonCode.COPIED)


def typed_paths(text: str) -> list[str]:
    """Return the paths that somebody typed or pasted, one a line.

    Parameters
    ----------
    text : str
        Plain paths, paths in quotation marks and ``file:`` addresses, as file managers and
        terminals put them onto the clipboard.  ``~`` is the home folder.
    """
    return [_typed_path(line.strip()) for line in text.splitlines() if line.strip()]


def _typed_path(text: str) -> str:
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        # A shell writes an apostrophe within apostrophes as '\''.
        text = text[1:-1].replace("'\\''", "'") if text[0] == "'" else text[1:-1]
    if text[:5].casefold() == "file:":
        return _from_address(text)
    return os.path.expanduser(text)


def _from_address(text: str) -> str:
    """Return the path in a ``file:`` address (RFC 8089)."""
    rest = text[len("file:") :]
    if os.name == "nt":
        return url2pathname(rest)
    host, path = "", rest
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        path = slash + path
    if host.casefold() not in {"", "localhost"}:
        return text  # another machine's: no file here is meant
    # By bytes: a name need not be UTF-8.
    return os.fsdecode(unquote_to_bytes(path))


def relative(path: str, folder: str) -> str:
    """Return ``path`` as seen from the chosen folder, for people.

    Parameters
    ----------
    path : str
        A file that was found, or the folder itself.
    folder : str
        Empty where there is no folder in which all files are; the path is then shown whole.
    """
    if not folder:
        return path
    seps = os.sep + (os.altsep or "")
    start = folder.rstrip(seps)
    if path.rstrip(seps) == start:
        return os.path.basename(path.rstrip(seps)) or path
    if path.startswith(start) and path[len(start)] in seps:
        return path[len(start) :].lstrip(seps)
    seen = os.path.relpath(path, folder)
    return path if seen.startswith(os.pardir) else seen


def counts_line(
    counts: Mapping[Outcome, int],
    found: int,
    arrived: Mapping[ReasonCode, int] | None = None,
    *,
    dark: bool = False,
) -> str:
    """Return the counts per verdict as rich text; they add up to the files checked.

    Parameters
    ----------
    counts : mapping of Outcome to int
        How many files got which verdict up to now.
    found : int
        How many files there are to check; those that are missing are not among them.
    arrived : mapping of ReasonCode to int, optional
        How many of them the ledger tells to be moved, copied or extra.
    dark : bool
        Whether it stands on a dark ground.
    """
    total = sum(counts.values())
    if total == 0:
        return ""
    parts = [
        f'<span style="color:{COLOURS[FLAGS[outcome].tone].on(dark=dark)}">'
        # A hyphen at which the line does not break.
        f"{FLAGS[outcome].symbol}&nbsp;{str(outcome).replace('-', '&#8209;')}&nbsp;"
        f"<b>{counts[outcome]:,}</b></span>"
        for outcome in Outcome
        if counts[outcome]
    ]
    left, missing = found - total, counts[Outcome.MISSING]
    if nothing_checked(counts):
        sum_ = "nothing checked"
    elif missing:
        sum_ = f"= {total - missing:,} checked + {missing:,} missing"
    else:
        sum_ = f"= {total:,} checked"
    sum_ += f", {left:,} not checked" if left > 0 else ""
    came = ", ".join(f"{number:,} {reason}" for reason, number in (arrived or {}).items() if number)
    sum_ += f" ({came})" if came else ""
    return " &nbsp; ".join([*parts, sum_.replace(" ", "&nbsp;")])


def signatures_line(signed: Mapping[Signature, int], *, required: bool, dark: bool = False) -> str:
    """Return the counts of signatures as rich text; empty where there are none, and need be none.

    Parameters
    ----------
    signed : mapping of Signature to int
        How many files are in which state.
    required : bool
        Whether each must be `trusted`.
    dark : bool
        Whether it stands on a dark ground.
    """
    total, untold = sum(signed.values()), signed[Signature.NONE]
    if total == 0 or (untold == total and not required):
        return ""
    parts = [
        _coloured(tone(state, required=required), state_text(state, required=required), dark=dark)
        + f"&nbsp;<b>{signed[state]:,}</b>"
        for state in SIGNATURES
        if signed[state]
    ]
    failed = total - signed[Signature.TRUSTED]
    if required and failed:
        parts.append(
            _coloured(Tone.BAD, f"{SIGNS[Tone.BAD]} {failed:,} without a trusted one", dark=dark)
        )
    elif required:
        parts.append(
            _coloured(Tone.GOOD, f"{SIGNS[Tone.GOOD]} each file has a trusted one", dark=dark)
        )
    return " &nbsp; ".join(["Signatures:", *parts])


def _coloured(of: Tone, text: str, *, dark: bool) -> str:
    """Text that is not broken, in the colour of a tone."""
    return f'<span style="color:{COLOURS[of].on(dark=dark)}">{_unbroken(text)}</span>'


def _unbroken(text: str) -> str:
    return text.replace("-", "&#8209;").replace(" ", "&nbsp;")


def nothing_checked(counts: Mapping[Outcome, int]) -> bool:
    """Whether every result only says that something could not be read, or is not there."""
    return counts[Outcome.UNREADABLE] + counts[Outcome.MISSING] == sum(counts.values())


def why_nothing_checked(verdicts: Iterator[Verdict], total: int, chosen: Sequence[str]) -> str:
    """Return what to say after a run in which nothing could be read.

    Parameters
    ----------
    verdicts : iterator of Verdict
        All of them `unreadable` or `missing`; checking nothing is no success.  They are looked at
        where they are no more than what was chosen.
    total : int
        Their number.
    chosen : sequence of str
        Folders and files as they were chosen.
    """
    where = printable(chosen[0])
    if len(chosen) > 1:
        where += f" and {len(chosen) - 1:,} more"
    results = list(verdicts) if total <= len(chosen) else []
    codes = {reason.code for verdict in results for reason in verdict.reasons}
    named = bool(results) and {v.path for v in results} <= set(chosen)
    if codes == {ReasonCode.EMPTY_FOLDER}:
        return (
            f"⚠ No JPEG or PNG was found in {where}: nothing was checked, nothing is proved. "
            "Choose another folder."
        )
    if codes == {ReasonCode.FILE_MISSING} and named:
        return (
            f"⚠ There is no folder or file {where}: nothing was checked. Correct the path, or "
            "choose it."
        )
    if total == 1 and named:
        why = " ".join(reason.message for reason in results[0].reasons)
        return f"⚠ {where} could not be read: nothing was checked. {printable(why)}"
    return (
        f"⚠ None of the {total:,} files could be read: nothing was checked. Select one to read why."
    )


def details(verdict: Verdict) -> str:
    """Return all that is known about one file as plain text: path, verdict, each reason."""
    flag = FLAGS[verdict.verdict]
    return "\n".join(
        (
            printable(os.path.abspath(verdict.path)),
            f"{flag.symbol} {verdict.verdict}: {verdict.verdict.meaning}",
            *_signed_lines(verdict),
            *(f"• {sentence}" for sentence in sentences(verdict)),
        )
    )


def _signed_lines(verdict: Verdict) -> Iterator[str]:
    # Of an invalid one, the verdict says it.
    if verdict.signature not in {Signature.NONE, Signature.INVALID}:
        yield f"{signed_text(verdict.signature, verdict.signer)}."
        if verdict.signature is Signature.UNKNOWN_KEY:
            yield f"    Its fingerprint: {printable(verdict.signer)}"


def sentences(verdict: Verdict) -> list[str]:
    """Return each reason in words, with what was expected and found where that can be read."""
    return [_sentence(reason) for reason in verdict.reasons]


def _sentence(reason: Reason) -> str:
    # The paths of a file that was moved may be long, and are what one wants to know.
    longest = None if reason.code in _PATHS else _LONGEST_VALUE
    values = [
        f"{word} {printable(value)}"
        for word, value in (("expected", reason.expected), ("found", reason.found))
        if value is not None and (longest is None or len(value) <= longest)
    ]
    return printable(reason.message) + (f" ({', '.join(values)})" if values else "")
