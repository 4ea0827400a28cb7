"""The index of a stack: what the planes of a folder are together.

The text reads ``{"kind":"napari-seal stack","version":1,…,"record":"sha256:…"}``, and ``record`` is
the digest of all bytes before ``,"record":``, as in a seal.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import limits, record, signature
from napari_seal._format.algorithms import ALGORITHMS
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.metadata import check_metadata
from napari_seal._format.names import ENDINGS, INDEX_ENDING
from napari_seal._format.place import (
    StackPlace,
    parse_axes,
    parse_id,
    parse_numbers,
    plane_name,
    plane_names,
)
from napari_seal._format.signature import SealSignature
from napari_seal._format.window import Window
from napari_seal._text import printable
from napari_seal.errors import FormatError, NewerVersionError

if TYPE_CHECKING:
    from napari_seal._format.container import Format
    from napari_seal._format.signature import Signer

VERSION: Final = 1
KIND: Final = "napari-seal stack"
#: Types of the samples in them.
STORED: Final = ("uint8", "uint16")

_START: Final = f'{{"kind":"{KIND}",'.encode("ascii")
_RECORD: Final = re.compile(
    rb',"record":"([a-z0-9_-]+:[0-9a-f]+)"(?:,"signature":(?:"[^"\\]*"|\{[^{}]*\}))?\}\s*\Z'
)
#: What ends the text.
BRACE: Final = b"}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the index of a stack says.

    Parameters
    ----------
    id : str
        Identity of the stack: 32 hexadecimal digits.
    axes : tuple of str
        Names of all axes as the stack is opened: those along which its planes are counted, then
        ``"Y"``, ``"X"``, and for colour ``"S"``.
    shape : tuple of int
        Sizes of these axes.
    dtype : str
        Of the stored samples: ``"uint8"`` or ``"uint16"``.
    source_axes : tuple of str
        The same axes in the order that the sealed array had.
    source_dtype : str
        Of the sealed array, such as ``"uint16"``.
    format : {"jpeg", "png"}
        Of the planes.
    quality : int, optional
        JPEG quality, 1 to 100; None for PNG.
    window : Window, optional
        How intensities were mapped to levels, common to all planes; None where each plane has a
        window of its own.
    plane_windows : bool
        Whether each plane has.
    metadata : mapping
        The user's own.
    layer : mapping, optional
        How the stack was shown; values for each axis in the order of `axes`, without ``"S"``.
    created : str
        UTC time when the stack was begun, ISO 8601.
    software : mapping of str to str
        Versions of what made it.
    complete : bool
        Whether all planes were written.
    source : Digest, optional
        Of the digests of all planes' sources, one after the other: identity of the sealed array.
        None in a stack that is not complete.
    planes : bytes
        The digests `record` of all planes, one after the other; empty in one that is not complete.
    record : Digest, optional
        Of the index's text; None in one that is not yet written.
    signature : SealSignature, optional
        What follows the record; `napari_seal.check_stack` says whether it holds.
    """

    id: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    source_axes: tuple[str, ...]
    source_dtype: str
    format: Format
    created: str
    software: Mapping[str, str]
    quality: int | None = None
    window: Window | None = None
    plane_windows: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    layer: Mapping[str, Any] | None = None
    complete: bool = False
    source: Digest | None = None
    planes: bytes = field(default=b"", repr=False)
    record: Digest | None = None
    signature: SealSignature | None = None

    @property
    def version(self) -> int:
        """Version of the format of the index."""
        return VERSION

    @property
    def plane_axes(self) -> tuple[str, ...]:
        """Names of the axes along which planes are counted."""
        return self.axes[: -len(self.plane_shape)]

    @property
    def plane_shape(self) -> tuple[int, ...]:
        """Shape of each plane: (Y, X) or (Y, X, S)."""
        return self.shape[-3:] if self.axes[-1] == "S" else self.shape[-2:]

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of planes along each axis."""
        return self.shape[: len(self.plane_axes)]

    @property
    def count(self) -> int:
        """Number of planes."""
        return math.prod(self.grid)

    def place(self, index: tuple[int, ...]) -> StackPlace:
        """What the plane at an index carries.

        Parameters
        ----------
        index : tuple of int
            Its position along each of `plane_axes`.

        Returns
        -------
        StackPlace
            As in its seal.
        """
        return StackPlace(id=self.id, axes=self.plane_axes, shape=self.grid, index=index)

    def names(self, stem: str) -> Iterator[tuple[tuple[int, ...], str]]:
        """Index and file name of each plane, in the order of the names.

        Parameters
        ----------
        stem : str
            What the names begin with: the name of the folder without ``.sealed``.

        Returns
        -------
        iterator of (tuple of int, str)
            One for each plane.
        """
        return plane_names(stem, self.plane_axes, self.grid, ENDINGS[self.format])

    def name(self, stem: str, index: tuple[int, ...]) -> str:
        """File name of the plane at an index.

        Parameters
        ----------
        stem : str
            What the names begin with; see `names`.
        index : tuple of int
            Its position along each of `plane_axes`.

        Returns
        -------
        str
            Without the folder.
        """
        ending = ENDINGS[self.format]
        return plane_name(stem, self.plane_axes, self.grid, index, ending)

    def proof(self, number: int) -> Digest | None:
        """The digest `record` that the index has of a plane.

        Parameters
        ----------
        number : int
            Of the plane, from 0, in the order of `names`.

        Returns
        -------
        Digest or None
            None in a stack that is not complete.
        """
        if not self.complete or self.record is None:
            return None
        size = ALGORITHMS[self.record.algorithm]
        return Digest(self.record.algorithm, self.planes[number * size : (number + 1) * size].hex())


def is_index(path: str, data: bytes) -> bool:
    """Whether a file is the index of a stack: by its name, or by what it begins with."""
    return path.lower().endswith(INDEX_ENDING) or data.startswith(_START)


# --------------------------------------------------------------------------------------- writing


def dump(stack: Stack, algorithm: str, signer: Signer | None = None) -> bytes:
    """Serialise an index, and close it with the record digest, and its signature by a signer.

    Neither is taken from ``stack``.

    Raises
    ------
    MetadataError
        The metadata or layer attributes are not JSON.
    """
    layer = None if stack.layer is None else check_metadata(stack.layer, what="layer attribute")
    window: Any = stack.window and {"low": stack.window.low, "high": stack.window.high}
    source: dict[str, Any] = {"axes": list(stack.source_axes), "dtype": stack.source_dtype}
    if stack.source is not None:
        source["digest"] = str(stack.source)
    body = {
        "kind": KIND,
        "version": VERSION,
        "id": stack.id,
        "axes": list(stack.axes),
        "shape": list(stack.shape),
        "dtype": stack.dtype,
        "source": source,
        "format": stack.format,
        "quality": stack.quality,
        "window": "plane" if stack.plane_windows else window,
        "metadata": check_metadata(stack.metadata),
        "layer": layer,
        "created": stack.created,
        "software": dict(stack.software),
        "complete": stack.complete,
        "planes": base64.b64encode(stack.planes).decode("ascii") if stack.complete else None,
    }
    body = {key: value for key, value in body.items() if value is not None}
    text = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]
    text = b'%s,"record":"%s"' % (text, str(digest_of([text], algorithm)).encode("ascii"))
    return signature.close(text, BRACE, signer)


# --------------------------------------------------------------------------------------- reading


def parse(text: bytes) -> Stack:
    """Read an index, strictly; unknown keys are ignored.

    Raises
    ------
    NewerVersionError, UnknownAlgorithmError
        It is an index, and not of a kind that this version knows.
    FormatError
        It is not JSON, a key is missing or wrong, or the parts do not fit each other.
    """
    if len(text) > limits.INDEX_BYTES:
        raise FormatError(f"the index has more than {limits.INDEX_BYTES:,} bytes")
    body = record.load(text, "index")
    if body.get("kind") != KIND:
        raise FormatError(f"the file is no index of a stack: its kind is not {KIND!r}")
    version = body.get("version")
    if type(version) is not int or version < 1:
        raise FormatError(f"the index's version is {printable(version, 40)}, not a number from 1")
    if version > VERSION:
        raise NewerVersionError(f"the index has version {version}; this software knows {VERSION}")
    source = _required(body, "source", dict)
    if body.get("dtype") not in STORED:
        raise FormatError(f"samples are of one of {STORED}, not {printable(body.get('dtype'), 40)}")
    axes, shape = parse_axes(body.get("axes")), parse_numbers(body.get("shape"), "shape")
    source_axes = parse_axes(source.get("axes"))
    _check_axes(axes, shape, source_axes)
    window = body.get("window")
    name = _required(body, "format", str)
    image_format = next((known for known in ENDINGS if known == name), None)
    if image_format is None:
        raise NewerVersionError(f"planes of the format {printable(name, 40)!r} are unknown")
    closing = Digest.parse(body.get("record"))
    stack = Stack(
        id=parse_id(body.get("id")),
        axes=axes,
        shape=shape,
        dtype=_required(body, "dtype", str),
        source_axes=source_axes,
        source_dtype=_required(source, "dtype", str),
        format=image_format,
        quality=_required(body, "quality", int) if "quality" in body else None,
        window=None if window in (None, "plane") else _window(body),
        plane_windows=window == "plane",
        metadata=_required(body, "metadata", dict),
        layer=_required(body, "layer", dict) if "layer" in body else None,
        created=_required(body, "created", str),
        software=_required(body, "software", dict),
        complete=_required(body, "complete", bool),
        source=Digest.parse(source["digest"]) if "digest" in source else None,
        planes=_planes(body),
        record=closing,
        signature=signature.parse(body["signature"]) if "signature" in body else None,
    )
    _check_complete(stack, closing.algorithm)
    return stack


def _check_axes(
    axes: tuple[str, ...], shape: tuple[int, ...], source_axes: tuple[str, ...]
) -> None:
    colour = axes[-1:] == ("S",)
    if axes[-3 if colour else -2 :] != ("Y", "X", "S")[: 3 if colour else 2]:
        raise FormatError("the axes of the index do not end with Y, X or Y, X, S")
    if len(axes) != len(shape) or len(axes) < (4 if colour else 3) or min(shape, default=0) < 1:
        raise FormatError(f"the shape {shape} does not fit the axes of the index")
    if sorted(axes) != sorted(source_axes):
        raise FormatError("the axes of the index and of its source are not the same")
    planes = math.prod(shape[: -3 if colour else -2])
    if planes > limits.STACK_PLANES:
        raise FormatError(f"a stack has at most {limits.STACK_PLANES:,} planes, not {planes:,}")
    plane = shape[-3 if colour else -2 :]
    if math.prod(plane[:2]) > limits.PIXELS or math.prod(plane) > limits.PICTURE_BYTES:
        raise FormatError(f"planes of {plane} samples are larger than any that is read")


def _check_complete(stack: Stack, algorithm: str) -> None:
    expected = stack.count * ALGORITHMS[algorithm] if stack.complete else 0
    if len(stack.planes) != expected:
        raise FormatError(
            f"the index has {len(stack.planes):,} bytes of digests for its planes, where "
            f"{expected:,} belong"
        )
    if stack.complete and stack.source is None:
        raise FormatError("the index of a complete stack has no digest of the source")


def _planes(body: Mapping[str, Any]) -> bytes:
    if "planes" not in body:
        return b""
    try:
        return base64.b64decode(_required(body, "planes", str), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("the digests of the planes are not Base64") from error


def _window(body: Mapping[str, Any]) -> Window:
    return record.parse_window(_required(body, "window", dict))


def _required(body: Mapping[str, Any], key: str, kind: type) -> Any:
    value: Any = body.get(key)
    if type(value) is not kind:
        problem = "is missing" if key not in body else f"is not of type {kind.__name__}"
        raise FormatError(f"the index's {key!r} {problem}")
    return value


def index_matches(text: bytes, stack: Stack) -> bool | None:
    """Whether the record digest agrees with the text before it.

    Returns
    -------
    bool or None
        None if the text is not laid out as an index is written: some software wrote it anew.
    """
    match = _RECORD.search(text[-1024:])
    if match is None or stack.record is None or match[1].decode() != str(stack.record):
        return None
    end = text.rfind(b',"record":"')
    return digest_of([memoryview(text)[:end]], stack.record.algorithm) == stack.record
