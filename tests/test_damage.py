"""The table of damage: one row is a file, what happens to it, and the verdict it must get."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import piexif
import pytest
from mutators import (
    APP0,
    APP1,
    APP2,
    APP14,
    COM,
    DHT,
    DQT,
    EOI,
    EXIF,
    SOF0,
    SOF2,
    SOS,
    TURNED,
    XMP,
    Mutator,
    cut,
    cut_before,
    double_stuffing,
    drop,
    edit_exif,
    edit_seal,
    edit_text,
    exif_payload,
    fill_before,
    find,
    flip,
    flip_digit,
    flip_in,
    huge_frame,
    in_scan,
    insert_before,
    jpegtran,
    keep,
    record_text,
    redraw,
    remove,
    resave,
    reseal,
    rewrite_exif,
    scan_offset,
    seal_key,
    segment,
    spans,
    splice,
    tag,
    text,
    then,
    with_exif,
    with_text,
)
from PIL import Image
from support import assert_verdict, sealed_bytes

Row = tuple[str, str, Mutator, str, str]


def double_dqt(data: bytes) -> bytes:
    """Every quantisation step twice as large: a picture of more contrast."""
    start, end = find(data, DQT)
    return splice(data, start + 5, end, bytes(min(255, 2 * b) for b in data[start + 5 : end]))


def halve_height(data: bytes) -> bytes:
    """The frame header says half the rows."""
    start, _ = find(data, SOF0)
    height = int.from_bytes(data[start + 5 : start + 7])
    return splice(data, start + 5, start + 7, (height // 2).to_bytes(2))


def swap_dht_symbols(data: bytes) -> bytes:
    """Two symbols of the last Huffman table change places."""
    at = find(data, DHT, -1)[0] + 4 + 17
    return splice(data, at, at + 2, data[at : at + 2][::-1])


def before_dht(data: bytes) -> bytes:
    """The last byte of the first scan, of which ExifTool's rule takes no notice."""
    at = next(s for m, s, _ in _after_first_scan(data) if m == DHT)
    return flip(data, at - 2, 0x40)


def _after_first_scan(data: bytes) -> list[tuple[int, int, int]]:
    all_spans = spans(data)
    first = next(i for i, (marker, _, _) in enumerate(all_spans) if marker == SOS)
    return all_spans[first + 1 :]


def spot(pixels: np.ndarray) -> np.ndarray:
    """A dark spot, as a track would look."""
    pixels[40:52, 60:72] = 20
    return pixels


def wipe(pixels: np.ndarray) -> np.ndarray:
    """A feature wiped out, down a whole column of tiles."""
    pixels[:, 128:144] = 255
    return pixels


def darker_half(pixels: np.ndarray) -> np.ndarray:
    """More than half of the rows at a third of their level."""
    pixels[:200] //= 3
    return pixels


