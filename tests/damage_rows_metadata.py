"""The rows of the table of damage that are about metadata: Exif tags, and the record."""

from __future__ import annotations

import io
import json

import piexif
from damage_edits import BROKEN, IMAGE, META, NEWER, NONE, OK, Row, spot
from mutators import (
    APP1,
    DQT,
    EXIF,
    SOF0,
    XMP,
    Mutator,
    drop,
    edit_exif,
    edit_seal,
    edit_text,
    exif_payload,
    find,
    in_scan,
    insert_before,
    record_text,
    redraw,
    remove,
    reseal,
    rewrite_exif,
    seal_key,
    segment,
    splice,
    tag,
    text,
    then,
    with_exif,
    with_text,
)
from PIL import Image


def in_unicode(old: bytes, new: bytes) -> Mutator:
    """Edit the comment as ExifTool does where a character is not ASCII: in UTF-16."""

    def mutate(data: bytes) -> bytes:
        edited = record_text(data).replace(old, new).decode()
        value = b"UNICODE\0" + edited.encode("utf-16-be")
        return tag("Exif", 0x9286, value)(data)

    return mutate


def bare(tags: dict[str, dict[int, object]]) -> None:
    """Only the comment is left."""
    tags["0th"].clear()
    tags["Exif"] = {0x9286: tags["Exif"][0x9286]}


