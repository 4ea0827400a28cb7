"""The record as `record.dump` writes it, recognised in one pattern.

`record.load` and `record.parse` read every valid seal and say what is wrong with the others.  This
does neither: it knows one spelling of a valid seal, in a fifth of the time, and gives up on all
else.  What it takes for a seal, they take for the same one.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from napari_seal._format import limits
from napari_seal._format.strict_json import STRICT
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_seal._format.place import StackPlace

_HEX: Final = rb"[0-9a-f]{64}"
# To be compared with the digest that it should be.
_ANY: Final = rb".{64}"
# Texts without escapes, and numbers that no reader finds infinite.
TEXT: Final = rb'"[ !#-\[\]-~]*"'
_COUNT: Final = rb"(?:0|[1-9][0-9]{0,17})"
NUMBER: Final = rb"-?" + _COUNT + rb"(?:\.[0-9]{1,20})?(?:e[+-][0-9]{1,2})?"
_ARRAY: Final = (
    rb'\{"digest":"(?P=algorithm):(%s)","shape":\[' + _COUNT + rb"(?:," + _COUNT + rb"){0,31}\],"
    rb'"dtype":' + TEXT + rb'(?:,"axes":' + TEXT + rb")?\}"
)


def pattern(tags: bytes, keys: bytes, layer: bytes) -> bytes:
    """The pattern of a seal, from those of what stands in three of its braces."""
    return (
        rb'"seal":\{"version":1,(?:"format":"png",)?'
        rb'"codestream":"(?P<algorithm>sha256|blake3):(?P<codestream>' + _ANY
        + rb')","length":' + _COUNT
        + rb',"scan":"sha256:(?P<scan>' + _HEX
        + rb')","pixels":' + _ARRAY % (rb"?P<pixels>" + _HEX)
        + rb'(?:,"source":' + _ARRAY % (rb"?P<source>" + _HEX)
        + rb')?(?:,"window":\{"low":' + NUMBER + rb',"high":' + NUMBER
        + rb'\})?(?:,"quality":' + _COUNT
        + rb')?(?:,"tiles":\{"kind":' + TEXT + rb'(?:,"low":' + _COUNT + rb',"high":' + _COUNT
        + rb')?,"size":' + _COUNT + rb',"step":' + NUMBER + rb',"data":"[A-Za-z0-9+/=]*"\})?'
        + rb'(?:,"tile_digests":\{"kind":' + TEXT + rb',"size":' + _COUNT
        + rb',"data":"[A-Za-z0-9+/=]*"\})?,"exif":\{"digest":"(?P=algorithm):(?P<exif>' + _ANY
        + rb')","tags":\{(?P<tags>' + tags + rb')\}\}' + keys + layer
        + rb'(?:,"stack":(?P<stack>\{[^{}]*\}))?,"created":"(?P<created>' + TEXT[1:-1]
        + rb')","software":\{"napari-seal":' + TEXT + rb',"Pillow":' + TEXT
        + rb',"(?:libjpeg(?:-turbo)?|zlib)":' + TEXT
        + rb'\},"record":"(?P=algorithm):(?P<record>' + _ANY
        + rb')"(?:,"signature":\{"algorithm":"ed25519","key":"(?P<key>[A-Za-z0-9+/]{59}=)"'
        + rb',"value":"(?P<signature>[A-Za-z0-9+/]{86}==)"\})?\}\}'
    )  # fmt: skip


_SEAL: Final = re.compile(
    pattern(
        rb"[^{}]*", rb'(?:,"keys":\{(?P<keys>[^{}]*)\})?', rb'(?:,"layer":(?P<layer>\{.*?\}))?'
    ),
    re.DOTALL,
)
_read: Final = STRICT.raw_decode
_START: Final = b'"seal":{"version":1,'
#: Behind the bytes that the record digest is over: ``,"record":"``, a digest, and the braces; and
#: before these, behind the bytes that a signature covers, the signature.
_TAIL: Final = len(',"record":":"}}') + 64
_BRACES: Final = len("}}")
_SIGNED: Final = len(',"signature":{"algorithm":"ed25519","key":"","value":""}') + 60 + 88


class Layout(NamedTuple):
    """What a check needs of a seal, as it stands in the text; digests in hexadecimal digits.

    ``tags`` is the text between the braces, ``stack`` the JSON object of the place in a stack;
    ``key`` and ``signature`` are Base64.
    """

    algorithm: bytes
    codestream: bytes
    scan: bytes
    pixels: bytes
    source: bytes | None
    exif: bytes
    tags: bytes
    stack: bytes | None
    created: bytes
    record: bytes
    key: bytes | None
    signature: bytes | None

    @property
    def tail(self) -> int:
        """Length of what follows the bytes that the record digest is over."""
        tail = _TAIL + len(self.algorithm)
        return tail if self.signature is None else tail + _SIGNED

    @property
    def signed_tail(self) -> int:
        """Length of what follows the bytes that the signature covers."""
        return _SIGNED + _BRACES


class Parts(NamedTuple):
    """A record that was recognised: what stands before the seal, and what a form is made from.

    ``checks`` is the pattern of the check values of the user's keys; None where there are none.
    """

    user: bytes
    checks: bytes | None
    layer: bytes
    seal: Layout


def recognise(text: bytes) -> Layout | None:
    """Find the seal in a record's text; None where it is not spelt as usual, valid or not."""
    found = parts(text)
    return None if found is None else found.seal


