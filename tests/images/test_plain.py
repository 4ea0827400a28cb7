"""Reading images in other formats, losing nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_seal import ImageError
from napari_seal._images import open_images


def read_image(path: str) -> np.ndarray:
    """The one image in a file, whole."""
    with open_images(path) as [image]:
        return np.asarray(image.array)


RAMP = np.arange(6 * 8, dtype=np.uint16).reshape(6, 8) * 1111


@pytest.mark.parametrize("name", ["a.npy", "a.NPY", "a.tif", "a.TIFF", "a.ome.tif", "a.png"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bits_come_back(name: str, order: str, tmp_path: Path) -> None:
    """In TIFF, PNG and NumPy files, of both byte orders."""
    path = tmp_path / name
    image = RAMP.astype(f"{order}u2")
    if path.suffix.lower() == ".npy":
        with path.open("wb") as file:
            np.save(file, image)
    elif path.suffix == ".png":
        Image.fromarray(RAMP).save(path)
    else:
        tifffile.imwrite(path, image, byteorder=order)
    found = read_image(str(path))
    assert np.array_equal(found, RAMP)
    assert found.dtype.name == "uint16"


@pytest.mark.parametrize("kind", ["?", "i1", "u4", "f4", "f8"])
def test_other_types_come_back(kind: str, tmp_path: Path) -> None:
    """As they are, with their type."""
    image = (RAMP % 120).astype(kind)
    np.save(tmp_path / "a.npy", image)
    found = read_image(str(tmp_path / "a.npy"))
    assert found.dtype == image.dtype
    assert np.array_equal(found, image)


def test_colours_come_last(tmp_path: Path) -> None:
    """Also where a TIFF file stores them one after the other; palettes become RGB."""
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb")
    planes = np.moveaxis(image, -1, 0)
    tifffile.imwrite(tmp_path / "b.tif", planes, photometric="rgb", planarconfig="separate")
    Image.fromarray(image).save(tmp_path / "c.png")
    for name in ("a.tif", "b.tif", "c.png"):
        assert np.array_equal(read_image(str(tmp_path / name)), image), name
    palette = Image.fromarray(image).convert("P")
    palette.save(tmp_path / "d.png")
    found = read_image(str(tmp_path / "d.png"))
    assert np.array_equal(found, np.asarray(palette.convert("RGB")))


def test_a_jpeg_is_read_by_its_content(tmp_path: Path) -> None:
    """Under the name of a PNG file as well, and the other way round."""
    gray = (RAMP >> 8).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "a.png", "JPEG", quality=100)
    Image.fromarray(gray).save(tmp_path / "a.jpg", "PNG")
    assert np.abs(read_image(str(tmp_path / "a.png")).astype(int) - gray).max() < 4
    assert np.array_equal(read_image(str(tmp_path / "a.jpg")), gray)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """An image file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


GRAY = Image.fromarray((RAMP >> 8).astype(np.uint8))
#: IHDR of a PNG file with 16 bits a channel and colour type 2.
DEEP = saved(GRAY)[:24] + b"\x10\x02" + saved(GRAY)[26:]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.tif", b"text", "not a readable TIF file"),
        ("a.tif", b"", "not a readable TIF file"),
        ("a.npy", b"\x93NUMPY\x01\x00", "not a readable NPY file"),
        ("a.png", saved(GRAY)[:40], "not a readable PNG file"),
        ("a.png", b"GIF89a", "neither a PNG nor a JPEG file, whatever its name says"),
        ("a.png", saved(GRAY.convert("LA")), "alpha channel"),
        ("a.png", DEEP, "16-bit colour PNG"),
        ("a.png", saved(GRAY, save_all=True, append_images=[GRAY.rotate(180)]), "holds 2 pictures"),
        ("a.jpg", saved(GRAY.convert("CMYK"), "JPEG"), "CMYK"),
        ("a.bmp", saved(GRAY, "BMP"), "is of the kind .bmp, which is not read"),
        ("a", b"x", r"is of the kind \(no extension\), which is not read"),
        ("a.\x1b[2J", b"x", "is of the kind"),
    ],
)
def test_what_would_lose_something_is_refused(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    """One kind of error, whose words follow the file's name, and are safe to print."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageError, match=says) as raised:
        read_image(str(path))
    assert str(raised.value).isprintable()


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    """An array of objects could run code."""
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ImageError, match="not a readable NPY file"):
        read_image(str(tmp_path / "a.npy"))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """Missing files and folders, in the words of the system."""
    with pytest.raises(ImageError, match="cannot be read: No such file"):
        read_image(str(tmp_path / "gone.tif"))
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(ImageError, match="is a folder"):
        read_image(str(tmp_path / "a.tif"))