def chequered(pixels: np.ndarray) -> np.ndarray:
    """Something else of the same size."""
    y, x = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    return (60 + 120 * ((y // 40 + x // 48) % 2)).astype(np.uint8)


def scaled(scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """Resize by Pillow."""
    return lambda p: np.asarray(
        Image.fromarray(p).resize((round(p.shape[1] * scale), round(p.shape[0] * scale)))
    )


def curve(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Change the levels."""
    return lambda p: np.clip(np.rint(function(p.astype(float))), 0, 255).astype(np.uint8)


def overwrite(data: bytes, share: float, new: bytes) -> bytes:
    """Bytes of the scan replaced by as many others."""
    at = scan_offset(data, share)
    return splice(data, at, at + len(new), new)


def other_seal(data: bytes) -> bytes:
    """Another sealed file of the same size."""
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return sealed_bytes(np.roll(pixels, 50, 1)[::-1])


def in_unicode(old: bytes, new: bytes) -> Mutator:
    """Edit the comment as ExifTool does where a character is not ASCII: in UTF-16."""

    def mutate(data: bytes) -> bytes:
        edited = record_text(data).replace(old, new).decode()
        value = b"UNICODE\0" + edited.encode("utf-16-be")
        return tag("Exif", 0x9286, value)(data)

    return mutate


def thumbnail(data: bytes) -> bytes:
    """A thumbnail in the Exif block."""
    tags = piexif.load(exif_payload(data))
    small = io.BytesIO()
    Image.new("L", (8, 8)).save(small, "JPEG")
    return with_exif(data, piexif.dump(tags | {"1st": {0x0103: 6}, "thumbnail": small.getvalue()}))


def bare(tags: dict[str, dict[int, object]]) -> None:
    """Only the comment is left."""
    tags["0th"].clear()
    tags["Exif"] = {0x9286: tags["Exif"][0x9286]}


def as_png(data: bytes) -> bytes:
    """The picture in another format, under its old name."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "PNG")
    return out.getvalue()


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


def recolour(data: bytes) -> bytes:
    """JFIF out, Adobe in: decoders take YCbCr for RGB."""
    adobe = segment(APP14, b"Adobe\0\x64\0\0\0\0\0")
    return insert_before(DQT, adobe)(remove(APP0)(data))


SHA = "0" * 64
ICC = b"ICC_PROFILE\0\1\1" + bytes(128)
EARLY = piexif.dump({"Exif": {0x9286: b"ASCII\0\0\0just a comment"}})
SAME: Mutator = bytes

OK, META, IMAGE, LOSSLESS, CUT = (
    "intact", "metadata-changed", "image-changed", "reencoded", "truncated",
)  # fmt: skip
NONE, BROKEN, NEWER, OTHER = "no-seal", "seal-malformed", "seal-unsupported", "not-an-image"

#: Name, kind of file, damage, verdict, and reason codes that must be among the reasons.
ROWS: list[Row] = [
    ("untouched gray", "gray", SAME, OK, ""),
    ("untouched rgb", "rgb", SAME, OK, ""),
    ("untouched progressive", "progressive", SAME, OK, ""),
    ("untouched restarts", "restarts", SAME, OK, ""),
    ("untouched with sha244", "both", SAME, OK, ""),
    # The image data: what ExifTool's rule does not see
    ("DQT doubled", "gray", double_dqt, IMAGE, "tables-changed pixels-mismatch"),
    ("DQT doubled rgb", "rgb", double_dqt, IMAGE, "tables-changed"),
    ("DHT symbols swapped", "gray", swap_dht_symbols, IMAGE, "tables-changed"),
    ("SOF height halved", "gray", halve_height, IMAGE, "tables-changed size-changed"),
    ("bit before a DHT", "progressive", before_dht, IMAGE, "tables-changed"),
    ("recoloured by APP14", "rgb", recolour, IMAGE, "colour-transform-changed"),
    # The image data: the scan
    ("bit in the scan", "gray", in_scan(0.5), IMAGE, "codestream-mismatch"),
    ("bit in the scan rgb", "rgb", in_scan(0.35), IMAGE, "pixels-mismatch"),
    ("bit in the first scan", "progressive", flip_in(SOS, 9, 0, 0x10), IMAGE, ""),
    ("byte put into the scan", "gray", in_scan(0.4, b"\x55"), IMAGE, ""),
    ("comment in the scan", "gray", in_scan(0.4, segment(COM, b"hi")), IMAGE, ""),
    ("APP1 in the scan", "rgb", in_scan(0.4, segment(APP1, b"hi")), IMAGE, ""),
    ("restart marker in the scan", "gray", in_scan(0.5, b"\xff\xd0"), IMAGE, ""),
    ("restart marker lost", "restarts", lambda d: d.replace(b"\xff\xd3", b"", 1), IMAGE, ""),
    ("restart markers renumbered", "restarts", lambda d: d.replace(b"\xff\xd2", b"\xff\xd5", 1),
     LOSSLESS, "lossless-rewrite"),
    ("table doubled", "gray", lambda d: insert_before(DQT, d[slice(*find(d, DQT))])(d),
     LOSSLESS, "lossless-rewrite codestream-mismatch"),
    ("frame header gone", "gray", remove(SOF0), IMAGE, "undecodable"),
    ("SOF0 called SOF2", "gray", lambda d: flip(d, find(d, SOF0)[0] + 1, SOF0 ^ SOF2), IMAGE, ""),
    ("saved again q90", "gray", resave(quality=90), IMAGE, "recompressed pixels-mismatch"),
    ("saved again q20", "rgb", resave(quality=20), IMAGE, "recompressed pixels-mismatch"),
    ("saved again as gray", "rgb", redraw(lambda p: p[..., 0]), IMAGE, "size-changed"),
    ("spot drawn", "gray", redraw(spot), IMAGE, "edited pixels-mismatch"),
    ("cropped", "gray", redraw(lambda p: p[:-8]), IMAGE, "size-changed"),
    ("turned", "gray", redraw(lambda p: np.rot90(p, 2).copy()), IMAGE, "pixels-mismatch"),
    ("seal of another image", "gray", None, IMAGE, "pixels-mismatch"),
    # The picture as a whole, in files that are large enough
    ("spot and another quality", "large", redraw(spot, quality=70), IMAGE, "edited recompressed"),
    ("spot drawn rgb", "large-rgb", redraw(spot), IMAGE, "edited"),
    ("spot, saved twice", "large", then(redraw(spot), resave(quality=75)), IMAGE,
     "edited recompressed"),
    ("a column wiped out", "large", redraw(wipe), IMAGE, "edited"),
    ("saved twice", "large", then(resave(quality=60), resave(quality=90)), IMAGE, "recompressed"),
    ("colours at half resolution", "large-rgb", resave(quality=85, subsampling=2), IMAGE,
     "recompressed"),
    ("made progressive, other quality", "large", resave(quality=80, progressive=True), IMAGE,
     "recompressed"),
    ("cut out", "large", redraw(lambda p: p[40:280, 50:330]), IMAGE, "cropped size-changed"),
    ("a frame put around", "large", redraw(lambda p: np.pad(p, 16)), IMAGE, "size-changed"),
    ("made smaller", "large", redraw(scaled(0.5)), IMAGE, "resized size-changed"),
    ("made larger rgb", "large-rgb", redraw(scaled(1.5)), IMAGE, "resized size-changed"),
    ("turned by 90 degrees", "large", redraw(np.rot90), IMAGE, "rotated size-changed"),
    ("turned by 180 degrees", "large-rgb", redraw(lambda p: np.rot90(p, 2)), IMAGE, "rotated"),
    ("mirrored", "large", redraw(lambda p: p[:, ::-1]), IMAGE, "flipped"),
    ("turned upside down", "large", redraw(lambda p: p[::-1]), IMAGE, "flipped"),
    ("transposed", "large-rgb", redraw(lambda p: p.swapaxes(0, 1)), IMAGE, "flipped size-changed"),
    ("turned by jpegtran", "large", jpegtran("-copy all -rotate 180"), IMAGE, "rotated"),
    ("brighter", "large", redraw(lambda p: np.minimum(p, 225) + np.uint8(30)), IMAGE,
     "tone-changed"),
    ("more contrast", "large", redraw(curve(lambda v: 1.4 * v - 60)), IMAGE, "tone-changed"),
    ("gamma", "large", redraw(curve(lambda v: 255 * (v / 255) ** 1.5)), IMAGE, "tone-changed"),
    ("inverted", "large", redraw(lambda p: 255 - p), IMAGE, "tone-changed"),
    ("another picture", "large", redraw(chequered), IMAGE, "picture-replaced"),
    ("seal of another picture, packet stays", "gray",
     lambda d: with_exif(d, exif_payload(other_seal(d))), IMAGE, "seal-copied"),
    ("half of it darker", "large", redraw(darker_half), IMAGE, "changed-everywhere"),
    ("colours lost", "large-rgb", redraw(lambda p: np.stack([p[..., 1]] * 3, -1)), IMAGE,
     "pixels-mismatch"),
    ("bytes replaced", "large", lambda d: overwrite(d, 0.5, bytes(16)), IMAGE, "bytes-replaced"),
    ("quantisation changed in a large file", "large", double_dqt, IMAGE, "tables-changed"),
    ("quantisation and metadata", "large", then(double_dqt, text(b"TDR 12", b"TDR 21")), IMAGE,
     "tables-changed metadata-key-changed"),
    ("turned, cut and edited metadata", "large",
     then(redraw(np.rot90), text(b"TDR 12", b"TDR 21"), tag("0th", 0x010F, b"Leica")), IMAGE,
     "rotated size-changed metadata-key-changed exif-tag-changed"),
    # Lossless rewrites
    ("jpegtran -copy all", "gray", lambda d: jpegtran("-copy all")(rewrite_exif("<")(d)), OK, ""),
    ("jpegtran -optimize", "gray", jpegtran("-copy all -optimize"), LOSSLESS, "lossless-rewrite"),
    ("jpegtran -progressive", "rgb", jpegtran("-copy all -progressive"),
     LOSSLESS, "lossless-rewrite"),
    ("jpegtran -restart 1", "gray", jpegtran("-copy all -restart 1"), LOSSLESS, "lossless-rewrite"),
    ("jpegtran -rotate 90", "gray", jpegtran("-copy all -rotate 90"), IMAGE, "size-changed"),
    ("jpegtran strips", "gray", jpegtran("-copy none"), NONE, "no-seal-found"),
    # Bytes beside the image
    ("fill bytes before segments", "gray", fill_before(rb"\xff[\xdb\xc4\xda]"), OK, ""),
    ("fill bytes before EOI", "gray", insert_before(EOI, b"\xff\xff"), OK, ""),
    ("fill bytes before RST", "restarts", fill_before(rb"\xff[\xd0-\xd7]"), OK, ""),
    ("fill bytes before SOI's next", "rgb", lambda d: d[:2] + b"\xff\xff" + d[2:], OK, ""),
    ("bytes after the end", "gray", lambda d: d + b"trailer", OK, "bytes-after-end"),
    ("EOI after the end", "gray", lambda d: d + b"\xff\xd9", OK, "bytes-after-end"),
    ("another JPEG after the end", "gray", lambda d: d + d, OK, "bytes-after-end"),
    ("zeros after the end", "rgb", lambda d: d + bytes(4096), OK, "bytes-after-end"),
    ("comment added", "gray", insert_before(DQT, segment(COM, b"hi")), OK, "segment-added"),
    ("comment before EOI", "gray", insert_before(EOI, segment(COM, b"hi")), OK, "segment-added"),
    ("comment between scans", "progressive", insert_before(SOS, segment(COM, b"hi"), 2),
     OK, "segment-added"),
    ("thumbnail added", "gray", thumbnail, OK, "thumbnail-added"),
    ("a JFIF thumbnail added", "gray",
     insert_before(DQT, segment(APP0, b"JFXX\0\x10")), OK, "segment-added"),
    ("IPTC added", "gray", insert_before(DQT, segment(0xED, b"Photoshop 3.0\0")),
     OK, "segment-added"),
    ("much added", "gray",
     then(insert_before(DQT, segment(APP2, ICC) + segment(COM, b"hi")),
          tag("0th", 0x013B, b"Somebody"), lambda d: d + b"more"),
     OK, "segment-added exif-tags-added bytes-after-end"),
    ("ICC profile added", "rgb", insert_before(DQT, segment(APP2, ICC)), OK, "segment-added"),
    ("XMP added", "gray", insert_before(DQT, segment(APP1, XMP + b"<x/>")), OK, "xmp-changed"),
    ("XMP turns the picture", "gray",
     insert_before(DQT, segment(APP1, XMP + b"<x tiff:Orientation='6'/>")),
     META, "orientation-changed xmp-changed"),
    ("XMP leaves it upright", "gray",
     insert_before(DQT, segment(APP1, XMP + b"<tiff:Orientation>1</tiff:Orientation>")),
     OK, "xmp-changed"),
    ("pixel digest edited", "gray", flip_digit("digest"), META, "record-mismatch"),
    ("Orientation in Exif behind the scan", "gray",
     insert_before(EOI, segment(APP1, b"Exif\0\0" + TURNED)), META, "exif-block-added"),
    ("Orientation behind a strange signature", "gray",
     insert_before(DQT, segment(APP1, b"Exif\0\xff" + TURNED)), META, "exif-block-added"),
    ("XMP turns the picture, other prefix", "gray",
     insert_before(DQT, segment(APP1, XMP + b"<x t:Orientation='6'/>")),
     META, "orientation-changed xmp-changed"),
    ("XMP turns the picture, UTF-16", "gray",
     insert_before(DQT, segment(APP1, XMP + "<x tiff:Orientation='6'/>".encode("utf-16-be"))),
     META, "orientation-changed xmp-changed"),
    ("another seal behind the scan", "gray",
     lambda d: insert_before(EOI, segment(APP1, exif_payload(text(b"TDR 12", b"TDR 21")(d))))(d),
     BROKEN, "seal-conflict"),
    ("seal moved behind the scan", "gray",
     lambda d: insert_before(EOI, segment(APP1, exif_payload(d)))(remove(APP1, EXIF)(d)), OK, ""),
    ("FF FF 00 in the scan", "gray", double_stuffing, IMAGE, "undecodable"),
    ("FF FF 00 in a MoEDAL file", "moedal", double_stuffing, IMAGE, "undecodable"),
    ("ExifTool's digest in a MoEDAL file", "moedal",
     insert_before(DQT, segment(APP1, XMP + b"<et:OriginalImageHash>00</et:OriginalImageHash>")),
     OK, "moedal-metadata-unprotected"),
    ("Exif key in capitals, tag changed", "gray",
     lambda d: d.replace(b"IFD0:0x010f", b"IFD0:0x010F").replace(b"Zeiss\0", b"Zeisz\0"),
     BROKEN, "seal-invalid"),
    ("frame of a quarter gigapixel", "rgb", huge_frame, IMAGE, "size-changed"),
    ("XMP removed", "gray", remove(APP1, XMP), OK, "xmp-changed"),
    ("XMP edited", "gray", lambda d: d.replace(b"et:Orig", b"et:orig", 1), OK, "xmp-changed"),
    ("JFIF density edited", "gray", flip_in(APP0, 9), OK, ""),
    ("JFIF removed, gray", "gray", remove(APP0), OK, ""),
    ("JFIF removed, rgb", "rgb", remove(APP0), OK, ""),
    ("APP14 beside JFIF", "rgb", insert_before(DQT, segment(APP14, b"Adobe\0\x64\0\0\0\0\0")),
     OK, "segment-added"),
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
    # MoEDAL files, and files that carry both
    ("MoEDAL untouched", "moedal", SAME, OK, "moedal-metadata-unprotected"),
    ("MoEDAL pixels", "moedal", in_scan(0.5), IMAGE, "pixels-mismatch"),
    ("MoEDAL metadata", "moedal", text(b"TDR 12", b"TDR 99"), OK, "moedal-metadata-unprotected"),
    ("MoEDAL digest", "moedal", edit_text(lambda t: t[:-10] + b"zzzzzzzz" + t[-2:]),
     BROKEN, "seal-invalid"),
    ("MoEDAL truncated", "moedal", cut(0.5), CUT, "no-end-of-image"),
    ("MoEDAL truncated, EOI", "moedal", cut(0.5, b"\xff\xd9"), IMAGE, "pixels-mismatch"),
    ("MoEDAL optimised", "moedal", jpegtran("-copy all -optimize"), OK, ""),
    ("both: seal key broken", "both", text(b'"seal":{', b'"sea1":{'), BROKEN, "seal-stripped"),
    ("both: seal cut out", "both", edit_text(lambda t: t[: t.index(b',"seal"')] + b"}"),
     BROKEN, "seal-stripped"),
    ("both: sha244 edited", "both", edit_text(lambda t: re.sub(rb'sha244":"..', b'sha244":"00', t)),
     META, "record-mismatch"),
    ("both: pixels", "both", in_scan(0.5), IMAGE, "pixels-mismatch"),
    # Ends
    ("cut in the scan", "gray", cut(0.6), CUT, "no-end-of-image"),
    ("cut in the scan rgb", "rgb", cut(0.1), CUT, "no-end-of-image"),
    ("cut before EOI", "gray", lambda d: d[:-2], CUT, "no-end-of-image"),
    ("cut inside EOI", "gray", lambda d: d[:-1], CUT, "no-end-of-image"),
    ("cut after SOS", "gray", lambda d: d[: find(d, SOS)[1]], CUT, "no-end-of-image"),
    ("cut before SOS", "gray", cut_before(SOS), CUT, ""),
    ("cut before the tables", "gray", cut_before(DQT), CUT, ""),
    ("cut in the seal", "gray", keep(300), CUT, "no-end-of-image"),
    ("cut, EOI put on", "gray", cut(0.6, b"\xff\xd9"), CUT, "data-end-early"),
    ("cut, EOI put on rgb", "rgb", cut(0.9, b"\xff\xd9"), CUT, "data-end-early"),
    ("cut, EOI put on progressive", "progressive", cut(0.4, b"\xff\xd9"), CUT, "data-end-early"),
    ("second half zeroed", "gray", lambda d: cut(0.5)(d).ljust(len(d), b"\0"), CUT, ""),
    ("header only", "gray", keep(2), OTHER, "no-image-data"),
    ("empty", "gray", keep(0), OTHER, "empty-file"),
    ("first byte gone", "gray", lambda d: d[1:], OTHER, "unknown-format"),
    ("a text", "gray", lambda d: b"not a picture\n", OTHER, "unknown-format"),
    ("saved as PNG without the seal", "gray", as_png, NONE, "no-seal-found"),
    ("zeros", "gray", lambda d: bytes(len(d)), OTHER, "unknown-format"),
    ("ten thousand comments", "gray", insert_before(DQT, segment(COM, b"") * 10_000),
     OTHER, "limit-exceeded"),
]  # fmt: skip


def test_the_table_is_long_and_its_names_are_unique() -> None:
    """No row hides behind another."""
    names = [row[0] for row in ROWS]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_damage_gets_its_verdict(
    row: Row, sealed: dict[str, bytes], tmp_path: Path, leaves_no_files_open: None
) -> None:
    """A damaged file gets the verdict and the reasons of its row, in cheap and in full checks."""
    _, kind, mutate, expected, codes = row
    before = sealed[kind]
    after = mutate(before) if mutate else with_exif(before, exif_payload(sealed["other"]))
    assert (after != before) or mutate is SAME, "the damage did nothing"
    verdict = assert_verdict(tmp_path / "a.jpg", after, expected, codes)
    if mutate is SAME and kind != "moedal":
        assert verdict.reasons == ()
