"""Damage to JPEG files, and outside makers of them, for all tests: nothing here is the code's own.

Only the order of bytes is known here, from the standards; the parsers that are tested are not used.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import piexif
import piexif.helper
from make_vectors import segment
from make_vectors_metadata import read_tiff, write_tiff
from PIL import Image
from support import skip_or_fail

SOF0, SOF2, DHT, SOI, EOI, SOS, DQT, DRI, COM = 0xC0, 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE
APP0, APP1, APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"

Mutator = Callable[[bytes], bytes]


# ------------------------------------------------------------------------------------- segments


def spans(data: bytes) -> list[tuple[int, int, int]]:
    """Marker, start and end of every segment, in all scans up to EOI; a scan's data excluded."""
    out, at = [], 2
    while at + 4 <= len(data) and data[at + 1] != EOI:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        out.append((data[at + 1], at, end))
        at = end
        if data[out[-1][1] + 1] == SOS:
            while not (data[at] == 0xFF and data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7):
                at += 1
    return out


def find(data: bytes, marker: int, which: int = 0, starts: bytes = b"") -> tuple[int, int]:
    """Start and end of a segment."""
    hits = [(s, e) for m, s, e in spans(data) if m == marker and data.startswith(starts, s + 4)]
    return hits[which]


def splice(data: bytes, start: int, end: int, new: bytes) -> bytes:
    """``data`` with a range replaced."""
    return data[:start] + new + data[end:]


def flip(data: bytes, at: int, mask: int = 1) -> bytes:
    """``data`` with bits of one byte inverted."""
    at %= len(data)
    return splice(data, at, at + 1, bytes((data[at] ^ mask,)))


def flip_in(marker: int, offset: int, which: int = 0, mask: int = 1) -> Mutator:
    """Invert bits of a segment's payload."""
    return lambda data: flip(data, find(data, marker, which)[0] + 4 + offset, mask)


def insert_before(marker: int, new: bytes, which: int = 0) -> Mutator:
    """Insert bytes before a segment."""

    def mutate(data: bytes) -> bytes:
        at = find(data, marker, which)[0] if marker != EOI else data.rindex(b"\xff\xd9")
        return splice(data, at, at, new)

    return mutate


def remove(marker: int, starts: bytes = b"") -> Mutator:
    """Remove a segment."""
    return lambda data: splice(data, *find(data, marker, starts=starts), b"")


def scan_offset(data: bytes, share: float) -> int:
    """An offset inside the last scan, on neither side of an FF."""
    start = find(data, SOS, -1)[1]
    at = start + int((len(data) - 2 - start) * share)
    while 0xFF in data[at - 2 : at + 2]:
        at += 1
    return at


# ----------------------------------------------------------------------------------------- Exif


def exif_payload(data: bytes) -> bytes:
    """Payload of the Exif segment."""
    start, end = find(data, APP1, starts=EXIF)
    return data[start + 4 : end]


def with_exif(data: bytes, payload: bytes) -> bytes:
    """``data`` with another Exif block."""
    return splice(data, *find(data, APP1, starts=EXIF), segment(APP1, payload))


def edit_exif(edit: Callable[[dict[str, dict[int, Any]]], None]) -> Mutator:
    """Change Exif tags as an editor does, the rest untouched."""

    def mutate(data: bytes) -> bytes:
        tags = piexif.load(exif_payload(data))
        edit(tags)
        return with_exif(data, piexif.dump(tags))

    return mutate


def record_text(data: bytes) -> bytes:
    """The JSON text in UserComment."""
    return piexif.load(exif_payload(data))["Exif"][0x9286][8:]


def with_text(text: bytes) -> Mutator:
    """Put another text into UserComment."""
    return edit_exif(lambda tags: tags["Exif"].update({0x9286: b"ASCII\0\0\0" + text}))


def edit_text(edit: Mutator) -> Mutator:
    """Change the JSON text in UserComment."""
    return lambda data: with_text(edit(record_text(data)))(data)


def edit_seal(edit: Callable[[dict[str, Any]], None]) -> Mutator:
    """Change the seal's JSON object, and keep the layout of the text."""

    def mutate(text: bytes) -> bytes:
        value = json.loads(text)
        edit(value["seal"])
        return json.dumps(value, separators=(",", ":")).encode()

    return edit_text(mutate)


def reseal(edit: Callable[[dict[str, Any]], None]) -> Mutator:
    """Change the seal and close the record again, as somebody who wants to deceive would."""

    def mutate(text: bytes) -> bytes:
        value = json.loads(text)
        edit(value["seal"])
        del value["seal"]["record"]
        start = json.dumps(value, separators=(",", ":")).encode()[:-2]
        return b'%s,"record":"sha256:%s"}}' % (start, hashlib.sha256(start).hexdigest().encode())

    return edit_text(mutate)


def rewrite_exif(order: str) -> Mutator:
    """Write the Exif block anew in a byte order, with values in other places."""
    return lambda data: with_exif(
        data, EXIF + write_tiff(read_tiff(exif_payload(data)[6:]), order, gap=6)
    )


# --------------------------------------------------------------------------------------- damage


def in_scan(share: float, new: bytes | None = None) -> Mutator:
    """Flip a bit inside the scan, or insert bytes there."""

    def mutate(data: bytes) -> bytes:
        at = scan_offset(data, share)
        return flip(data, at, 0x10) if new is None else splice(data, at, at, new)

    return mutate


