"""Decoding and digests of arrays."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from make_vectors import segment
from PIL import Image
from png_mutators import (
    chunk,
    cut,
    deep_colour,
    insert,
    interlaced,
    pixels_of,
    plain_png,
    saved,
)

from napari_seal._format import jpeg, pixels, png
from napari_seal._format.pixels import (
    decode,
    decoder,
    digest_array,
    fitted,
    shown,
)
from napari_seal.errors import FormatError


def encoded(shape: tuple[int, ...], mode: str, **options: object) -> bytes:
    """A JPEG of noise."""
    pixels = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("L", {"progressive": True}), ("RGB", {"subsampling": 0}), ("CMYK", {}),
     ("RGB", {"subsampling": 2}), ("L", {"restart_marker_blocks": 1})],
)  # fmt: skip
def test_decode_gives_what_pillow_gives(mode: str, options: dict[str, object]) -> None:
    """Leaving the metadata out changes no sample, in any mode."""
    data = encoded((17, 23, 3), mode, exif=b"Exif\0\0broken", comment=b"x", **options)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(decode(jpeg.walk(data)), np.asarray(image))


def test_cmyk_is_shown_as_rgb() -> None:
    """Four components become three; others stay as they are."""
    four = jpeg.walk(encoded((9, 9, 3), "CMYK"))
    assert decode(four).shape == (9, 9, 4)
    assert shown(four).shape == (9, 9, 3)
    assert shown(jpeg.walk(encoded((9, 9), "L"))).shape == (9, 9)


@pytest.mark.parametrize("size", [(65500, 65500), (1, 65500), (0, 9), (9, 0)])
def test_a_header_cannot_ask_for_any_memory(size: tuple[int, int]) -> None:
    """Sizes beyond the limits, zero, or with no data behind them are refused or cheap."""
    data = encoded((8, 8), "L")
    at = data.index(b"\xff\xc0") + 5
    forged = data[:at] + size[0].to_bytes(2) + size[1].to_bytes(2) + data[at + 4 :]
    if size == (1, 65500):
        assert decode(jpeg.walk(forged)).shape == size
    else:
        with pytest.raises(FormatError):
            decode(jpeg.walk(forged))


def test_many_scans_are_refused_before_decoding() -> None:
    """A thousand scans of one picture would keep a decoder busy for minutes."""
    data = encoded((8, 8), "L", progressive=True)
    start, end = data.rindex(b"\xff\xda"), len(data) - 2
    with pytest.raises(FormatError, match="scans"):
        decode(jpeg.walk(data[:end] + data[start:end] * 120 + data[end:]))


def test_scans_of_a_large_picture_are_refused_before_decoding() -> None:
    """Eleven passes over the largest picture are more than a decoder is to make."""
    data = encoded((8, 8), "L")
    at, end = data.index(b"\xff\xc0") + 5, len(data) - 2
    forged = data[:at] + (16_384).to_bytes(2) * 2 + data[at + 4 : end]
    more = segment(0xDA, b"\1\1\0\0\0\0") * 10
    with pytest.raises(FormatError, match="2,684,354,560 pixels together"):
        decode(jpeg.walk(forged + more + data[end:]))


@pytest.mark.parametrize(
    "data", [b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xc0\0\x0b" + b"\0" * 9]
)
def test_files_without_a_picture_are_refused(data: bytes) -> None:
    """There is nothing to decode."""
    with pytest.raises(FormatError, match="no image data"):
        decode(jpeg.walk(data))


@pytest.mark.parametrize("kind", ["b1", "u1", "u2", "i2", "i4", "f4", "f8"])
def test_array_digest_is_over_little_endian_c_order(kind: str) -> None:
    """Byte order and memory layout do not matter; the digest can be had by hand."""
    array = np.arange(24).reshape(4, 6).astype(kind)
    plain = digest_array(array, axes="YX")
    assert plain.digest.hex == hashlib.sha256(array.tobytes()).hexdigest()
    assert (plain.shape, plain.dtype, plain.axes) == ((4, 6), array.dtype.name, "YX")
    padded = np.zeros((8, 12), kind)
    padded[::2, ::2] = array
    read_only = array.copy()
    read_only.setflags(write=False)
    for twin in (array.astype(">" + kind), np.asfortranarray(array), padded[::2, ::2], read_only,
                 array[::-1][::-1]):  # fmt: skip
        assert digest_array(twin, axes="YX") == plain


@pytest.mark.parametrize("kind", ["?", "u1", ">u2", "i2", "f4", ">f8"])
@pytest.mark.parametrize("shape", [(3, 5), (700, 900), (2, 300_000), (130, 1, 3)])
def test_array_digest_of_any_size_and_layout(kind: str, shape: tuple[int, ...]) -> None:
    """What has to be copied is taken part by part, with the same result."""
    image = np.random.default_rng(1).normal(0, 99, shape).astype(kind)
    for array in (image, image[::-1], np.asfortranarray(image)):
        digest = digest_array(array, axes="YX")
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        assert digest.digest.hex == hashlib.sha256(little.tobytes()).hexdigest()
        assert (digest.shape, digest.dtype) == (shape, image.dtype.name)


def test_a_picture_of_our_own_decodes_to_the_same() -> None:
    """Without a look at what else stands in the file, and without a second copy."""
    out = io.BytesIO()
    Image.fromarray(np.arange(6400, dtype="u1").reshape(80, 80)).save(out, "JPEG")
    structure = jpeg.walk(out.getvalue())
    assert np.array_equal(decode(structure, own=True), decode(structure))
    assert decode(structure).flags.writeable


def test_the_decoder_has_a_name_and_a_version() -> None:
    """What decoded the picture is recorded as one entry."""
    ((name, version),) = decoder().items()
    assert name in ("libjpeg-turbo", "libjpeg")
    assert version[0].isdigit()


def test_the_decoder_of_png_is_recorded_too() -> None:
    """Its samples do not depend on it; its name is there for whoever asks."""
    ((name, version),) = decoder("png").items()
    assert name == "zlib"
    assert version[0].isdigit()


# --------------------------------------------------------------------------------------------- PNG

NOISE = np.random.default_rng(8).integers(0, 65536, (17, 23, 4), np.uint16)
BYTES = (NOISE >> 8).astype(np.uint8)


@pytest.mark.parametrize(
    "image",
    [BYTES[..., 0], NOISE[..., 0], BYTES[..., :3], BYTES, NOISE[:1, :1, 0]],
    ids=lambda image: f"{image.dtype}{image.shape}",
)
def test_png_of_every_kind_that_is_sealed_comes_back(image: np.ndarray) -> None:
    """Gray of 8 and 16 bits, RGB and RGBA: the same samples, in the machine's byte order."""
    found = decode(png.walk(saved(Image.fromarray(image), "PNG")))
    assert (found.dtype, found.dtype.isnative) == (image.dtype, True)
    assert np.array_equal(found, image)


