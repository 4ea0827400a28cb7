"""The record: the JSON text in the Exif UserComment, and the seal in it.

The text reads ``{…user keys…,"seal":{…,"record":"sha256:…"}}``.  ``record`` is the digest of all
bytes before ``,"record":``, so nothing has to be serialised again to verify it.  A signature may
follow it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import exif, keys, limits, signature
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.metadata import MOEDAL_KEY, RESERVED_KEYS, SEAL_KEY, check_metadata
from napari_seal._format.place import parse_place
from napari_seal._format.seal import VERSION, ArrayDigest, ExifDigest, Seal
from napari_seal._format.strict_json import STRICT
from napari_seal._format.window import Window
from napari_seal._text import printable
from napari_seal.errors import FormatError, JsonError, NewerVersionError, UnknownAlgorithmError

if TYPE_CHECKING:
    from napari_seal._format.adoption import Adoption
    from napari_seal._format.container import Format
    from napari_seal._format.signature import Signer

_FORMATS: Final[dict[str, Format]] = {"jpeg": "jpeg", "png": "png"}

#: What ends a text.
BRACES: Final = b"}}"

# A signature is one text or one flat object, so that nothing unsealed hides behind the record.
_SIGNATURE: Final = rb'(?:,"signature":(?:"[^"\\]*"|\{[^{}]*\}))?'
_RECORD: Final = re.compile(rb',"record":"([a-z0-9_-]+:[0-9a-f]+)"' + _SIGNATURE + rb"\}\}\Z")
# A text that does not end reaches to the end: else each quotation mark in it would be tried.
_NESTING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


# --------------------------------------------------------------------------------------- writing


def dump(seal: Seal, *, moedal: str | None = None, signer: Signer | None = None) -> bytes:
    """Serialise a seal and its metadata, and close them with the record digest.

    Parameters
    ----------
    seal : Seal
        ``record`` and ``keys`` are not used but computed; the record's digest has the algorithm of
        ``codestream``.
    moedal : str, optional
        Digest for the key of the MoEDAL function.
    signer : callable, optional
        Signs all bytes up to the record; ``signature`` is not used.

    Returns
    -------
    bytes
        ASCII.

    Raises
    ------
    MetadataError
        The metadata are not JSON, or use a reserved key.
    """
    metadata = check_metadata(seal.metadata)
    layer = None if seal.layer is None else check_metadata(seal.layer, what="layer attribute")
    top: dict[str, Any] = {**metadata}
    if moedal is not None:
        top[MOEDAL_KEY] = moedal
    body: dict[str, Any] = {
        "version": VERSION,
        "format": None if seal.format == "jpeg" else seal.format,
        "codestream": str(seal.codestream),
        "length": seal.length,
        "scan": str(seal.scan),
        "pixels": _array(seal.pixels),
        "source": seal.source and _array(seal.source),
        "window": seal.window and {"low": seal.window.low, "high": seal.window.high},
        "quality": seal.quality,
        "tiles": None if seal.tiles is None else dict(seal.tiles),
        "tile_digests": None if seal.tile_digests is None else dict(seal.tile_digests),
        "exif": {"digest": str(seal.exif.digest), "tags": dict(seal.exif.tags)},
        "keys": {key: str(keys.check_of(value)) for key, value in metadata.items()},
        "layer": layer,
        "stack": seal.stack and seal.stack.as_dict(),
        "adopted": seal.adopted and seal.adopted.as_dict(),
        "created": seal.created,
        "software": dict(seal.software),
        **seal.other,
    }
    top[SEAL_KEY] = {key: value for key, value in body.items() if value is not None}
    text = _compact(top)[:-2]
    digest = digest_of([text], seal.codestream.algorithm)
    text = b'%s,"record":"%s"' % (text, str(digest).encode("ascii"))
    return signature.close(text, BRACES, signer)


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _array(value: ArrayDigest) -> dict[str, Any]:
    out = {"digest": str(value.digest), "shape": list(value.shape), "dtype": value.dtype}
    return out | ({"axes": value.axes} if value.axes else {})


def sizes(text: bytes) -> dict[str, int]:
    """Size in bytes of each entry at the record's top level."""
    return {key: len(_compact(value)) for key, value in json.loads(text).items()}


