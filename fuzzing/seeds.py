"""Valid files to begin with, small and made from a seed: the same on every machine.

``python fuzzing/seeds.py FOLDER`` writes them, one folder for each property;
``python fuzzing/seeds.py FOLDER OTHERS`` writes what can be made of other people's JPEG files.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import sys
import tempfile
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import piexif
from click.testing import CliRunner
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from make_vectors import close_record, segment
from make_vectors_stack import close_index, open_index
from mutators import (
    APP1,
    EXIF,
    exif_payload,
    moedal_file,
    record_text,
    rewrite_exif,
    with_exif,
    with_text,
)
from png_mutators import chunk, replace
from strangers import ACCEPTED, camera_block

from napari_seal import Ledger, Trust, TrustedKey, Window, seal, seal_stack
from napari_seal._cli import main
from napari_seal._format import jpeg
from napari_seal._format.pixels import digest_array
from napari_seal._seal.embed import embed
from napari_seal._trust.keys import SigningKey

METADATA = {"detector": "TDR 12", "dose": 1.5, "ok": True, "run": {"id": 2**63, "tags": [1, "a"]}}
TAGS = {"Make": "Zeiss", "ExposureTime": (1, 250)}


def levels(*shape: int, kind: Any = np.uint8) -> np.ndarray:
    """Noise on a slope, so that a picture has some detail and no more bytes than it needs."""
    rng = np.random.default_rng(7)
    slope = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) * 3.0
    slope = slope if len(shape) == 2 else np.repeat(slope[..., None], shape[2], 2)
    noisy = np.clip(slope + rng.normal(20, 9, shape), 0, 255)
    return (noisy * (np.iinfo(kind).max // 255)).astype(kind)


@cache
def pictures() -> dict[str, bytes]:
    """Sealed files by their names."""
    out: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, image in {
            "gray.jpg": levels(24, 32, kind=np.uint16),
            "rgb.jpg": levels(16, 24, 3),
            "gray.png": levels(16, 24),
            "deep.png": levels(16, 24, kind=np.uint16),
            "rgb.png": levels(12, 10, 3),
            "rgba.png": levels(12, 10, 4),
        }.items():
            seal(image, Path(folder) / name, metadata=METADATA, exif=TAGS)
            out[name] = (Path(folder) / name).read_bytes()
        signed = Path(folder) / "signed.jpg"
        seal(levels(16, 24), signed, metadata=METADATA, exif=TAGS, key=_signing_key())
        out[signed.name] = signed.read_bytes()
    for name, options in {
        "progressive.jpg": {"progressive": True},
        "restarts.jpg": {"restart_marker_blocks": 2},
    }.items():
        encoded = io.BytesIO()
        Image.fromarray(levels(16, 24)).save(encoded, "JPEG", quality=80, **options)
        out[name], _ = embed(
            encoded.getvalue(),
            source=digest_array(levels(16, 24), axes="YX"),
            window=Window(low=0, high=255),
            quality=80,
            metadata=METADATA,
            exif_tags=TAGS,
            layer={"name": "a", "scale": [1, 2.5]},
            moedal=False,
        )
    out["moedal.jpg"] = moedal_file(levels(16, 24, kind=np.uint16), {"detector": "TDR 12"})
    return out


def carriers(text: bytes) -> list[bytes]:
    """Sealed files with another record in their Exif blocks."""
    found = pictures()
    block = exif_payload(with_text(text)(found["gray.jpg"]))
    return [
        with_text(text)(found["gray.jpg"]),
        replace(b"eXIf", chunk(b"eXIf", block[len(EXIF) :]))(found["deep.png"]),
    ]


def closed(text: bytes, end: bytes = b"}}") -> bytes:
    """The text with the right digest at its end, as somebody would close it who wants to harm."""
    start, mark, _ = text.rpartition(b',"record":"')
    start = start if mark else text
    return b'%s,"record":"sha256:%s"%s' % (start, hashlib.sha256(start).hexdigest().encode(), end)


def _records() -> dict[str, bytes]:
    texts = {name: record_text(data) for name, data in pictures().items() if name.endswith("jpg")}
    for name, data in pictures().items():
        if name.endswith("png"):
            start = data.index(b"ASCII\0\0\0{") + 8
            texts[name] = data[start : data.index(b'"}}', start) + 3]
    body = json.loads(texts["gray.jpg"])
    body["seal"].pop("record")
    last = [(key, body["seal"].pop(key)) for key in ("created", "software")]
    body["seal"]["stack"] = {"id": "0" * 32, "axes": ["T"], "shape": [2], "index": [1]}
    body["seal"].update(last)
    texts["stack"] = close_record(json.dumps(body, separators=(",", ":"))[:-2]).encode()
    return texts


def _blocks() -> dict[str, bytes]:
    block = exif_payload(rewrite_exif(">")(pictures()["gray.jpg"]))[len(EXIF) :]
    thumbnail = io.BytesIO()
    Image.fromarray(levels(8, 8)).save(thumbnail, "JPEG")
    full = piexif.dump({
        "0th": {piexif.ImageIFD.Make: b"Zeiss", piexif.ImageIFD.Orientation: 6},
        "Exif": {piexif.ExifIFD.UserComment: b"UNICODE\0" + '{"seal":1}'.encode("utf-16-be")},
        "GPS": {piexif.GPSIFD.GPSLatitude: ((52, 1), (30, 1), (1, 2))},
        "Interop": {piexif.InteropIFD.InteroperabilityIndex: b"R98"},
        "1st": {piexif.ImageIFD.Compression: 6},
        "thumbnail": thumbnail.getvalue(),
    })  # fmt: skip
    return {
        "little": exif_payload(pictures()["gray.jpg"])[len(EXIF) :],
        "big": block,
        "full": full[len(EXIF) :],
    }


def _more_pictures() -> dict[str, bytes]:
    """The same files with what others put into them."""
    gray, deep = pictures()["gray.jpg"], pictures()["deep.png"]
    at = gray.index(b"\xff\xdb")
    return {
        "segments.jpg": gray[:at]
        + segment(0xFE, b"a comment")
        + segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")
        + segment(0xE2, b"ICC_PROFILE\0\1\1data")
        + gray[at:]
        + b"behind",
        "big-endian.jpg": rewrite_exif(">")(gray),
        "two.jpg": with_exif(gray, exif_payload(gray) + b"\0") + gray,
        "plain.jpg": unsealed(),
        "texts.png": deep[:33]
        + chunk(b"tEXt", b"Title\0a")
        + chunk(b"zTXt", b"Raw profile type exif\0\0x\x9c\x03\0\0\0\0\1")
        + chunk(b"acTL", b"\0\0\0\1\0\0\0\0")
        + deep[33:],
    }


def unsealed() -> bytes:
    """A JPEG without a seal."""
    plain = io.BytesIO()
    Image.fromarray(levels(16, 24)).save(plain, "JPEG", comment=b"no seal")
    return plain.getvalue()


def _indexes() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        stack = np.stack([levels(16, 16)] * 4).reshape(2, 2, 16, 16)
        seal_stack(stack, Path(folder) / "a", metadata=METADATA, axes="TZYX")
        found = next(Path(folder).rglob("*.sealed.json")).read_bytes()
    return {"sealed": found, "plain": close_index(open_index()).encode()}


def _archive() -> dict[str, dict[str, bytes]]:
    """A ledger with some history, reports of its last run, and a manifest."""
    out: dict[str, dict[str, bytes]] = {"ledger": {}, "report": {}, "manifest": {}}
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        files = Path("files")
        files.mkdir()
        for name in ("gray.jpg", "rgb.jpg", "deep.png"):
            (files / name).write_bytes(pictures()[name])
        (files / "copy of gray.jpg").write_bytes(pictures()["gray.jpg"])
        ledger = Path("ledger.db")
        commands = ["verify", "files", "--ledger", "ledger.db"]
        runner = CliRunner()
        runner.invoke(main, commands)
        (files / "gray.jpg").write_bytes(pictures()["gray.jpg"][:-80])
        (files / "rgb.jpg").unlink()
        reports = ["report.jsonl", "report.csv"]
        runner.invoke(main, [*commands, "--jsonl-file", reports[0], "--csv", reports[1]])
        out["report"] = {name: Path(name).read_bytes() for name in reports}
        for name in ("sums.txt", "manifest-sha256.txt"):
            with Ledger.open(ledger) as opened:
                list(opened.write_manifest(name))
            out["manifest"][name] = Path(name).read_bytes()
        connection = sqlite3.connect(ledger)
        connection.execute("UPDATE about SET value = CAST('/files' AS BLOB) WHERE key = 'root'")
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 512")
        connection.execute("VACUUM")
        connection.close()
        out["ledger"]["two runs"] = ledger.read_bytes()
        out["manifest"]["odd names"] = (
            b"\\" + b"0" * 64 + b"  a\\nb\\\\c\n" + b"f" * 64 + b" *d\r\n"
        )
    return out


def _signing_key() -> SigningKey:
    """The key of RFC 8032, section 7.1, test 1."""
    key = SigningKey.__new__(SigningKey)
    key.__setstate__(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    return key


def trust() -> Trust:
    """Trust in that key."""
    return Trust((TrustedKey(name="a", key=_signing_key().public),))


def _trust_lists() -> dict[str, bytes]:
    line = _signing_key().public.text
    entry = f'[[key]]\nname = "Zo\u00eb"\npublic = "{line}"\n'
    times = "valid_from = 2026-01-31\nrevoked = 2026-05-06T07:08:09Z\ncompromised = false\n"
    return {"one": entry.encode(), "times": (entry + times).encode()}


def _keys() -> dict[str, bytes]:
    """Keys; encrypted ones cost time by design."""
    key = _signing_key()
    return {
        "private": key.pem(),
        "public": key.public.pem.encode(),
        "text": key.public.text.encode(),
    }


def all_seeds() -> dict[str, dict[str, bytes]]:
    """Valid inputs by property and name."""
    files = pictures() | _more_pictures()
    return {
        "jpeg": {name: data for name, data in files.items() if name.endswith("jpg")},
        "png": {name: data for name, data in files.items() if name.endswith("png")},
        "exif": _blocks(),
        "record": _records(),
        "index": _indexes(),
        "check": files,
        "picture": files,
        "key": _keys(),
        "trust": _trust_lists(),
        "amend": _blocks() | {"camera": camera_block()[len(EXIF) :]},
        "adopt": {re.sub(r"\W", "-", name): data for name, data in ACCEPTED.items()},
        **_archive(),
    }


def seeds_from(folder: str) -> dict[str, dict[str, bytes]]:
    """Other people's JPEG files, also sealed, and their Exif blocks; what is large is left out."""
    files = {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.jp*g"))}
    files = {name: data for name, data in files.items() if len(data) < 1 << 16}
    blocks: dict[str, bytes] = {}
    for name, data in dict(files).items():
        if jpeg.is_jpeg(data):
            for number, block in enumerate(jpeg.walk(data).exif_blocks()):
                blocks[f"{name}-{number}"] = block
        payload = segment(APP1, exif_payload(pictures()["gray.jpg"]))
        files[f"sealed-{name}"] = data[:2] + payload + data[2:]
    return {
        "jpeg": files,
        "check": files,
        "picture": files,
        "exif": blocks,
        "amend": blocks,
        "adopt": files,
    }


if __name__ == "__main__":
    _found = seeds_from(sys.argv[2]) if len(sys.argv) > 2 else all_seeds()
    for _property, _inputs in _found.items():
        _folder = Path(sys.argv[1]) / _property
        _folder.mkdir(parents=True, exist_ok=True)
        for _name, _data in _inputs.items():
            (_folder / _name).write_bytes(_data)
