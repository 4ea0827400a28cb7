"""The table of damage to sealed PNG files: what happens to one, and the verdict it must get."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from damage_edits import spot
from mutators import EXIF, TURNED, Mutator, flip, then
from PIL import Image
from png_mutators import (
    bad_sum,
    chunk,
    compressed,
    content,
    cut,
    edit,
    find,
    frame_control,
    in_palette,
    insert,
    pixels_of,
    raw_profile,
    rechunk,
    recompress,
    redraw,
    remove,
    replace,
    rot,
    saved,
    tag,
    text,
    with_exif,
    with_image_data,
    xmp_chunk,
)
from support import assert_verdict, nuclear_tracks

from napari_seal import seal

Row = tuple[str, str, Mutator | None, str, str]

METADATA = {"detector": "TDR 12", "dose": 1.5}
TAGS = {"Make": "Zeiss", "DateTimeOriginal": "2024:05:06 07:08:09"}
TEXT = chunk(b"tEXt", b"Title\0tracks")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Sealed files by kind: 16 bits, 8 bits, colours of few levels, with alpha; and JPEG."""
    folder = tmp_path_factory.mktemp("png")
    deep = nuclear_tracks((320, 400))
    levels = (deep >> 8).astype(np.uint8)
    colour = np.stack([levels, np.roll(levels, 9, 0), levels // 2], axis=-1) & 0xE0
    pictures = {
        "deep": deep,
        "other": deep[:, ::-1],
        "gray": levels,
        "rgb": colour,
        "rgba": np.dstack([colour, np.where(levels > 90, 255, levels)]).astype(np.uint8),
    }
    for name, image in pictures.items():
        seal(image, folder / f"{name}.png", metadata=METADATA, exif=TAGS)
    seal(levels, folder / "jpeg.jpg", metadata=METADATA, exif=TAGS)
    seal(nuclear_tracks((80, 120)), folder / "small.png", metadata=METADATA)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


# --------------------------------------------------------------------------------------- edits


def one_pixel(pixels: np.ndarray) -> np.ndarray:
    """The lowest bit of one sample."""
    pixels.reshape(*pixels.shape[:2], -1)[40, 60, 0] ^= 1
    return pixels


def low_byte(pixels: np.ndarray) -> np.ndarray:
    """The low byte of a sample, which no 8-bit viewer shows."""
    pixels[100, 200] ^= 0x00FF
    return pixels


def flat_low_bytes(pixels: np.ndarray) -> np.ndarray:
    """16 bits cut to 8 and spread again, as careless software does."""
    return ((pixels >> 8) * np.uint16(257)).astype(np.uint16)


def as_jpeg(data: bytes) -> bytes:
    """The picture as JPEG, the seal kept, as converters do."""
    levels = pixels_of(data)
    levels = levels if levels.dtype == np.uint8 else (levels >> 8).astype(np.uint8)
    return saved(Image.fromarray(levels), "JPEG", quality=95, exif=EXIF + content(data, b"eXIf"))


def as_png(data: bytes) -> bytes:
    """A sealed JPEG as PNG, its pixels and its seal kept."""
    with Image.open(io.BytesIO(data)) as image:
        return saved(image, "PNG", exif=image.info["exif"])


def drawn_as_png(data: bytes) -> bytes:
    """The same with a spot drawn."""
    with Image.open(io.BytesIO(data)) as image:
        return saved(Image.fromarray(spot(np.array(image))), "PNG", exif=image.info["exif"])


def exif_in_text(data: bytes) -> bytes:
    """Exif in hexadecimal digits in a text, where exiv2 and ImageMagick put it."""
    return replace(b"eXIf", raw_profile(content(data, b"eXIf")))(data)


def moved_behind(data: bytes) -> bytes:
    """Exif and XMP behind the image data, where other software may put them."""
    moved = b"".join(data[slice(*find(data, kind))] for kind in (b"eXIf", b"iTXt"))
    return insert(b"IEND", moved)(remove(b"eXIf")(remove(b"iTXt")(data)))


def wider(data: bytes) -> bytes:
    """A picture of 16,384 x 16,384 pixels, says the header."""
    return edit(b"IHDR", lambda head: b"\0\0\x40\0\0\0\x40\0" + head[8:])(data)


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Half the size."""
    small = Image.fromarray(pixels).resize((pixels.shape[1] // 2, pixels.shape[0] // 2))
    return np.asarray(small)


ICC = chunk(b"iCCP", b"icc\0\0" + b"x\x9c\x03\x00\x00\x00\x00\x01")
ACTL = chunk(b"acTL", b"\0\0\0\2\0\0\0\0")
SAME: Mutator = bytes
OK, META, IMAGE, LOSSLESS, CUT = (
    "intact", "metadata-changed", "image-changed", "reencoded", "truncated",
)  # fmt: skip
NONE, BROKEN, NEWER, ELSE = "no-seal", "seal-malformed", "seal-unsupported", "not-an-image"

#: Name, kind of file, damage (None: another file's seal is put in), verdict, and reason codes that
#: must be among the reasons.
ROWS: list[Row] = [
    *((f"untouched {kind}", kind, SAME, OK, "") for kind in ("deep", "gray", "rgb", "rgba")),
    # The picture
    *((f"one bit of one pixel, {kind}", kind, redraw(one_pixel), IMAGE, "edited pixels-mismatch")
      for kind in ("deep", "gray", "rgb", "rgba")),
    ("the low byte of one pixel", "deep", redraw(low_byte), IMAGE, "edited"),
    ("spot drawn", "deep", redraw(spot), IMAGE, "edited pixels-mismatch codestream-mismatch"),
    ("spot drawn rgb", "rgb", redraw(spot), IMAGE, "edited"),
    ("transparency of one pixel", "rgba",
     redraw(lambda p: np.dstack([p[..., :3], np.where(p[..., 3] == 255, 254, p[..., 3])])),
     IMAGE, "pixels-mismatch"),
    ("cut to 8 bits", "deep", redraw(lambda p: (p >> 8).astype(np.uint8)),
     IMAGE, "depth-changed pixels-mismatch"),
    ("cut to 8 bits and back", "deep", redraw(flat_low_bytes), IMAGE, "depth-changed"),
    ("levels changed", "deep", redraw(lambda p: (p * 0.9).astype(np.uint16)),
     IMAGE, "tone-changed"),
    ("inverted", "gray", redraw(lambda p: 255 - p), IMAGE, "tone-changed"),
    ("rotated by a quarter", "deep", redraw(lambda p: np.rot90(p).copy()), IMAGE,
     "rotated size-changed"),
    ("rotated by a half", "rgb", redraw(lambda p: np.rot90(p, 2).copy()), IMAGE, "rotated"),
    ("mirrored", "gray", redraw(lambda p: p[:, ::-1].copy()), IMAGE, "flipped"),
    ("cropped", "deep", redraw(lambda p: p[48:208, 64:264].copy()), IMAGE, "cropped size-changed"),
    ("half the size", "gray", redraw(scaled), IMAGE, "resized size-changed"),
    ("made gray", "rgb", redraw(lambda p: p[..., 0].copy()), IMAGE, "size-changed"),
    ("alpha dropped", "rgba", redraw(lambda p: p[..., :3].copy()), IMAGE, "size-changed"),
    ("alpha added", "rgb", redraw(lambda p: np.dstack([p, p[..., :1]])), IMAGE, "size-changed"),
    ("another picture's seal", "deep", None, IMAGE, "seal-copied pixels-mismatch"),
    ("another picture of another size", "small", None, IMAGE, "seal-copied size-changed"),
    ("converted to JPEG", "deep", as_jpeg, IMAGE, "format-changed recompressed depth-changed"),
    ("converted to JPEG rgb", "rgb", as_jpeg, IMAGE, "format-changed recompressed"),
    ("a gray level made transparent", "gray", insert(b"IDAT", chunk(b"tRNS", b"\0\xa0")),
     IMAGE, "pixels-mismatch"),
    ("a deep level made transparent", "deep", insert(b"IDAT", chunk(b"tRNS", b"\x80\0")),
     IMAGE, "undecodable"),
    # Lossless rewrites
    ("compressed harder", "deep", recompress(9), LOSSLESS, "lossless-rewrite"),
    ("not compressed", "rgb", recompress(0), LOSSLESS, "lossless-rewrite"),
    ("saved again by Pillow", "deep", redraw(lambda p: p), LOSSLESS, "lossless-rewrite"),
    ("IDAT of other lengths", "deep", rechunk(999), LOSSLESS, "lossless-rewrite"),
    ("an empty IDAT", "gray", insert(b"IEND", chunk(b"IDAT")), LOSSLESS, "lossless-rewrite"),
    ("colours in a palette", "rgb", in_palette, LOSSLESS, "lossless-rewrite"),
    ("gray as RGB", "gray", redraw(lambda p: np.dstack([p, p, p])), LOSSLESS, "lossless-rewrite"),
    ("gray as 16 bits", "gray", redraw(lambda p: p * np.uint16(257)), LOSSLESS,
     "lossless-rewrite"),
    ("opaque alpha added", "rgb", redraw(lambda p: np.dstack([p, np.full_like(p[..., 0], 255)])),
     LOSSLESS, "lossless-rewrite"),
    ("text before IHDR", "deep", insert(b"IHDR", TEXT), LOSSLESS, "lossless-rewrite"),
    ("a level made transparent that is not there", "gray",
     insert(b"IDAT", chunk(b"tRNS", b"\0\0")), LOSSLESS, "lossless-rewrite"),
    ("JPEG converted to PNG", "jpeg", as_png, LOSSLESS, "lossless-rewrite format-changed"),
    ("JPEG converted to PNG, spot drawn", "jpeg", drawn_as_png, IMAGE, "edited format-changed"),
    # Faults
    ("check sum of IDAT", "deep", bad_sum(b"IDAT"), LOSSLESS, "chunk-damaged codestream-mismatch"),
    ("check sum of IEND", "gray", bad_sum(b"IEND"), LOSSLESS, "chunk-damaged"),
    ("check sum of IHDR", "gray", bad_sum(b"IHDR"), IMAGE, "undecodable"),
    ("a bit in the compressed data", "deep", rot(b"IDAT", 0.5), IMAGE,
     "bytes-replaced undecodable"),
    ("a bit in the compressed data, check sum made anew", "deep",
     edit(b"IDAT", lambda c: flip(c, len(c) // 2, 0x10)), IMAGE, "codestream-mismatch"),
    ("a bit in the check of all samples", "deep",
     lambda d: with_image_data(d, [flip(compressed(d), -1)]), IMAGE, "undecodable"),
    ("zeros over the second half", "rgb",
     edit(b"IDAT", lambda c: c[: len(c) // 2].ljust(len(c), b"\0")), IMAGE, "bytes-replaced"),
    ("a bit in the type of IDAT", "gray", lambda d: d.replace(b"IDAT", b"IDAU", 1), IMAGE, ""),
    ("image data gone", "small", remove(b"IDAT"), IMAGE, "undecodable"),
    ("text between two IDAT", "deep", then(rechunk(5000), insert(b"IDAT", TEXT, 2)),
     IMAGE, "undecodable"),
    ("two headers", "gray", lambda d: insert(b"IDAT", d[slice(*find(d, b"IHDR"))])(d),
     IMAGE, "undecodable"),
    ("an unknown critical chunk", "gray", insert(b"IDAT", chunk(b"NEWx", b"")), LOSSLESS, ""),
    ("a header of 2^28 pixels", "deep", wider, IMAGE, "size-changed"),
    ("interlaced, says the header", "gray", edit(b"IHDR", lambda head: head[:-1] + b"\1"),
     IMAGE, "codestream-mismatch"),
    # Beside the image
    ("a text added", "deep", insert(b"IDAT", TEXT), OK, "segment-added"),
    ("a text behind the image", "rgb", insert(b"IEND", TEXT), OK, "segment-added"),
    ("an ICC profile added", "rgb", insert(b"IDAT", ICC), OK, "segment-added"),
    ("a gamma value added", "deep", insert(b"IDAT", chunk(b"gAMA", b"\0\0\xb1\x8f")),
     OK, "segment-added"),
    ("a private chunk", "deep", insert(b"IDAT", chunk(b"prVt", b"x")), OK, "segment-added"),
    ("a text with a wrong check sum", "deep", then(insert(b"IDAT", TEXT), bad_sum(b"tEXt")),
     OK, "segment-added chunk-damaged"),
    ("bytes after the end", "deep", lambda d: d + b"trailer", OK, "bytes-after-end"),
    ("another file after the end", "gray", lambda d: d + d, OK, "bytes-after-end"),
    ("an animation announced", "deep", insert(b"IDAT", ACTL), META, "animation-added"),
    ("a frame without an announcement", "deep", insert(b"IDAT", frame_control(100, 100, 9, 9)),
     META, "animation-added"),
    ("an animation added", "gray",
     then(insert(b"IDAT", ACTL + frame_control(320, 400)),
          insert(b"IEND", frame_control(320, 400) + chunk(b"fdAT", b"\0\0\0\2x"))),
     META, "animation-added segment-added"),
    ("XMP removed", "deep", remove(b"iTXt"), OK, "xmp-changed"),
    ("XMP edited", "deep", edit(b"iTXt", lambda c: c.replace(b"et:Orig", b"et:orig", 1)),
     OK, "xmp-changed"),
    ("XMP packed", "deep",
     lambda d: replace(b"iTXt", xmp_chunk(content(d, b"iTXt")[22:], packed=True))(d), OK, ""),
    ("XMP turns the picture", "gray", insert(b"IDAT", xmp_chunk(b"<x tiff:Orientation='6'/>")),
     META, "orientation-changed xmp-changed"),
    ("packed XMP turns the picture", "gray",
     insert(b"IEND", xmp_chunk(b" " * 9999 + b"<x tiff:Orientation='6'/>", packed=True)),
     META, "orientation-changed xmp-changed"),
    ("Exif and XMP moved behind the image", "deep", moved_behind, OK, ""),
    # The seal
    ("Exif removed", "deep", remove(b"eXIf"), NONE, "seal-stripped"),
    ("Exif and XMP removed", "rgb", then(remove(b"eXIf"), remove(b"iTXt")), NONE, "no-seal-found"),
    ("Exif moved into a text", "gray", exif_in_text, OK, ""),
    ("Exif moved into a text with other digits", "gray",
     lambda d: exif_in_text(text(b"TDR 12", b"TDR 13")(d)), META, "record-mismatch"),
    ("Orientation in a text", "deep", insert(b"IDAT", raw_profile(TURNED)), META,
     "exif-block-added"),
    ("Exif in a text that is none", "deep", insert(b"IDAT", raw_profile(TURNED, b"Xyz")), META,
     "exif-block-added"),
    ("a value edited", "deep", text(b"TDR 12", b"TDR 13"), META,
     "metadata-key-changed record-mismatch"),
    ("a key added", "rgb", text(b"{", b'{"new":1,'), META, "metadata-key-added record-mismatch"),
    ("the format edited", "deep", text(b'"format":"png"', b'"format":"jpeg"'), META,
     "record-mismatch"),
    ("an unknown format", "deep", text(b'"format":"png"', b'"format":"jxl"'), NEWER,
     "newer-version"),
    ("the digests of the tiles edited", "deep",
     text(b'"kind":"digest-1"', b'"kind":"digest-2"'), META, "record-mismatch"),
    ("no digests of tiles, spot drawn", "deep",
     then(text(b'"kind":"digest-1"', b'"kind":"digest-2"'), redraw(spot)), IMAGE,
     "pixels-mismatch record-mismatch"),
    ("value edited and a pixel", "deep", then(text(b"TDR 12", b"TDR 13"), redraw(one_pixel)),
     IMAGE, "edited metadata-key-changed record-mismatch"),
    ("a sealed tag changed", "deep", tag("0th", 0x010F, b"Leica"), META, "exif-tag-changed"),
    ("a tag added", "gray", tag("0th", 0x013B, b"Somebody"), OK, "exif-tags-added"),
    ("turned by the Orientation tag", "rgb", tag("0th", 0x0112, 6), META, "orientation-changed"),
    ("a bit in the record", "deep", lambda d: d.replace(b"TDR 12", b"TDR 32", 1), META,
     "record-mismatch chunk-damaged"),
    ("check sum of eXIf", "deep", bad_sum(b"eXIf"), OK, "chunk-damaged"),
    ("a bit in the header of eXIf", "deep", rot(b"eXIf", 0.0), BROKEN, "exif-malformed"),
    ("the same Exif block twice", "deep",
     lambda d: insert(b"IDAT", d[slice(*find(d, b"eXIf"))])(d), META, "exif-block-added"),
    ("a foreign Exif block first", "deep", insert(b"eXIf", chunk(b"eXIf", TURNED)), META,
     "exif-block-added"),
    ("two seals", "deep",
     lambda d: insert(b"IDAT", chunk(b"eXIf", content(text(b"TDR 12", b"TDR 13")(d), b"eXIf")))(d),
     BROKEN, "seal-conflict"),
    ("Exif with JPEG's signature before it", "deep", edit(b"eXIf", lambda c: EXIF + c), OK, ""),
    ("Exif between two IDAT", "deep",
     lambda d: remove(b"eXIf")(insert(b"IDAT", d[slice(*find(d, b"eXIf"))], 1)(rechunk(9000)(d))),
     NONE, ""),
    # Ends
    ("cut in the image data", "deep", cut(0.5), CUT, "no-end-of-image"),
    ("cut before the image data", "rgb", lambda d: d[: find(d, b"IDAT")[0]], CUT,
     "no-end-of-image"),
    ("cut before IEND", "gray", lambda d: d[:-12], CUT, "no-end-of-image"),
    ("cut inside IEND", "gray", lambda d: d[:-1], CUT, "no-end-of-image"),
    ("cut in the seal", "deep", lambda d: d[:300], CUT, "no-end-of-image"),
    ("cut, IEND put on", "deep", lambda d: cut(0.5)(d) + chunk(b"IEND"), CUT, ""),
    ("the signature only", "gray", lambda d: d[:8], ELSE, "no-image-data"),
    ("half a signature", "gray", lambda d: d[:6], ELSE, "unknown-format"),
    ("line ends changed", "gray", lambda d: d.replace(b"\r\n", b"\n"), ELSE, "unknown-format"),
    ("300,000 chunks", "small", insert(b"IDAT", TEXT * 300_000), ELSE, "limit-exceeded"),
    ("a bomb of XMP", "small", insert(b"IDAT", xmp_chunk(bytes(1 << 27), packed=True)), ELSE,
     "limit-exceeded"),
    ("a bomb of text", "small", insert(b"IDAT", chunk(b"zTXt", b"a\0\0" + b"x\xda" * 9)), OK,
     "segment-added"),
]  # fmt: skip


def test_the_names_of_the_rows_are_unique() -> None:
    """No row hides behind another."""
    names = [row[0] for row in ROWS]
    assert len(set(names)) == len(names) >= 80


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_damage_gets_its_verdict(
    row: Row, files: dict[str, bytes], tmp_path: Path, leaves_no_files_open: None
) -> None:
    """A damaged file gets the verdict and the reasons of its row, in cheap and in full checks."""
    _, kind, mutate, expected, codes = row
    before = files[kind]
    after = mutate(before) if mutate else with_exif(before, content(files["other"], b"eXIf"))
    assert (after != before) or mutate is SAME, "the damage did nothing"
    verdict = assert_verdict(tmp_path / "a.png", after, expected, codes)
    if not codes and expected == OK:
        assert verdict.reasons == ()