# --------------------------------------------------------------------------------------- reading


def load(text: bytes, what: str = "seal") -> dict[str, Any]:
    """Parse the JSON object of a record, or of an index, strictly; ``what`` names it in errors.

    Raises
    ------
    JsonError
        Not JSON in ASCII, not an object, too deeply nested, of too many values, or a key stands
        twice.
    """
    if text.count(b",") > limits.JSON_VALUES:
        raise JsonError(f"the {what} holds more than {limits.JSON_VALUES:,} values")
    try:
        string = text.decode("ascii")
        # Most records have fewer brackets than levels are allowed, and need no closer look.
        if text.count(b"[") + text.count(b"{") > limits.JSON_DEPTH:
            _check_depth(string, what)
        value = STRICT.decode(string)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"the {what} is not valid JSON: {printable(error, 200)}") from error
    if not isinstance(value, dict):
        raise JsonError(f"the {what} is not a JSON object")
    return value


def _check_depth(string: str, what: str) -> None:
    depth = 0
    for match in _NESTING.finditer(string):
        if match[0] in "[{":
            depth += 1
            if depth > limits.JSON_DEPTH:
                raise JsonError(f"the {what} is nested more than {limits.JSON_DEPTH} levels deep")
        elif match[0] in "]}":
            depth -= 1


def parse(record: Mapping[str, Any]) -> Seal:
    """Read the seal from a record's JSON object.

    Raises
    ------
    NewerVersionError, UnknownAlgorithmError
        It is a seal, and not of a kind that this version knows.
    FormatError
        A key is missing or has the wrong type.
    """
    body = record.get(SEAL_KEY)
    if not isinstance(body, dict):
        raise FormatError("the key 'seal' does not hold an object")
    version = body.get("version")
    if type(version) is not int or version < 1:
        raise FormatError(f"the seal's version is {printable(version, 40)}, not a number from 1")
    if version > VERSION:
        raise NewerVersionError(f"the seal has version {version}; this software knows {VERSION}")
    other = {key: value for key, value in body.items() if key not in _KNOWN}
    window = _optional(body, "window", dict)
    place = _optional(body, "stack", dict)
    adopted = _optional(body, "adopted", dict)
    source = _optional(body, "source", dict)
    exif_part = _required(body, "exif", dict)
    tags = _texts(_required(exif_part, "tags", dict), "exif.tags")
    for key in tags:
        exif.parse_key(key)
    quality = _optional(body, "quality", int)
    checks = _optional(body, "keys", dict)
    seal = Seal(
        format=_parse_format(body),
        codestream=Digest.parse(body.get("codestream")),
        length=_required(body, "length", int),
        scan=Digest.parse(body.get("scan")),
        pixels=_parse_array(_required(body, "pixels", dict), "pixels"),
        source=None if source is None else _parse_array(source, "source"),
        window=None if window is None else parse_window(window),
        quality=quality,
        exif=ExifDigest(digest=Digest.parse(exif_part.get("digest")), tags=tags),
        tiles=_optional(body, "tiles", dict),
        tile_digests=_optional(body, "tile_digests", dict),
        keys=None if checks is None else {k: keys.parse(v) for k, v in checks.items()},
        layer=_optional(body, "layer", dict),
        stack=None if place is None else parse_place(place),
        adopted=None if adopted is None else _parse_adopted(adopted),
        created=_required(body, "created", str),
        software=_texts(_required(body, "software", dict), "software"),
        record=Digest.parse(body.get("record")),
        signature=signature.parse(body["signature"]) if "signature" in body else None,
        metadata={key: value for key, value in record.items() if key not in RESERVED_KEYS},
        other=other,
    )
    _check_algorithms(seal)
    return seal


