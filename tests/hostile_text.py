"""Files in which every text that somebody can set is one that wants to do harm."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
from make_vectors import segment
from make_vectors_stack import close_index, open_index
from mutators import (
    DQT,
    XMP,
    edit_exif,
    edit_text,
    insert_before,
    record_text,
    reseal,
    seal_key,
    with_text,
)
from support import nuclear_tracks, sealed_bytes

#: Of a terminal: a title, clearing, C1 controls; overrides of direction, isolates, zero-width and a
#: lone surrogate; HTML and Qt's rich text; entities and quotes; markup of rich; lines; a formula.
TEXT = (
    "=cmd|'/c calc'!A0\x1b[2J\x1b]0;title\x07\x9b31m\x90q\u202e\u2066\u200b\u200f\ufeff\ud800"
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href='file:///'>b</a></td>&lt;&amp;\"'"
    "[red]r[/red][link=file:///]l\n\t\r\x85\u2028\u2029\x7f\ue000"
)
#: The same as the name of a file.
FILE_NAME = TEXT.replace("/", "_").encode("utf-8", "replace").decode()[:180]


def _gray() -> bytes:
    return sealed_bytes(nuclear_tracks((48, 64)), metadata={"detector": "TDR 12"})


def _everywhere(body: dict[str, Any]) -> None:
    body["software"] = {TEXT: TEXT}
    body["created"] = TEXT
    lists = {key: [TEXT, TEXT] for key in ("units", "axis_labels")}
    body["layer"] = {"name": TEXT, "colormap": TEXT, TEXT: TEXT, **lists}
    body["pixels"]["dtype"] = TEXT
    body["source"].update(axes=TEXT, dtype=TEXT)
    body["tiles"]["kind"] = TEXT
    body["stack"] = {"id": "0" * 32, "axes": [TEXT[:60]], "shape": [2], "index": [1]}
    body[TEXT] = {TEXT: TEXT}


@cache
def written() -> dict[str, bytes]:
    """Files that are intact, or nearly."""
    image = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
    gray = _gray()
    return {
        "metadata": sealed_bytes(image, metadata={TEXT: TEXT, "a": {TEXT: [TEXT]}}),
        "seal": reseal(_everywhere)(gray),
        "segments": insert_before(DQT, segment(0xFE, TEXT.encode("utf-8", "replace")))(gray),
        "xmp": insert_before(DQT, segment(0xE1, XMP + TEXT.encode("utf-8", "replace")))(gray),
    }


@cache
def changed() -> dict[str, bytes]:
    """Files in which metadata or tags are others than were sealed."""
    gray = _gray()
    bytes_of = TEXT.encode("utf-8", "replace")

    def other_keys(text: bytes) -> bytes:
        value = json.loads(text)
        value["seal"]["keys"][TEXT] = "s3:00000000"
        return json.dumps({TEXT: TEXT, **value, "detector": TEXT}).encode()

    def tags(found: dict[str, dict[int, Any]]) -> None:
        found["0th"][0x0131] = bytes_of
        found["0th"][0x010F] = bytes_of
        found["0th"][0x010E] = bytes_of
        found["Exif"][0x927C] = bytes_of

    return {
        "keys": edit_text(other_keys)(gray),
        "tags": edit_exif(tags)(gray),
        "everything": edit_exif(tags)(edit_text(other_keys)(reseal(_everywhere)(gray))),
    }


def _signatures() -> dict[str, bytes]:
    known = {"algorithm": "ed25519", "key": TEXT, "value": TEXT}
    values: dict[str, Any] = {
        "of an unknown kind": known | {"algorithm": TEXT},
        "of a known kind": known,
        "with another key": known | {TEXT: TEXT},
        "no object": [TEXT],
    }
    return {name: json.dumps(value).encode() for name, value in values.items()}


@cache
def invalid() -> dict[str, bytes]:
    """Files whose seal cannot be read, and says why in its own words."""
    gray = _gray()
    text = record_text(gray)
    return {
        "version": seal_key("version", TEXT)(gray),
        "format": seal_key("format", TEXT)(gray),
        "algorithm": seal_key("codestream", f"{TEXT}:00")(gray),
        "tag": reseal(lambda body: body["exif"]["tags"].update({TEXT: TEXT}))(gray),
        "keys of another kind": seal_key("keys", {TEXT: TEXT})(gray),
        "window": seal_key("window", {"low": TEXT, "high": TEXT})(gray),
        "stack": seal_key("stack", {"id": TEXT, "axes": [TEXT], "shape": TEXT})(gray),
        "no JSON": with_text(text[:-1] + TEXT.encode("utf-8", "replace"))(gray),
        "a constant": with_text(b'{"a":NaN,' + text[1:])(gray),
        **{
            f"signature, {name}": with_text(b'%s,"signature":%s}}' % (text[:-2], value))(gray)
            for name, value in _signatures().items()
        },
        "moedal": with_text(json.dumps({"sha244": TEXT}).encode())(gray),
        "index": close_index(open_index(id=TEXT, axes=[TEXT], dtype=TEXT, format=TEXT)).encode(),
    }
