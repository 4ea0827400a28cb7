"""Other people's software, and a page of plain Python, agree about sealed PNG files."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutators import flip
from png_mutators import (
    bad_sum,
    chunk,
    compressed,
    content,
    edit_text,
    find,
    insert,
    rechunk,
    recompress,
    rot,
    tag,
)
from support import nuclear_tracks, sealed_bytes, skip_or_fail

from napari_seal import check
from napari_seal._format import png

DEEP = nuclear_tracks()
LEVELS = (DEEP >> 8).astype(np.uint8)
COLOUR = np.dstack([LEVELS, 255 - LEVELS, LEVELS // 2])
PICTURES = {
    "deep": DEEP,
    "gray": LEVELS,
    "rgb": COLOUR,
    "rgba": np.dstack([COLOUR, LEVELS]),
}
OPTIONS = {"metadata": {"detector": "TDR 12"}, "exif": {"Make": "Zeiss"}}
SEALED = {name: sealed_bytes(image, name="a.png", **OPTIONS) for name, image in PICTURES.items()}
KINDS = sorted(PICTURES)

MUTATED = {
    "as sealed": bytes,
    "flipped": rot(b"IDAT", 0.5),
    "check sum": bad_sum(b"IDAT"),
    "rechunked": rechunk(777),
    "recompressed": recompress(9),
    "text": insert(b"IDAT", chunk(b"tEXt", b"a\0b")),
    "text between": lambda d: insert(b"IDAT", chunk(b"tEXt", b"a\0b"), 1)(rechunk(3000)(d)),
    "trailer": lambda d: d + b"trailer" + d,
    "empty IDAT": insert(b"IEND", chunk(b"IDAT")),
}


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sealed files of all kinds with all mutations."""
    folder = tmp_path_factory.mktemp("variants")
    for kind, data in SEALED.items():
        for name, mutate in MUTATED.items():
            (folder / f"{kind} {name}.png").write_bytes(mutate(data))
    return folder


# -------------------------------------------------------------------------------------- ExifTool


def test_exiftool_agrees_on_the_image_data(exiftool: list[str], variants: Path) -> None:
    """Its ImageDataHash of a PNG file is our scan digest, whatever was done to the file."""
    paths = sorted(variants.iterdir())
    options = ["-api", "ImageHashType=SHA256", "-ImageDataHash", "-json", "-m", "-q"]
    done = subprocess.run(
        [*exiftool, *options, *map(str, paths)], capture_output=True, text=True, check=False
    )
    found = {row["SourceFile"]: row["ImageDataHash"] for row in json.loads(done.stdout)}
    assert len(found) == len(MUTATED) * len(SEALED)
    assert {path: png.walk(Path(path).read_bytes()).scan().hex for path in found} == found


