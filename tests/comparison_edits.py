"""What is done to an archive of each system: the rows of the tables of ``docs/comparison.md``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from comparison_systems import System
from PIL import Image
from support import find_exiftool, skip_or_fail


def file(edit: Callable[[Path], None]) -> Callable[[System], None]:
    """An edit of the content of one file, ``b.jpg``."""
    return lambda system: edit(system.content(system.data / "b.jpg"))


def flip_a_bit(path: Path) -> None:
    """In the compressed data."""
    data = bytearray(path.read_bytes())
    data[data.rindex(b"\xff\xda") + 4_000] ^= 0x10
    path.write_bytes(data)


def save_again(quality: int, box: tuple[int, int, int, int] | None) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with Image.open(path) as picture:
            exif, edited = picture.info["exif"], picture.copy()
        if box is not None:
            edited.paste(165, box)
        edited.save(path, "JPEG", quality=quality, exif=exif)

    return edit


def exchange_a_table(path: Path) -> None:
    """One step of the quantisation table, by which all decoders multiply."""
    data = bytearray(path.read_bytes())
    place = data.rindex(b"\xff\xdb\x00\x43\x00", 0, data.rindex(b"\xff\xda")) + 5
    data[place] = min(data[place] * 3, 255)
    path.write_bytes(data)


def optimise(path: Path) -> None:
    program = shutil.which("jpegtran")
    if program is None:
        skip_or_fail("tools", "jpegtran is not installed")
    done = subprocess.run(
        [program, "-copy", "all", "-optimize", path], capture_output=True, check=True
    )
    path.write_bytes(done.stdout)


def by_exiftool(*options: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        quietly = ("-q", "-q", "-m", "-overwrite_original_in_place")
        subprocess.run([*find_exiftool(), *quietly, *options, path], check=True)

    return edit


def relabel(path: Path) -> None:
    data = path.read_bytes()
    assert b"TDR 12" in data
    path.write_bytes(data.replace(b"TDR 12", b"TDR 13"))


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def exchange(system: System) -> None:
    """The content of ``b.jpg`` for that of ``c.jpg``."""
    content = system.content(system.data / "c.jpg").read_bytes()
    system.content(system.data / "b.jpg").write_bytes(content)


def move(system: System) -> None:
    (system.data / "b.jpg").rename(system.data / "d.jpg")


def delete(system: System) -> None:
    (system.data / "b.jpg").unlink()


def add(system: System) -> None:
    system.store(system.image(5), system.data / "n.jpg")


def seal_again(system: System) -> None:
    """Another picture, treated as a new file is."""
    image = system.image(1).copy()
    image[40:70, 40:70] = image.mean()
    system.seal_again(image, system.data / "b.jpg")


#: Of one file.
CHANGES: dict[str, Callable[[System], None]] = {
    "nothing": lambda system: None,
    "a bit of the compressed picture flips": file(flip_a_bit),
    "a spot is painted over, Exif kept": file(save_again(90, (40, 40, 70, 70))),
    "saved at another quality, Exif kept": file(save_again(75, None)),
    "a quantisation table is changed": file(exchange_a_table),
    "cut off after two thirds": file(cut),
    "optimised without loss (jpegtran)": file(optimise),
    "a value of your metadata is edited": file(relabel),
    "turned by the Orientation tag": file(by_exiftool("-Orientation#=6")),
    "a tag is added (Artist)": file(by_exiftool("-Artist=Somebody")),
    "bytes are added after the end": file(append),
    "all metadata are removed": file(by_exiftool("-all=")),
}
#: Of an archive.
EVENTS: dict[str, Callable[[System], None]] = {
    "changed, and stored anew": seal_again,
    "exchanged for another file": exchange,
    "moved within the archive": move,
    "deleted": delete,
    "a file is added": add,
}