@pytest.mark.parametrize("image", [BYTES[..., 0], NOISE[..., 0]], ids=["8", "16"])
def test_interlaced_png_comes_back(image: np.ndarray) -> None:
    """Seven passes over the picture make the same samples."""
    assert np.array_equal(decode(png.walk(interlaced(image))), image)


@pytest.mark.parametrize(
    ("depth", "levels"),
    [(1, [0, 255]), (2, [0, 85, 170, 255]), (4, [17 * n for n in range(16)])],
)
def test_gray_of_few_bits_spans_all_levels(depth: int, levels: list[int]) -> None:
    """1, 2 and 4 bits are spread over 8, as the specification has it (section 13.12)."""
    count = len(levels)
    bits = "".join(f"{n:0{depth}b}" for n in range(count))
    row = int(bits.ljust(-len(bits) % 8 + len(bits), "0"), 2).to_bytes(-(-len(bits) // 8))
    found = decode(png.walk(plain_png(1, count, depth, 0, b"\0" + row)))
    assert (found.dtype, found.tolist()) == (np.uint8, [levels])


@pytest.mark.parametrize("mode", ["P", "PA", "LA", "1", "L transparent", "RGB transparent"])
def test_other_kinds_of_png_become_gray_rgb_or_rgba(mode: str) -> None:
    """Palettes become RGB; whatever has transparency becomes RGBA."""
    small = Image.fromarray(BYTES[..., :3])
    image, options = {
        "P": (small.quantize(64), {}),
        "PA": (small.quantize(64), {"transparency": 5}),
        "LA": (Image.fromarray(BYTES[..., :2].copy(), "LA"), {}),
        "1": (small.convert("1"), {}),
        "L transparent": (small.convert("L"), {"transparency": 5}),
        "RGB transparent": (small, {"transparency": (1, 2, 3)}),
    }[mode]
    found = decode(png.walk(saved(image, "PNG", **options)))
    with Image.open(io.BytesIO(saved(image, "PNG", **options))) as again:
        wanted = {"P": "RGB", "1": "L"}.get(mode, "RGBA")
        assert np.array_equal(found, np.asarray(again.convert(wanted)))


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_16_bit_colour_is_refused_and_never_cut(channels: int) -> None:
    """Pillow reads the high bytes without a word; here it is an error that says why."""
    data = deep_colour(NOISE[..., :channels])
    assert pixels_of(data).dtype == np.uint8, "Pillow has learned to read it"
    for read in (decode, shown):
        with pytest.raises(FormatError, match=r"16 bits|nothing of"):
            read(png.walk(data))


def test_16_bit_gray_with_transparency_is_refused() -> None:
    """Pillow's conversion to RGBA would cut it."""
    data = insert(b"IDAT", chunk(b"tRNS", b"\0\7"))(saved(Image.fromarray(NOISE[..., 0]), "PNG"))
    with pytest.raises(FormatError, match="16 bits"):
        decode(png.walk(data))


def test_what_is_left_of_a_damaged_png_is_shown() -> None:
    """Its first rows, and black."""
    data = cut(0.5)(saved(Image.fromarray(NOISE[..., 0]), "PNG"))
    with pytest.raises(FormatError, match="damaged"):
        decode(png.walk(data))
    picture = shown(png.walk(data))
    assert np.array_equal(picture[:6], NOISE[:6, :, 0])
    assert not picture[12:].any()


@pytest.mark.parametrize("size", [(65536, 65536), (1 << 31, 1), (0, 9), (9, 0)])
def test_the_header_of_a_png_cannot_ask_for_any_memory(size: tuple[int, int]) -> None:
    """Sizes beyond the limits and of nothing are refused."""
    with pytest.raises(FormatError):
        decode(png.walk(plain_png(*size, 8, 0, b"\0")))


def test_a_second_header_cannot_ask_for_it_either() -> None:
    """Pillow would take the last one, whose size nobody has looked at."""
    header = (40_000).to_bytes(4) * 2 + bytes((16, 6, 0, 0, 0))
    data = insert(b"IDAT", chunk(b"IHDR", header))(plain_png(1, 1, 8, 0, b"\0\7"))
    with pytest.raises(FormatError, match="not one header"):
        decode(png.walk(data))


GRAY = BYTES[..., 0]
THREE = np.dstack([GRAY] * 3)
OPAQUE = np.dstack([BYTES[..., :3], np.full_like(GRAY, 255)])


@pytest.mark.parametrize(
    ("found", "sealed"),
    [
        (THREE, GRAY),
        (GRAY, THREE),
        (OPAQUE, BYTES[..., :3]),
        (BYTES[..., :3], OPAQUE),
        (np.dstack([THREE, OPAQUE[..., 3]]), GRAY),
        (GRAY, np.dstack([THREE, OPAQUE[..., 3]])),
        (GRAY, GRAY * np.uint16(257)),
        (GRAY * np.uint16(257), GRAY),
        (THREE, GRAY * np.uint16(257)),
        (NOISE[..., 0], NOISE[..., 0]),
    ],
)  # fmt: skip
def test_other_forms_of_the_same_picture_fit(found: np.ndarray, sealed: np.ndarray) -> None:
    """Gray as RGB, opaque with alpha, 8 bits as 16, and the reverse of each."""
    fit = fitted(found, sealed.shape, sealed.dtype.name)
    assert (fit.shape, fit.dtype) == (sealed.shape, sealed.dtype)
    assert np.array_equal(fit, sealed)


@pytest.mark.parametrize(
    ("found", "shape", "kind"),
    [
        (BYTES[..., :3], GRAY.shape, "uint8"),
        (BYTES, (17, 23, 3), "uint8"),
        (NOISE[..., 0], GRAY.shape, "uint8"),
        (GRAY, (23, 17), "uint8"),
        (GRAY, (17, 23), "float32"),
        (NOISE[..., 0], (17, 23, 3), "uint8"),
    ],
)  # fmt: skip
def test_what_would_lose_something_is_left_as_it_is(
    found: np.ndarray, shape: tuple[int, ...], kind: str
) -> None:
    """Colours, transparency, low bytes and sizes are not thrown away to make it fit."""
    assert fitted(found, shape, kind) is found


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 5, 6])
def test_large_pictures_are_copied_in_bands(
    rows: int, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of one row, with a rest, and of all rows but one; each kind has its type and shape."""
    monkeypatch.setattr(pixels, "_BAND", 4 * 9 * rows)
    random = np.random.default_rng(5)
    for dtype, shape in (("u1", (7, 9)), ("u2", (7, 9)), ("u1", (7, 9, 3)), ("u1", (7, 9, 4))):
        image = random.integers(0, 1 << 8 * np.dtype(dtype).itemsize, shape, dtype)
        found = decode(png.walk(saved(Image.fromarray(image), "PNG")), own=own)
        assert (found.dtype, found.shape) == (image.dtype, image.shape)
        assert np.array_equal(found, image)
    data = encoded((7, 9, 3), "RGB")
    with Image.open(io.BytesIO(data)) as plain:
        assert np.array_equal(decode(jpeg.walk(data), own=own), np.asarray(plain))