def as_jpeg(data: bytes) -> bytes:
    """A plain save."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG")
    return out.getvalue()


def foreign_exif(data: bytes) -> bytes:
    """A second Exif block, without a seal, before the sealed one."""
    block = segment(APP1, piexif.dump({"0th": {0x0112: 6}}))
    return splice(data, *[find(data, APP1, starts=EXIF)[0]] * 2, block)


def other_seal_added(data: bytes) -> bytes:
    """A second Exif block with another seal."""
    text = record_text(data).replace(b"TDR 12", b"TDR 13")
    block = piexif.dump({"Exif": {0x9286: b"ASCII\0\0\0" + text}})
    return insert_before(SOF0, segment(APP1, block))(data)


SHA = "0" * 64
EARLY = piexif.dump({"Exif": {0x9286: b"ASCII\0\0\0just a comment"}})

#: The columns are those of `ROWS` in ``test_damage.py``.
METADATA_ROWS: list[Row] = [
    # Exif tags
    ("tag changed", "gray", tag("0th", 0x010F, b"Leica"), META, "exif-tag-changed"),
    ("date changed", "rgb", tag("Exif", 0x9003, b"2024:05:07 07:08:09"), META, "exif-tag-changed"),
    ("tag removed", "gray", drop("0th", 0x010F), META, "exif-tag-removed"),
    ("all tags but the seal's removed", "gray", edit_exif(bare), META, "exif-tag-removed"),
    ("tags changed, removed and added", "gray",
     then(tag("0th", 0x010F, b"Leica"), drop("Exif", 0x9003), tag("0th", 0x013B, b"Somebody")),
     META, "exif-tag-changed exif-tag-removed exif-tags-added"),
    ("ImageUniqueID removed", "gray", drop("Exif", 0xA420), META, "exif-tag-removed"),
    ("tag added", "gray", tag("0th", 0x013B, b"Somebody"), OK, "exif-tags-added"),
    ("position added", "gray", tag("GPS", 1, b"N"), OK, "exif-tags-added"),
    ("Orientation 6 added", "gray", tag("0th", 0x0112, 6), META, "orientation-changed"),
    ("Orientation 1 added", "gray", tag("0th", 0x0112, 1), OK, "exif-tags-added"),
    ("Exif little-endian", "gray", rewrite_exif("<"), OK, ""),
    ("Exif big-endian, moved", "rgb", rewrite_exif(">"), OK, ""),
    ("foreign Exif block first", "gray", foreign_exif, META, "exif-block-added"),
    ("same Exif block twice", "gray",
     lambda d: insert_before(DQT, segment(APP1, exif_payload(d)))(d), META, "exif-block-added"),
    ("two seals", "gray", other_seal_added, BROKEN, "seal-conflict"),
    # The record
    ("value edited", "gray", text(b"TDR 12", b"TDR 13"), META,
     "metadata-key-changed record-mismatch"),
    ("number edited", "rgb", text(b'"dose":1.5', b'"dose":1.6'), META,
     "metadata-key-changed record-mismatch"),
    ("key added", "gray", text(b"{", b'{"new":1,'), META, "metadata-key-added record-mismatch"),
    ("key added after the seal", "gray", edit_text(lambda t: t[:-1] + b',"new":1}'),
     META, "metadata-key-added record-rewritten"),
    ("key removed", "gray", text(b'"dose":1.5,', b""), META,
     "metadata-key-removed record-mismatch"),
    ("key renamed", "gray", text(b'"dose"', b'"doze"'), META,
     "metadata-key-removed metadata-key-added record-mismatch"),
    ("value emptied", "gray", text(b'"TDR 12"', b'""'), META, "metadata-key-changed"),
    ("value deep in an object", "gray", text(b'"ok":true', b'"ok":false'), META,
     "metadata-key-changed record-mismatch"),
    ("number beyond floats", "gray", text(b'"dose":1.5', b'"dose":1e999'), META,
     "metadata-key-changed record-mismatch"),
    ("all keys removed", "gray", edit_text(lambda t: b"{" + t[t.index(b'"seal":') :]), META,
     "metadata-key-removed record-mismatch"),
    ("keys sorted", "gray",
     edit_text(lambda t: json.dumps(json.loads(t), sort_keys=True).encode()), META,
     "record-rewritten"),
    ("comment in Unicode", "gray", in_unicode(b"TDR 12", b"TDR 12"), OK, ""),
    ("comment in Unicode, an umlaut in it", "gray", in_unicode(b"TDR 12", "Größe".encode()),
     META, "metadata-key-changed record-mismatch"),
    ("fingerprint edited", "gray", seal_key("tiles", {}), META, "record-mismatch"),
    ("fingerprint is no object", "gray", seal_key("tiles", "later"), BROKEN, "seal-invalid"),
    ("fingerprint unreadable, spot drawn", "gray",
     then(reseal(lambda s: s["tiles"].update(data="!")), redraw(spot)), IMAGE, "pixels-mismatch"),
    ("check value malformed", "gray", edit_seal(lambda s: s["keys"].update(dose=7)),
     BROKEN, "seal-invalid"),
    ("key hidden behind a signature", "gray",
     edit_text(lambda t: t[:-2] + b',"signature":"x"},"dose2":{"a":5}}'), META, "record-rewritten"),
    ("written anew with spaces", "gray", text(b'"dose":', b'"dose": '), META, "record-mismatch"),
    ("record with a space", "gray", text(b',"record":', b', "record":'), META, "record-rewritten"),
    ("source digest edited", "gray",
     edit_seal(lambda s: s["source"].update(digest="sha256:" + SHA)), META, "record-mismatch"),
    ("window edited", "gray", edit_seal(lambda s: s["window"].update(high=1)),
     META, "record-mismatch"),
    ("codestream digest edited", "gray", seal_key("codestream", "sha256:" + SHA),
     META, "seal-inconsistent record-mismatch"),
    ("record digest edited", "gray", seal_key("record", "sha256:" + SHA), META, "record-mismatch"),
    ("value edited and pixels", "gray", lambda d: text(b"TDR 12", b"TDR 13")(in_scan(0.5)(d)),
     IMAGE, "metadata-key-changed record-mismatch pixels-mismatch"),
    ("JSON broken", "gray", text(b',"seal"', b'"seal"'), BROKEN, "seal-not-json"),
    ("JSON cut", "gray", edit_text(lambda t: t[:-40]), BROKEN, "seal-not-json"),
    ("duplicate key", "gray", text(b"{", b'{"dose":1,'), BROKEN, "seal-not-json"),
    ("duplicate seal", "gray", edit_text(lambda t: b'{"seal":{},' + t[1:]),
     BROKEN, "seal-not-json"),
    ("NaN in the record", "gray", text(b'"dose":1.5', b'"dose":NaN'), BROKEN, "seal-not-json"),
    ("nested deeply", "gray", text(b'"dose":1.5', b'"dose":' + b"[" * 9000 + b"]" * 9000),
     BROKEN, "seal-not-json"),
    ("seal is a number", "gray", with_text(b'{"seal":7}'), BROKEN, "seal-invalid"),
    ("seal is empty", "gray", with_text(b'{"seal":{}}'), BROKEN, "seal-invalid"),
    ("digest too short", "gray", seal_key("scan", "sha256:00"), BROKEN, "seal-invalid"),
    ("key of the seal missing", "gray", edit_seal(lambda s: s.pop("pixels") and None),
     BROKEN, "seal-invalid"),
    ("version 2", "gray", seal_key("version", 2), NEWER, "newer-version"),
    ("version 0", "gray", seal_key("version", 0), BROKEN, "seal-invalid"),
    ("version true", "gray", seal_key("version", True), BROKEN, "seal-invalid"),
    ("unknown algorithm", "gray", seal_key("codestream", "blake3:" + SHA),
     NEWER, "unknown-algorithm"),
    ("other text", "gray", with_text(b"holiday"), NONE, "seal-stripped"),
    ("Exif removed", "gray", remove(APP1, EXIF), NONE, "seal-stripped"),
    ("saved by Pillow without Exif", "gray", as_jpeg, NONE, "no-seal-found"),
    ("Exif of a camera", "gray", lambda d: remove(APP1, XMP)(with_exif(d, EARLY)),
     NONE, "no-seal-found"),
    ("Exif header broken", "gray", lambda d: d.replace(b"Exif\0\0MM", b"Exif\0\0XX", 1),
     BROKEN, "exif-malformed"),
    ("Exif offset broken", "gray", lambda d: d.replace(b"MM\0*\0\0\0\x08", b"MM\0*\xff\0\0\x08", 1),
     BROKEN, "exif-malformed"),
]  # fmt: skip
