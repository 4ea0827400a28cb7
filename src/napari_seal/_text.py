"""Text from files, made safe to show in a terminal, a table or a label."""

from __future__ import annotations

import unicodedata

# Control (terminal escapes), format (bidirectional overrides, zero-width), surrogate (undecodable
# file names), private use, unassigned, line and paragraph separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Longer than any user name with its password.
_ROOM = 4096


def printable(text: object, limit: int = 4000) -> str:
    r"""Return ``text`` with every character that does not show as itself written as an escape.

    Parameters
    ----------
    text : object
        Anything; ``str`` is taken of it.  Credentials in an address are left out.
    limit : int
        Number of characters after which the text is cut, with an ellipsis.

    Examples
    --------
    >>> printable("a\x1b[2Jb\u202egpj")
    'a\\x1b[2Jb\\u202egpj'
    """
    # What is far longer is cut first, with room for the credentials that are left out.
    string = without_credentials(str(text)[: limit + _ROOM])
    if len(string) > limit:
        string = string[:limit] + "…"
    if string.isascii() and string.isprintable():
        return string
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _HIDDEN else c
        for c in string
    )


def without_credentials(text: str) -> str:
    """Return ``text`` without what addresses in it say before a host's name.

    That is where user names and passwords stand (RFC 3986, section 3.2.1).  Of ``http`` addresses
    the query is left out, too, which holds the tokens of signed ones.

    Examples
    --------
    >>> without_credentials("sftp://anna:secret@host/a.jpg")
    'sftp://host/a.jpg'
    >>> without_credentials("https://host/a.jpg?token=secret")
    'https://host/a.jpg?…'
    """
    if "://" not in text:
        return text
    import re

    text = re.sub(r"(?<=://)[^/?#\s]*@", "", text)
    # The address is matched with a query or without: none is looked at twice.
    return re.sub(
        r"(https?://[^?\s]*)(\?[^\s'\"]+)?", lambda m: m[1] + ("?…" if m[2] else ""), text
    )
