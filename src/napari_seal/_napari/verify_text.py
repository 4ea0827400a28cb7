"""What the widget "Verify sealed images" understands and says: text in, text out, no window."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes
from urllib.request import url2pathname

from napari_seal._napari.flag import FLAGS
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict

# Digests are longer; they are in the export, for whoever compares them.
_LONGEST_VALUE = 60
# A label breaks its lines at spaces and slashes, not within a name.
_LONG_WORD = re.compile(r"([^\s/\\\-]{40})(?=[^\s/\\\-])")


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


def counts_line(counts: Mapping[Outcome, int], found: int) -> str:
    """Return the counts per verdict as rich text; they add up to the files checked.

    Parameters
    ----------
    counts : mapping of Outcome to int
        How many files got which verdict up to now.
    found : int
        How many files there are to check.
    """
    total = sum(counts.values())
    if total == 0:
        return ""
    parts = [
        f'<span style="color:{FLAGS[outcome].text_colour}">{FLAGS[outcome].symbol}&nbsp;'
        # A hyphen at which the line does not break.
        f"{str(outcome).replace('-', '&#8209;')}&nbsp;<b>{counts[outcome]:,}</b></span>"
        for outcome in Outcome
        if counts[outcome]
    ]
    left = found - total
    sum_ = "nothing checked" if nothing_checked(counts) else f"= {total:,} checked"
    sum_ += f", {left:,} not checked" if left > 0 else ""
    return " &nbsp; ".join([*parts, sum_.replace(" ", "&nbsp;")])


def nothing_checked(counts: Mapping[Outcome, int]) -> bool:
    """Whether every result only says that something could not be read, or is not there."""
    return counts[Outcome.UNREADABLE] == sum(counts.values())


def why_nothing_checked(verdicts: Sequence[Verdict], chosen: Sequence[str]) -> str:
    """Return what to say after a run in which nothing could be read.

    Parameters
    ----------
    verdicts : sequence of Verdict
        All of them `unreadable`; checking nothing is no success.
    chosen : sequence of str
        Folders and files as they were chosen.
    """
    where = printable(chosen[0])
    if len(chosen) > 1:
        where += f" and {len(chosen) - 1:,} more"
    codes = {reason.code for verdict in verdicts for reason in verdict.reasons}
    if codes == {ReasonCode.EMPTY_FOLDER}:
        return f"⚠ No JPEG was found in {where}: nothing was checked, nothing is proved."
    if codes == {ReasonCode.FILE_MISSING} and {v.path for v in verdicts} <= set(chosen):
        return f"⚠ There is no folder or file {where}: nothing was checked."
    if len(verdicts) == 1 and verdicts[0].path in chosen:
        why = " ".join(reason.message for reason in verdicts[0].reasons)
        return f"⚠ {where} could not be read: nothing was checked. {printable(why)}"
    return f"⚠ None of the {len(verdicts):,} files could be read: nothing was checked."


def details(verdict: Verdict) -> str:
    """Return all that is known about one file as plain text: path, verdict, each reason."""
    flag = FLAGS[verdict.verdict]
    return "\n".join(
        (
            printable(os.path.abspath(verdict.path)),
            f"{flag.symbol} {verdict.verdict}: {verdict.verdict.meaning}",
            *(f"• {_sentence(reason)}" for reason in verdict.reasons),
        )
    )


def _sentence(reason: Reason) -> str:
    values = [
        f"{word} {printable(value)}"
        for word, value in (("expected", reason.expected), ("found", reason.found))
        if value is not None and len(value) <= _LONGEST_VALUE
    ]
    return printable(reason.message) + (f" ({', '.join(values)})" if values else "")


def breakable(text: str) -> str:
    """Return ``text`` with places at which a label may break a long name (zero-width spaces)."""
    return _LONG_WORD.sub("\\1\u200b", text)