def _check_algorithms(seal: Seal) -> None:
    """Refuse BLAKE3 beside other algorithms; `scan` is ExifTool's, which knows no BLAKE3."""
    sources = () if seal.source is None else (seal.source.digest,)
    records = () if seal.record is None else (seal.record,)
    beside = () if seal.adopted is None else (seal.adopted.beside,)
    digests = (seal.codestream, seal.pixels.digest, seal.exif.digest, *sources, *records, *beside)
    algorithms = {digest.algorithm for digest in digests}
    if seal.scan.algorithm == "blake3" or ("blake3" in algorithms and len(algorithms) > 1):
        raise UnknownAlgorithmError("the seal mixes 'blake3' with other algorithms")


# Every key that version 1 defines, in the order in which it is written.
_KNOWN: Final = (
    *("version", "format", "codestream", "length", "scan", "pixels", "source", "window"),
    *("quality", "tiles", "tile_digests", "exif", "keys", "layer", "stack", "adopted"),
    *("created", "software", "record", "signature"),
)


def _required(body: Mapping[str, Any], key: str, kind: type) -> Any:
    value: Any = body.get(key)
    if type(value) is not kind:
        problem = "is missing" if key not in body else f"is not of type {kind.__name__}"
        raise FormatError(f"the seal's {key!r} {problem}")
    if isinstance(value, int) and value < 0:
        raise FormatError(f"the seal's {key!r} is negative")
    return value


def _optional(body: Mapping[str, Any], key: str, kind: type) -> Any:
    return _required(body, key, kind) if key in body else None


def _parse_format(body: Mapping[str, Any]) -> Format:
    """Files of JPEG do not name it.

    Raises
    ------
    NewerVersionError
        It is another one.
    """
    name = _required(body, "format", str) if "format" in body else "jpeg"
    if name not in _FORMATS:
        raise NewerVersionError(
            f"the seal is of a file of the format {printable(name, 40)}, which this software does "
            "not know"
        )
    return _FORMATS[name]


def parse_window(body: Mapping[str, Any]) -> Window:
    """Read a window from its JSON object."""
    return Window(low=_number(body, "low"), high=_number(body, "high"))


def _number(body: Mapping[str, Any], key: str) -> int | float:
    value: Any = body.get(key)
    if type(value) in (int, float) and abs(value) <= sys.float_info.max:
        number: int | float = value
        return number
    raise FormatError(f"the seal's window {key!r} is not a finite number")


def _parse_adopted(body: Mapping[str, Any]) -> Adoption:
    from napari_seal._format.adoption import parse_adoption  # which few seals need

    return parse_adoption(body)


def _texts(body: Mapping[str, Any], place: str) -> Mapping[str, str]:
    if not all(isinstance(value, str) for value in body.values()):
        raise FormatError(f"the seal's {place} holds something else than texts")
    return body


def _parse_array(body: Mapping[str, Any], place: str) -> ArrayDigest:
    shape = body.get("shape")
    if (
        not isinstance(shape, list)
        or not 1 <= len(shape) <= 32
        or not all(type(n) is int and n >= 0 for n in shape)
    ):
        raise FormatError(f"the shape of the seal's {place} is not a list of sizes")
    return ArrayDigest(
        digest=Digest.parse(body.get("digest")),
        shape=tuple(shape),
        dtype=_required(body, "dtype", str),
        axes=_optional(body, "axes", str),
    )


def record_matches(text: bytes, seal: Seal) -> bool | None:
    """Whether the record digest agrees with the text before it.

    Returns
    -------
    bool or None
        None if the text is not laid out as a seal is written, so that there is no telling which
        bytes were sealed: some software parsed the JSON and wrote it anew.
    """
    match = _RECORD.search(text)
    if match is None or seal.record is None or match[1].decode() != str(seal.record):
        return None
    if text.rfind(b',"record":"') != match.start():
        return None
    return digest_of([memoryview(text)[: match.start()]], seal.record.algorithm) == seal.record