def parts(text: bytes) -> Parts | None:
    """The same, with what stands around it."""
    at = text.rfind(_START)
    match = _SEAL.fullmatch(text, at) if at > 0 else None
    if match is None:
        return None
    checks = None
    try:
        # JSON is read from the left and ends where it ends, so each part can be read by itself.
        string = text.decode("ascii")
        names = _user_keys(string, at)
        if names is None:
            return None
        if match["keys"] is not None:
            checks = _checks_of(names)
            if checks.fullmatch(match["keys"]) is None:
                return None
        start, stop = match.span("layer")
        if start >= 0 and (_read(string, start)[1] != stop or _may_be_deep(string[start:stop])):
            return None
        if match["stack"] is not None:
            read_place(match["stack"])
    except (ValueError, RecursionError, FormatError):  # JSON errors are ValueErrors
        return None
    return Parts(
        text[:at],
        None if checks is None else checks.pattern,
        match["layer"] or b"",
        Layout(*match.group(*Layout._fields)),
    )


def holds_place(text: bytes) -> bool:
    """Whether the text is the JSON object of a place in a stack."""
    try:
        read_place(text)
    except (ValueError, RecursionError, FormatError):
        return False
    return True


def read_place(text: bytes) -> StackPlace:
    """Read the place in a stack from its JSON object."""
    from napari_seal._format.place import parse_place

    value, end = _read(text.decode("ascii"))
    if type(value) is not dict or end != len(text):
        raise FormatError("the place in a stack is not one object")
    return parse_place(value)


def _user_keys(string: str, at: int) -> tuple[str, ...] | None:
    """Keys before the seal; None if what stands there is no object without its closing brace."""
    if at == 1:
        return () if string[0] == "{" else None
    before = string[: at - 1] + "}"
    if string[at - 1] != "," or _may_be_deep(before):
        return None
    user, end = _read(before)
    return tuple(user) if end == at and type(user) is dict and "seal" not in user else None


def _may_be_deep(string: str) -> bool:
    most = limits.JSON_DEPTH - 8  # with room for what stands around it
    return string.count("[") + string.count("{") > most


@lru_cache(maxsize=256)
def _checks_of(names: Sequence[str]) -> re.Pattern[bytes]:
    """The check values of these keys, each once and in this order."""
    checks = (
        rf"{re.escape(json.dumps(name))}:"
        r'"(?:[snao](?:0|[1-9][0-9]{0,8})|[bl]0):[0-9a-f]{8}"'
        for name in names
        if name != "sha244"
    )
    return re.compile(",".join(checks).encode("ascii"))
