"""What other people's programs do to sealed files: one row is one edit and the verdict on it.

``python tests/test_tools.py`` writes the tables of ``docs/tools.md`` anew from the rows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from mutators import moedal_file
from PIL import Image, ImageCms
from support import nuclear_tracks, skip_or_fail

from napari_seal import ReasonCode, check, seal

PAGE = Path(__file__).parents[1] / "docs" / "tools.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
METADATA = {"detector": "TDR 12", "dose": 1.5, "operator": "Žofie", "run": {"id": 2**63}}
EXIF = {"Make": "Zeiss", "DateTimeOriginal": "2024:05:06 07:08:09", "ExposureTime": (1, 250)}

OK, META, IMAGE, LOSSLESS, CUT = (
    "intact", "metadata-changed", "image-changed", "reencoded", "truncated",
)  # fmt: skip
NONE, OTHER = "no-seal", "not-an-image"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An edit of ``image.jpg``, in place or into ``out.jpg``, and what is said about the result.

    ``command`` is a line for the shell, or of Python where ``tool`` is a Python package.  ``says``
    holds codes that must be among the reasons; where it is empty beside `intact`, there are none.
    """

    tool: str
    edit: str
    command: str
    verdict: str
    says: frozenset[ReasonCode]
    kinds: tuple[str, ...]


def fill(template: str, options: str) -> str:
    """The command with its options, where there are any."""
    return template.replace("... ", f"{options} ".lstrip())


#: Edit, command (or only its options), verdict, reason codes, and kinds of file if not the usual.
Cells = tuple[str, str, str, str] | tuple[str, str, str, str, str]


def rows(tool: str, template: str, *table: Cells, kinds: str = "gray rgb") -> list[Row]:
    """Rows of one tool; options stand where the template has dots."""
    return [
        Row(
            tool=tool,
            edit=edit,
            command=command if "image.jpg" in command else fill(template, command),
            verdict=verdict,
            says=frozenset(map(ReasonCode, says.split())),
            kinds=tuple(few.split()) or tuple(kinds.split()),
        )
        for edit, command, verdict, says, few in ((*cells, "")[:5] for cells in table)
    ]


