"""ND2 files as NIS-Elements 4 laid them out (version 2.1, metadata in XML), written for tests.

There is no writer to be had, and files from microscopes are too large to ship.  Chunks follow each
other, each with a header of magic number, length of its name, and length of its data; a map of all
chunks stands at the end, and its position in the last 8 bytes.  Pixels begin 4096 bytes after the
chunk that holds them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

_MAGIC = 0x0ABECEDA
_TYPES = {bool: "bool", int: "lx_uint32", float: "double", str: "CLxStringW"}


def write_nd2(
    path: Path,
    frames: np.ndarray,
    loops: Sequence[Mapping[str, Any]] = (),
    *,
    channels: Sequence[str] = ("Gray",),
    rgb: bool = False,
    lost: Sequence[int] = (),
    pixel_size: float = 0.25,
    claims: Mapping[str, int] | None = None,
) -> None:
    """Write a file.

    Parameters
    ----------
    path : Path
    frames : (N, Y, X, C) ndarray of uint16 or uint8
        All frames, in the order of the loops, the first of which is the slowest.
    loops : sequence of mapping
        Of ``kind`` (1 time, 2 positions, 4 depth) and whatever belongs to it.
    channels : sequence of str
    rgb : bool
        Whether the components are colours of one channel.
    lost : sequence of int
        Frames that the file lacks.
    pixel_size : float
        In micrometers.
    claims : mapping, optional
        Attributes that are not true.
    """
    number, height, width, components = frames.shape
    bits = 8 * frames.itemsize
    attributes = {
        "uiWidth": width, "uiHeight": height, "uiComp": components, "uiSequenceCount": number,
        "uiWidthBytes": width * components * frames.itemsize,
        "uiBpcInMemory": bits, "uiBpcSignificant": bits, "eCompression": 2,
    }  # fmt: skip
    attributes |= claims or {}
    planes = {
        f"a{n}": {
            "sDescription": name, "uiCompCount": components if rgb else 1, "uiColor": 255,
            "pFluorescentProbe": {"m_sName": "probe"}, "uiModalityMask": 1,
        }
        for n, name in enumerate(channels)
    }  # fmt: skip
    metadata = {
        "bCalibrated": True, "dCalibration": pixel_size, "wsObjectiveName": "Plan Apo 20x",
        "sPicturePlanes": {"uiCount": len(channels), "sPlane": planes},
    }  # fmt: skip
    chunks = {
        b"ImageAttributes!": _variant(attributes),
        b"ImageMetadataSeq|0!": _variant(metadata),
        b"ImageTextInfo!": _variant({"TextInfoItem_9": "3/5/2026 12:08:52"}),
    }
    if loops:
        chunks[b"ImageMetadata!"] = _variant(_nested(list(loops)))
    content = bytearray(_chunk(b"ND2 FILE SIGNATURE CHUNK NAME01!", b"Ver2.1".ljust(64, b"\0"), 32))
    places = {}
    for name, data in chunks.items():
        places[name] = (len(content), len(data))
        content += _chunk(name, data, 4080)
    for index, frame in enumerate(frames):
        if index not in lost:
            name = f"ImageDataSeq|{index}!".encode()
            places[name] = (len(content), frame.nbytes + 8)
            content += _chunk(
                name, bytes(8) + frame.astype(frames.dtype.newbyteorder("<")).tobytes(), 4072
            )
    start = len(content)
    table = b"".join(name + struct.pack("<QQ", *place) for name, place in places.items())
    end = b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", start)
    content += _chunk(b"ND2 FILEMAP SIGNATURE NAME 0001!", table + end, 32)
    path.write_bytes(content)


def _chunk(name: bytes, data: bytes, reserved: int) -> bytes:
    return struct.pack("<IIQ", _MAGIC, reserved, len(data)) + name.ljust(reserved, b"\0") + data


def _nested(loops: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Each loop holds the next, faster one."""
    first, *rest = loops
    parameters = {key: value for key, value in first.items() if key != "kind"}
    loop: dict[str, Any] = {"eType": first["kind"], "uLoopPars": parameters}
    if rest:
        loop["ppNextLevelEx"] = {"no_name": _nested(rest)}
    return loop


def _variant(content: Mapping[str, Any]) -> bytes:
    inner = _elements({"no_name": content})
    return f'<?xml version="1.0"?><variant version="1.0">{inner}</variant>'.encode()


def _elements(content: Mapping[str, Any]) -> str:
    parts = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            parts.append(f'<{name} runtype="CLxListVariant">{_elements(value)}</{name}>')
        elif isinstance(value, list):
            items = "".join(_elements({"no_name": item}) for item in value)
            parts.append(f'<{name} runtype="CLxListVariant">{items}</{name}>')
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            parts.append(f'<{name} runtype="{_TYPES[type(value)]}" value={quoteattr(text)}/>')
    return "".join(parts)