def cut(share: float, tail: bytes = b"") -> Mutator:
    """Truncate inside the scan."""
    return lambda data: data[: scan_offset(data, share)] + tail


def keep(count: int) -> Mutator:
    """Truncate to a number of bytes."""
    return lambda data: data[:count]


def cut_before(marker: int) -> Mutator:
    """Truncate before a segment."""
    return lambda data: data[: find(data, marker)[0]]


def fill_before(pattern: bytes) -> Mutator:
    """Three fill bytes before each marker that matches (T.81, B.1.1.2)."""
    return lambda data: re.sub(pattern, lambda hit: b"\xff\xff\xff" + hit[0], data, flags=re.DOTALL)


def resave(**options: object) -> Mutator:
    """Save the picture again with Pillow, keeping the Exif block as careful editors do."""

    def mutate(data: bytes) -> bytes:
        out = io.BytesIO()
        image = Image.open(io.BytesIO(data))
        image.save(out, "JPEG", exif=exif_payload(data), **options)
        return out.getvalue()

    return mutate


def jpegtran(options: str) -> Mutator:
    """Rewrite without loss, by the reference tool."""

    def mutate(data: bytes) -> bytes:
        if shutil.which("jpegtran") is None:
            skip_or_fail("tools", "jpegtran is not installed")
        run = subprocess.run(
            ["jpegtran", *options.split()], input=data, capture_output=True, check=True
        )
        return run.stdout

    return mutate


def redraw(draw: Callable[[np.ndarray], np.ndarray], **options: object) -> Mutator:
    """Edit the pixels and save with the Exif block, at quality 90 if nothing else is said."""
    options = {"quality": 90} | options

    def mutate(data: bytes) -> bytes:
        out = io.BytesIO()
        pixels = draw(np.array(Image.open(io.BytesIO(data))))
        Image.fromarray(pixels).save(out, "JPEG", exif=exif_payload(data), **options)
        return out.getvalue()

    return mutate


def then(*mutators: Mutator) -> Mutator:
    """One change after the other."""
    return lambda data: reduce(lambda changed, mutate: mutate(changed), mutators, data)


def tag(directory: str, number: int, value: object) -> Mutator:
    """Set an Exif tag."""
    return edit_exif(lambda tags: tags[directory].update({number: value}))


def drop(directory: str, number: int) -> Mutator:
    """Remove an Exif tag."""
    return edit_exif(lambda tags: tags[directory].pop(number) and None)


def text(old: bytes, new: bytes) -> Mutator:
    """Replace text in the record, once."""

    def mutate(record: bytes) -> bytes:
        assert old in record
        return record.replace(old, new, 1)

    return edit_text(mutate)


#: A TIFF block whose only tag says Orientation 6.
TURNED = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"


def double_stuffing(data: bytes) -> bytes:
    """Put an FF before a stuffed zero's: decoders disagree about ``FF FF 00``."""
    at = data.rindex(b"\xff\0")
    return data[:at] + b"\xff" + data[at:]


def huge_frame(data: bytes) -> bytes:
    """Say 16384 x 16384 in the frame header."""
    start, _ = find(data, 0xC0)
    return splice(data, start + 5, start + 9, b"\x40\0\x40\0")


def flip_digit(key: str) -> Mutator:
    """Change the first digit of a digest in the seal, and nothing else."""

    def mutate(data: bytes) -> bytes:
        at = data.index(b'"%s":"sha256:' % key.encode()) + len(key) + len('"":"sha256:')
        return flip(data, at)

    return mutate


def seal_key(key: str, value: object) -> Mutator:
    """Set a key of the seal."""
    return edit_seal(lambda body: body.update({key: value}))


# --------------------------------------------------------------------------- the MoEDAL function


def moedal_levels(y: np.ndarray) -> np.ndarray:
    """The 8-bit picture that the MoEDAL function stores, in the function's own arithmetic."""
    z = (65535 * ((y - y.min()) / (y.max() - y.min()))).astype(np.uint16)
    return (z // 256).astype(np.uint8)


def moedal_digest(data: bytes) -> str:
    """Its digest of a stored picture."""
    reloaded = np.asarray(Image.open(io.BytesIO(data)))
    return hashlib.sha224(np.float32(reloaded).tobytes()).hexdigest()


def moedal_file(y: np.ndarray, metadata: Mapping[str, Any], quality: int = 90) -> bytes:
    """A file as the MoEDAL function writes it."""
    out = io.BytesIO()
    Image.fromarray(moedal_levels(y)).save(out, "JPEG", quality=quality)
    content = {**metadata, "sha244": moedal_digest(out.getvalue())}
    comment = piexif.helper.UserComment.dump(json.dumps(content))
    sealed = io.BytesIO()
    piexif.insert(piexif.dump({"Exif": {0x9286: comment}}), out.getvalue(), sealed)
    return sealed.getvalue()


def moedal_check(data: bytes) -> bool:
    """What the collaboration does to a file: reload, digest, compare with the stored key."""
    comment = piexif.load(data)["Exif"][0x9286]
    stored = json.loads(piexif.helper.UserComment.load(comment))
    return stored["sha244"] == moedal_digest(data)