# fmt: off
ROWS = [
    # ExifTool takes longer than all others together, and gray or RGB is the same to it.
    *rows(
        "ExifTool", "exiftool ... image.jpg",
        ("a tag added", "-Artist=Somebody", OK, "exif-tags-added", "gray rgb"),
        ("a position added", "-GPSLatitude=52.5 -GPSLatitudeRef=N", OK, "exif-tags-added"),
        ("a sealed tag changed", "-Make=Leica", META, "exif-tag-changed", "gray rgb"),
        ("a sealed tag removed", "-Make=", META, "exif-tag-removed"),
        ("all dates shifted by an hour", "-AllDates+=1", META, "exif-tag-changed"),
        ("turned by the Orientation tag", "-Orientation#=6", META, "orientation-changed"),
        ("Orientation set to upright", "-Orientation#=1", OK, "exif-tags-added"),
        ("a value of your metadata edited", "'-UserComment<${UserComment;s/TDR 12/TDR 13/}'",
         META, "metadata-key-changed record-mismatch"),
        ("your metadata edited, with an umlaut", "'-UserComment<${UserComment;s/TDR 12/Größe/}'",
         META, "metadata-key-changed record-mismatch"),
        ("a key of your metadata removed", "'-UserComment<${UserComment;s/\"dose\":1.5,//}'",
         META, "metadata-key-removed record-mismatch"),
        ("a key added to your metadata", "'-UserComment<${UserComment;s/{/{\"new\":1,/}'",
         META, "metadata-key-added record-mismatch"),
        ("UserComment replaced", "-UserComment=holiday", NONE, "seal-stripped"),
        ("UserComment removed", "-UserComment=", NONE, "seal-stripped"),
        ("a title added (XMP)", "-XMP-dc:Title=Tracks", OK, "xmp-changed"),
        ("turned by XMP", "-XMP-tiff:Orientation#=6", META, "orientation-changed xmp-changed"),
        ("XMP removed", "-XMP:all=", OK, "xmp-changed"),
        ("a keyword added (IPTC)", "-IPTC:Keywords=tracks", OK, "segment-added"),
        ("a comment added", "-Comment=Hello", OK, "segment-added"),
        ("an ICC profile added", "'-ICC_Profile<=image.icc'", OK, "segment-added"),
        ("a thumbnail added", "'-ThumbnailImage<=small.jpg'", OK, "thumbnail-added"),
        ("the resolution in JFIF set", "-JFIF:XResolution=300", OK, ""),
        ("Exif written anew, in the other byte order",
         "-all= -TagsFromFile @ -all:all -ExifByteOrder=II", OK, "exif-tags-added"),
        ("all tags of another sealed file copied in", "-TagsFromFile other.jpg -all:all",
         IMAGE, "pixels-mismatch"),
        ("the file's date set", "'-FileModifyDate=2020:01:01 00:00:00'", OK, ""),
        ("Exif removed", "-EXIF:all=", NONE, "seal-stripped"),
        ("all metadata removed", "-all=", NONE, "no-seal-found"),
        kinds="gray",
    ),
    *rows(
        "exiv2", "exiv2 ... image.jpg",
        ("a tag added", "-M'set Exif.Image.Artist Ascii Somebody' mo", OK, "exif-tags-added"),
        ("a sealed tag changed", "-M'set Exif.Image.Make Ascii Leica' mo",
         META, "exif-tag-changed"),
        ("a sealed tag removed", "-M'del Exif.Image.Make' mo", META, "exif-tag-removed"),
        ("all dates shifted by an hour", "-a 1 ad", META, "exif-tag-changed"),
        ("turned by the Orientation tag", "-M'set Exif.Image.Orientation Short 6' mo",
         META, "orientation-changed"),
        ("UserComment replaced", "-M'set Exif.Photo.UserComment charset=Ascii holiday' mo",
         NONE, "seal-stripped"),
        ("a title added (XMP)", "-M'set Xmp.dc.title Tracks' mo", OK, "xmp-changed"),
        ("XMP written to a file and put in again",
         "exiv2 -eX ex image.jpg && exiv2 -iX in image.jpg", OK, "xmp-changed"),
        ("XMP removed", "-dx rm", OK, "xmp-changed"),
        ("a keyword added (IPTC)", "-M'add Iptc.Application2.Keywords String tracks' mo",
         OK, "segment-added"),
        ("a comment added", "-c Hello mo", OK, "segment-added"),
        ("an ICC profile added", "-iC in", OK, "segment-added"),
        ("a thumbnail added", "-it in", OK, "thumbnail-added"),
        ("all metadata taken out and put in again",
         "exiv2 ex image.jpg && exiv2 rm image.jpg && exiv2 in image.jpg", OK, "xmp-changed"),
        ("Exif removed", "-de rm", NONE, ""),
        ("all metadata removed", "rm", NONE, "no-seal-found"),
    ),
    *rows(
        "jhead", "jhead ... image.jpg",
        ("the date set", "-ts2020:01:01-12:00:00", META, "exif-tag-changed"),
        ("the date shifted by an hour", "-ta+1:00", META, "exif-tag-changed"),
        ("a comment added", "-cl Hello", OK, "segment-added"),
        ("the file's date set to that in Exif", "-ft", OK, ""),
        ("thumbnail removed; there is none", "-dt", OK, ""),
        ("turned upright; it is", "-autorot", OK, ""),
        ("given an Orientation tag, then turned upright",
         "exiv2 -M'set Exif.Image.Orientation Short 6' mo image.jpg && jhead -autorot image.jpg",
         IMAGE, "rotated size-changed"),
        ("Exif copied from another sealed file", "-te other.jpg", IMAGE, "pixels-mismatch"),
        ("XMP removed", "-dx", OK, "xmp-changed"),
        ("a new Exif block made", "-mkexif", NONE, "seal-stripped"),
        ("Exif removed", "-de", NONE, "seal-stripped"),
        ("all metadata removed", "-purejpg", NONE, "no-seal-found"),
    ),
    *rows(
        "jpegtran", "jpegtran ... image.jpg > out.jpg",
        ("rewritten", "-copy all", OK, ""),
        ("an ICC profile added", "-copy all -icc image.icc", OK, "segment-added"),
        ("Huffman tables optimised", "-copy all -optimize", LOSSLESS, "lossless-rewrite"),
        ("made progressive", "-copy all -progressive", LOSSLESS, "lossless-rewrite"),
        ("made progressive, and back",
         "jpegtran -copy all -progressive image.jpg | jpegtran -copy all > out.jpg", OK, ""),
        ("restart markers added", "-copy all -restart 1", LOSSLESS, "lossless-rewrite"),
        ("coded arithmetically", "-copy all -arithmetic", LOSSLESS, "lossless-rewrite"),
        ("rotated by a quarter", "-copy all -rotate 90", IMAGE, "rotated size-changed"),
        ("rotated by a half", "-copy all -perfect -rotate 180", IMAGE, "rotated"),
        ("mirrored", "-copy all -flip horizontal", IMAGE, "flipped"),
        ("transposed", "-copy all -transpose", IMAGE, "flipped size-changed"),
        ("cropped", "-copy all -crop 200x160+64+48", IMAGE, "cropped size-changed"),
        ("a part wiped out", "-copy all -wipe 48x32+128+96", IMAGE, "edited"),
        ("a part of another picture put in", "-copy all -drop +128+96 small.jpg", IMAGE, "edited"),
        ("reduced to gray; it is", "-copy all -grayscale", OK, "", "gray"),
        ("reduced to gray", "-copy all -grayscale", IMAGE, "size-changed", "rgb"),
        ("without options", "", NONE, "no-seal-found"),
        ("no metadata copied", "-copy none", NONE, "no-seal-found"),
    ),
    *rows(
        "jpegoptim", "jpegoptim ... image.jpg",
        ("optimised", "", LOSSLESS, "lossless-rewrite"),
        ("made progressive", "--force --all-progressive", LOSSLESS, "lossless-rewrite"),
        ("XMP removed", "--strip-xmp", LOSSLESS, "lossless-rewrite xmp-changed"),
        ("at most of quality 75", "--max=75", IMAGE, "recompressed"),
        ("half as large", "--size=50%", IMAGE, "recompressed"),
        ("Exif removed", "--strip-exif", NONE, "seal-stripped"),
        ("all metadata removed", "--strip-all", NONE, "no-seal-found"),
    ),
    *rows(
        "ImageMagick", "mogrify ... image.jpg",
        ("saved again", "", IMAGE, "recompressed"),
        ("saved at quality 75", "-quality 75", IMAGE, "recompressed"),
        ("saved at quality 98", "-quality 98", IMAGE, "recompressed"),
        ("only a comment set", "-set comment Hello", IMAGE, "recompressed segment-added"),
        ("rotated by a quarter", "-rotate 90", IMAGE, "rotated size-changed"),
        ("rotated by a half", "-rotate 180", IMAGE, "rotated"),
        ("rotated by two degrees", "-rotate 2", IMAGE, "size-changed"),
        ("mirrored", "-flop", IMAGE, "flipped"),
        ("cropped", "-crop 200x160+60+50 +repage", IMAGE, "size-changed"),
        ("made smaller", "-resize 50%", IMAGE, "resized size-changed"),
        ("made brighter", "-modulate 110", IMAGE, "tone-changed"),
        ("brightness and contrast", "-brightness-contrast 10x20", IMAGE, "tone-changed"),
        ("gamma", "-gamma 1.2", IMAGE, "tone-changed"),
        ("contrast stretched", "-normalize", IMAGE, "tone-changed"),
        ("inverted", "-negate", IMAGE, "tone-changed"),
        ("a spot drawn", "-fill black -draw 'circle 160,120 166,120'", IMAGE, "edited"),
        ("blurred", "-blur 0x1", IMAGE, "pixels-mismatch"),
        ("sharpened", "-unsharp 0x1", IMAGE, "pixels-mismatch"),
        ("made gray", "-colorspace Gray", IMAGE, "size-changed", "rgb"),
        ("metadata removed", "-strip", NONE, "no-seal-found"),
        ("saved as PNG under the old name",
         "mogrify -format png image.jpg && mv image.png image.jpg", OTHER, "unknown-format"),
    ),
    *rows(
        "Pillow", "...",
        ("saved again", "Image.open('image.jpg').save('out.jpg')", NONE, "no-seal-found"),
        ("saved again with the same tables",
         "Image.open('image.jpg').save('out.jpg', quality='keep')", NONE, "no-seal-found"),
        ("saved again with Exif",
         "im = Image.open('image.jpg'); im.save('out.jpg', exif=im.info['exif'])",
         IMAGE, "recompressed xmp-changed"),
        ("rotated, with Exif",
         "im = Image.open('image.jpg'); im.rotate(90, expand=True).save('out.jpg', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "rotated size-changed xmp-changed"),
    ),
    *rows(
        "OpenCV", "...",
        ("saved again",
         "cv2.imwrite('out.jpg', cv2.imread('image.jpg', cv2.IMREAD_UNCHANGED))",
         NONE, "no-seal-found"),
    ),
    *rows(
        "Files as such", "...",
        ("copied", "cp image.jpg out.jpg", OK, ""),
        ("packed and unpacked", "gzip image.jpg && gunzip image.jpg.gz", OK, ""),
        ("a line of text at the end", "echo note >> image.jpg", OK, "bytes-after-end"),
        ("another picture at the end", "cat small.jpg >> image.jpg", OK, "bytes-after-end"),
        ("cut within the picture", "head -c 12000 image.jpg > out.jpg", CUT, "no-end-of-image"),
        ("cut before the picture", "head -c 1000 image.jpg > out.jpg", CUT, "no-end-of-image"),
        ("nothing left", "head -c 0 image.jpg > out.jpg", OTHER, "empty-file"),
        ("its beginning lost", "tail -c +600 image.jpg > out.jpg", OTHER, "unknown-format"),
        ("16 bytes lost within the picture",
         "dd if=/dev/zero of=image.jpg bs=1 seek=12000 count=16 conv=notrunc",
         IMAGE, "bytes-replaced"),
        ("decoded and encoded again", "djpeg image.jpg | cjpeg -quality 90 > out.jpg",
         NONE, "no-seal-found"),
        ("a comment added", "wrjpgcom -comment Hello image.jpg > out.jpg", OK, "segment-added"),
    ),
    *rows(
        "Files of the MoEDAL function", "...",
        ("a tag added", "exiv2 -M'set Exif.Image.Artist Ascii Somebody' mo image.jpg",
         OK, "moedal-metadata-unprotected"),
        ("a value of your metadata edited",
         "exiftool '-UserComment<${UserComment;s/TDR 12/TDR 13/}' image.jpg",
         OK, "moedal-metadata-unprotected"),
        ("Huffman tables optimised", "jpegtran -copy all -optimize image.jpg > out.jpg",
         OK, "moedal-metadata-unprotected"),
        ("rotated by a quarter", "jpegtran -copy all -rotate 90 image.jpg > out.jpg",
         IMAGE, "pixels-mismatch moedal-metadata-unprotected"),
        ("saved again", "mogrify image.jpg",
         IMAGE, "pixels-mismatch moedal-metadata-unprotected"),
        ("cut within the picture", "head -c 12000 image.jpg > out.jpg", CUT, "no-end-of-image"),
        ("all metadata removed", "jhead -purejpg image.jpg", NONE, "no-seal-found"),
        kinds="moedal",
    ),
]
# fmt: on

#: What stands on the page before the table of a tool.
LEADS = {
    "Pillow": "Lines of Python after `from PIL import Image`.",
    "OpenCV": "A line of Python after `import cv2`.",
    "Files as such": "What copying, archiving and accidents do, and the small tools of libjpeg.",
    "Files of the MoEDAL function": (
        "Here `image.jpg` was written by that function. Its digest protects the pixels only, so\n"
        "more of what is done to the file passes, and the reason "
        "`moedal-metadata-unprotected` always says so."
    ),
}
PYTHON = {"Pillow", "OpenCV"}
#: Programs that a line can need; ``echo``, ``cp`` and their like are everywhere.
PROGRAMS = {
    *("exiftool", "exiv2", "jhead", "jpegtran", "jpegoptim", "mogrify"),
    *("djpeg", "cjpeg", "wrjpgcom", "gzip", "dd"),
}


# ------------------------------------------------------------------------------------------ tests


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each kind of file: ``image.jpg``, and what the lines use beside it."""
    tracks = nuclear_tracks((320, 400))
    levels = (tracks >> 8).astype(np.uint8)
    colour = np.stack([levels, np.roll(levels, 9, 0), levels // 2], axis=-1)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    folders = {}
    for kind, image in {"gray": tracks, "rgb": colour, "moedal": tracks}.items():
        folder = folders[kind] = tmp_path_factory.mktemp(kind)
        seal(image, folder / "image.jpg", metadata=METADATA, exif=EXIF)
        seal(np.roll(image, 50, 1), folder / "other.jpg", metadata=METADATA, exif=EXIF)
        with Image.open(folder / "other.jpg") as other:
            small = other.resize((64, 48))
        small.save(folder / "small.jpg", subsampling=0)
        small.save(folder / "image-thumb.jpg")  # exiv2 goes by the name, here and below
        (folder / "image.icc").write_bytes(profile)
    (folders["moedal"] / "image.jpg").write_bytes(moedal_file(tracks, METADATA))
    return folders


def exiftool() -> list[str]:
    """The command of ExifTool; for edits, any version will do."""
    found = os.environ.get("EXIFTOOL") or shutil.which("exiftool")
    if found is None:
        skip_or_fail("exiftool", "ExifTool is not installed (set EXIFTOOL to its path)")
    with Path(found).open("rb") as file:
        return ["perl", found] if b"perl" in file.readline() else [found]


def run_in_shell(command: str, folder: Path) -> None:
    """Run a line of a table, or skip where a program that it needs is missing."""
    needed = PROGRAMS & set(re.findall(r"[\w-]+", command))
    if "-autorot" in command:
        needed.add("jpegtran")  # jhead calls it
    for program in ["sh", *sorted(needed - {"exiftool"})]:
        if shutil.which(program) is None:
            skip_or_fail("tools", f"{program} is not installed")
    alias = f'exiftool() {{ {shlex.join(exiftool())} "$@"; }}\n' if "exiftool" in needed else ""
    done = subprocess.run(
        ["sh", "-c", alias + command], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def run_in_python(package: str, line: str) -> None:
    """Run a line of Python, or skip where the package is missing."""
    if package == "OpenCV":
        names = {"cv2": pytest.importorskip("cv2", reason="OpenCV is not installed")}
    else:
        names = {"Image": Image}
    exec(line, names)


CASES = [(row, kind) for row in ROWS for kind in row.kinds]


@pytest.mark.parametrize(
    ("row", "kind"), CASES, ids=[f"{row.tool}-{row.edit}-{kind}" for row, kind in CASES]
)
def test_every_edit_gets_its_verdict(
    row: Row,
    kind: str,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real program edits a real sealed file: one verdict, and reasons that say what it did."""
    folder = tmp_path / "folder"
    shutil.copytree(folders[kind], folder)
    if row.tool in PYTHON:
        monkeypatch.chdir(folder)
        run_in_python(row.tool, row.command)
    else:
        run_in_shell(row.command, folder)
    result = folder / ("out.jpg" if "out.jpg" in row.command else "image.jpg")
    verdict = check(result)
    codes = {reason.code for reason in verdict.reasons}
    assert verdict.verdict == row.verdict, str(verdict)
    assert row.says <= codes, str(verdict)
    if not says_anything(row):
        assert not codes, str(verdict)
    else:
        assert result.read_bytes() != (folders[kind] / "image.jpg").read_bytes()


def says_anything(row: Row) -> bool:
    """Whether the row is of an edit that is noticed."""
    return bool(row.says) or row.verdict != OK


# --------------------------------------------------------------------------------------- the page


def tables() -> Iterator[str]:
    """The tables of the page, line by line."""
    for tool, group in groupby(ROWS, key=lambda row: row.tool):
        yield f"## {tool}\n"
        if tool in LEADS:
            yield f"{LEADS[tool]}\n"
        yield "| what was done | verdict | reasons, among others | by |"
        yield "|---|---|---|---|"
        for row in group:
            few = {("gray",): " (gray file)", ("rgb",): " (RGB file)"} if tool == "jpegtran" else {}
            command = row.command.replace("|", "\\|")
            says = " ".join(f"`{code}`" for code in sorted(row.says))
            what = row.edit + few.get(row.kinds, "")
            yield f"| {what} | `{row.verdict}` | {says} | `{command}` |"
        yield ""


def page() -> str:
    """The page with its tables made anew."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *tables(), END]).removesuffix("\n") + after


@pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not here")
def test_the_page_prints_the_rows() -> None:
    """``docs/tools.md`` says what is tested here, row by row."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_tools.py"


def test_no_row_stands_twice() -> None:
    """One edit of one kind of file has one verdict."""
    seen = [(row.tool, row.command, kind) for row, kind in CASES]
    assert len(seen) == len(set(seen))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
