"""Conformance vectors of stacks: names of planes, and indexes; see ``make_vectors.py``.

Standard library only, and none of napari-seal.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from make_vectors import sha256

ID = "00112233445566778899aabbccddeeff"


def plane_name(stem: str, axes: list[str], shape: list[int], index: list[int], kind: str) -> str:
    """Section 13.2: the file name of a plane."""
    name = stem
    for axis, size, position in zip(axes, shape, index, strict=True):
        letters = "".join(c for c in axis if c.isascii() and c.isalpha())[:16].lower()
        name += "_" + (letters or "axis") + str(position).rjust(len(str(size - 1)), "0")
    return name + {"jpeg": ".sealed.jpg", "png": ".sealed.png"}[kind]


def plane_name_vectors() -> list[dict[str, Any]]:
    """Stacks, indexes of planes, and their names."""
    rows: list[tuple[str, list[str], list[int], list[int]]] = [
        ("cells", ["T"], [1], [0]),
        ("cells", ["T"], [10], [9]),
        ("cells", ["T"], [11], [9]),
        ("cells", ["T", "C", "Z"], [1000, 2, 31], [3, 0, 12]),
        ("a.b c", ["Channel", "stage position"], [2, 100], [1, 7]),
        ("cells", ["../..", "2", "µ"], [2, 2, 2], [0, 1, 0]),
        ("cells", ["a name of more than sixteen letters"], [3], [2]),
        ("cells", ["T", "t."], [3, 3], [2, 1]),
        ("cells", ["\u0130"], [3], [2]),
    ]
    return [
        {"stem": stem, "axes": axes, "shape": shape, "index": index, "format": kind,
         "file": plane_name(stem, axes, shape, index, kind)}
        for stem, axes, shape, index in rows
        for kind in ("jpeg", "png")
    ]  # fmt: skip


def close_index(text: str) -> str:
    """Section 13.3: put the record digest on."""
    return f'{text},"record":"{sha256(text.encode("ascii"))}"}}'


def open_index(**changes: Any) -> str:
    """An index's text before the digest: two planes of 2 x 3 pixels."""
    proofs = [hashlib.sha256(bytes((n,))).digest() for n in range(2)]
    body: dict[str, Any] = {
        "kind": "napari-seal stack",
        "version": 1,
        "id": ID,
        "axes": ["T", "Y", "X"],
        "shape": [2, 2, 3],
        "dtype": "uint8",
        "source": {"axes": ["T", "Y", "X"], "dtype": "uint16", "digest": sha256(b"x")},
        "format": "jpeg",
        "quality": 90,
        "window": {"low": 0, "high": 4095},
        "metadata": {"a": [1, 2.5, "\u017d"]},
        "created": "2026-01-31T12:00:00.000Z",
        "software": {"napari-seal": "0.1.0"},
        "complete": True,
        "planes": base64.b64encode(b"".join(proofs)).decode("ascii"),
    }
    body.update(changes)
    body = {key: value for key, value in body.items() if value is not None}
    return json.dumps(body, separators=(",", ":"))[:-1]


def _begun(**changes: Any) -> str:
    source = {"axes": ["T", "Y", "X"], "dtype": "uint16"}
    return close_index(open_index(complete=False, planes=None, source=source, **changes))


def stack_vectors() -> list[dict[str, Any]]:
    """Texts of indexes, and what a reader must say of each."""
    ok = close_index(open_index())
    colour = {
        "axes": ["Z", "Y", "X", "S"],
        "shape": [2, 2, 3, 3],
        "source": {"axes": ["S", "Z", "X", "Y"], "dtype": "float32", "digest": sha256(b"x")},
    }
    rows = {
        "ok": {
            "complete": ok,
            "colour, axes in another order": close_index(open_index(**colour)),
            "a window for each plane": close_index(open_index(window="plane")),
            "required keys only": close_index(open_index(window=None, quality=None)),
            "with layer attributes": close_index(open_index(layer={"scale": [1.0, 0.5, 0.5]})),
            "png of 16 bits": close_index(
                open_index(format="png", dtype="uint16", quality=None, window=None)
            ),
            "an unknown key": close_index(open_index(later=[{}])),
            "a large number": close_index(open_index(metadata={"ns": 10**40})),
        },
        "incomplete": {"begun": _begun(), "begun, a window for each plane": _begun(window="plane")},
        "changed": {
            "metadata": ok.replace("2.5", "2.6"),
            "window": ok.replace("4095", "4096"),
            "a space": ok.replace('"axes":', '"axes": ', 1),
        },
        "rewritten": {
            "with spaces": json.dumps(json.loads(ok)),
            "a key behind": ok[:-1] + ',"z":1}',
        },
        "malformed": {
            "not JSON": ok[:-1],
            "not an object": f"[{ok}]",
            "a key twice": ok.replace('"quality":90', '"quality":90,"quality":90'),
            "another kind": close_index(open_index(kind="stack")),
            "no id": close_index(open_index(id=None)),
            "an id in capitals": close_index(open_index(id=ID.upper())),
            "axes that do not end with Y, X": close_index(open_index(axes=["Y", "X", "T"])),
            "an axis twice": close_index(open_index(axes=["X", "Y", "X"])),
            "no axis of planes": close_index(
                open_index(axes=["Y", "X"], shape=[2, 3], source={"axes": ["Y", "X"]})
            ),
            "a size of 0": close_index(open_index(shape=[0, 2, 3])),
            "too few sizes": close_index(open_index(shape=[2, 2])),
            "other axes in the source": close_index(
                open_index(source={"axes": ["Z", "Y", "X"], "dtype": "u", "digest": sha256(b"")})
            ),
            "one digest too few": close_index(open_index(shape=[3, 2, 3])),
            "no digests": close_index(open_index(planes=None)),
            "digests of an unfinished stack": close_index(open_index(complete=False)),
            "no digest of the source": close_index(
                open_index(source={"axes": ["T", "Y", "X"], "dtype": "uint16"})
            ),
            "digests that are no Base64": close_index(open_index(planes="*" * 88)),
            "complete as a number": close_index(open_index(complete=1)),
            "no record": open_index() + "}",
        },
        "unsupported": {
            "version 2": close_index(open_index(version=2)),
            "an unknown format": close_index(open_index(format="jxl")),
            "an unknown algorithm": open_index() + ',"record":"md5:00"}',
        },
    }
    return [
        {"name": name, "text": text, "verdict": verdict}
        for verdict, texts in rows.items()
        for name, text in texts.items()
    ]