def test_the_one_liner_lists_exactly_the_files_with_other_image_data(
    exiftool: list[str], variants: Path
) -> None:
    """ExifTool alone tells changed image data; rewritten ones are other data to it as well."""
    command = [
        *exiftool, "-q", "-m", "-api", "ImageHashType=SHA256", "-if",
        "$ImageDataHash ne $OriginalImageHash", "-p", "$FilePath", "-r", str(variants),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    listed = {Path(line).name for line in done.stdout.splitlines()}
    changed = {f"{kind} {what}.png" for kind in KINDS for what in ("flipped", "recompressed")}
    assert listed == changed, done.stderr
    for path in variants.iterdir():
        if not check(path).intact:
            assert path.name in changed or path.stem.split(" ", 1)[1] in (
                "check sum", "rechunked", "text between", "empty IDAT",
            )  # fmt: skip


def test_exiftool_reads_our_tags_and_finds_nothing_to_say(
    exiftool: list[str], tmp_path: Path
) -> None:
    """Identity, record and XMP are where it looks; the file is valid."""
    for kind in KINDS:
        path = tmp_path / f"{kind}.png"
        path.write_bytes(SEALED[kind])
        command = [*exiftool, "-json", "-G1", "-a", "-warning", "-error", "-EXIF:all", "-XMP:all"]
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True)
        (tags,) = json.loads(done.stdout)
        stored = check(path).seal
        assert tags["ExifIFD:ImageUniqueID"] == stored.identity  # type: ignore[union-attr]
        assert tags["IFD0:Make"] == "Zeiss"
        assert tags["XMP-et:OriginalImageHash"] == stored.scan.hex  # type: ignore[union-attr]
        assert json.loads(tags["ExifIFD:UserComment"])["detector"] == "TDR 12"
        assert not any("Warning" in key or "Error" in key for key in tags)
        done = subprocess.run(
            [*exiftool, "-validate", "-warning", "-error", "-a", "-s3", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        # JPEG's mandatory tags are none of PNG's.
        found = [line for line in done.stdout.splitlines() if "Warning" not in line]
        assert [line for line in found if not line.startswith("Missing required")] in ([], ["OK"])


# --------------------------------------------------------------------------------- other decoders


def decoders() -> dict[str, Callable[[bytes], np.ndarray]]:
    """Decoders that have nothing to do with Pillow, as far as they are installed."""
    found: dict[str, Callable[[bytes], np.ndarray]] = {}
    try:
        import cv2

        found["OpenCV"] = lambda data: _from_opencv(
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        )
    except ImportError:
        pass
    try:
        import imagecodecs

        found["imagecodecs"] = imagecodecs.png_decode
    except ImportError:
        pass
    if shutil.which("convert"):
        found["ImageMagick"] = _by_imagemagick
    return found


def _from_opencv(image: np.ndarray) -> np.ndarray:
    """Red first."""
    return image if image.ndim == 2 else np.dstack([image[..., 2::-1], image[..., 3:]])


def _by_imagemagick(data: bytes) -> np.ndarray:
    """Its raw samples, in the depth and channels of the file."""
    depth, colour = data[24], data[25]
    form = {0: "gray", 2: "rgb", 6: "rgba"}[colour]
    done = subprocess.run(
        ["convert", "png:-", "-endian", "LSB", "-depth", str(depth), f"{form}:-"],
        input=data, capture_output=True, check=True,
    )  # fmt: skip
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    flat = np.frombuffer(done.stdout, f"<u{depth // 8}")
    return flat.reshape((height, width, -1) if colour else (height, width))


DECODERS = decoders()


def decoder(name: str) -> Callable[[bytes], np.ndarray]:
    """One of them, or a skip; Debian has ImageMagick, and the others are there by chance."""
    if name not in DECODERS:
        if name == "ImageMagick":
            skip_or_fail("tools", f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return DECODERS[name]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["OpenCV", "imagecodecs", "ImageMagick"])
def test_another_decoder_reads_the_array_that_was_sealed(name: str, kind: str) -> None:
    """Every sample of all 16 bits; and its digest is that of the seal's `pixels`."""
    decode = decoder(name)
    found = np.asarray(decode(SEALED[kind]))
    assert found.dtype == PICTURES[kind].dtype
    assert np.array_equal(found, PICTURES[kind])
    stored = json.loads(record_of(SEALED[kind]))["seal"]["pixels"]["digest"]
    assert stored == "sha256:" + hashlib.sha256(found.tobytes()).hexdigest()


@pytest.mark.parametrize("name", ["OpenCV", "imagecodecs"])
def test_what_another_decoder_shows_differently_is_never_intact(name: str) -> None:
    """Single bytes of a small file flipped: wherever its samples change, so does the verdict."""
    decode = decoder(name)
    small = sealed_bytes(DEEP[:12, :16], name="a.png")
    expected = np.asarray(decode(small))
    from napari_seal._verify.check import check_bytes

    for at in range(8, len(small), 3):
        changed = flip(small, at, 0x04)
        try:
            found = np.asarray(decode(changed))
        except Exception:  # noqa: BLE001 - a refusal shows nothing
            continue
        if found.shape != expected.shape or not np.array_equal(found, expected):
            assert check_bytes(changed, "a").verdict != "intact", at


ANCILLARY = {
    b"gAMA": b"\0\0\x10\0",
    b"sBIT": b"\4\4\4\4",
    b"cHRM": bytes(32),
    b"sRGB": b"\1",
    b"bKGD": b"\0\x80\0\x80\0\x80",
    b"pHYs": b"\0\0\1\0\0\0\0\1\1",
    b"oFFs": b"\0\0\0\5\0\0\0\5\0",
    b"cICP": b"\1\x0d\0\1",
    b"vpAg": b"\0\0\0\xff\0\0\0\xff\0",
    b"caNv": b"\0\0\0\xff\0\0\0\xff\0\0\0\0\0\0\0\0",
    b"orNT": b"\6",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["OpenCV", "imagecodecs"])
def test_what_may_be_added_beside_the_image_changes_no_sample(name: str, kind: str) -> None:
    """Chunks that are left out of the codestream are left out by other decoders as well."""
    decode = decoder(name)
    for letters, held in ANCILLARY.items():
        channels = PICTURES[kind].shape[2:] or (1,)
        sizes = {b"sBIT": channels[0], b"bKGD": 2 if channels == (1,) else 6}
        added = chunk(letters, held[: sizes.get(letters, 99)])
        found = decode(insert(b"IDAT", added)(SEALED[kind]))
        assert np.array_equal(found, PICTURES[kind]), letters


def test_the_libpng_checker_finds_nothing(tmp_path: Path) -> None:
    """libpng's own tool for broken files has nothing to mend."""
    if shutil.which("pngfix") is None:
        skip_or_fail("tools", "pngfix is not installed")
    for kind in KINDS:
        path = tmp_path / f"{kind}.png"
        path.write_bytes(SEALED[kind])
        done = subprocess.run(["pngfix", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert "ERR" not in done.stdout


# ---------------------------------------------------------------------------------- plain Python


def record_of(data: bytes) -> bytes:
    """The record's text, by a search for how it begins and ends."""
    found = re.search(rb"ASCII\0\0\0(\{.*\}\})", content(data, b"eXIf"), re.DOTALL)
    assert found is not None
    return found[1]


def verify_by_hand(data: bytes) -> tuple[bool, bool]:
    """Whether codestream and record match, for a file as napari-seal writes it."""
    rest, at, text, kind = data[:8], 8, b"", b""
    while kind != b"IEND":
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4])
        if kind == b"eXIf":
            text = re.search(rb"ASCII\0\0\0(\{.*\}\})", data[at:end], re.DOTALL)[1]  # type: ignore[index]
        if kind[:1].isupper() or kind == b"tRNS":
            rest += data[at:end]
        at = end
    record = hashlib.sha256(text[: text.rindex(b',"record":"')]).hexdigest()
    seal = json.loads(text)["seal"]
    codestream = hashlib.sha256(rest).hexdigest()
    return seal["codestream"] == f"sha256:{codestream}", seal["record"] == f"sha256:{record}"


@pytest.mark.parametrize("kind", KINDS)
def test_fifteen_lines_of_python_verify_a_file(kind: str) -> None:
    """The standard library alone proves picture and metadata, and sees a change of either."""
    data = SEALED[kind]
    assert verify_by_hand(data) == (True, True)
    assert verify_by_hand(recompress(9)(data)) == (False, True)
    assert verify_by_hand(edit_text(lambda t: t.replace(b"TDR 12", b"TDR 13"))(data)) == (
        True,
        False,
    )
    assert verify_by_hand(tag("0th", 0x013B, b"Somebody")(data)) == (True, True)


def test_the_scan_is_the_digest_of_what_idat_holds() -> None:
    """Three lines of Python for whoever has no ExifTool."""
    data = SEALED["deep"]
    stored = json.loads(record_of(data))["seal"]["scan"]
    assert stored == "sha256:" + hashlib.sha256(compressed(data)).hexdigest()
    assert find(data, b"IDAT")[0] > 33
