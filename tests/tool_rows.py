"""Edits of sealed JPEG files by other people's programs, and the verdicts on them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from napari_seal import ReasonCode

OK, META, IMAGE, LOSSLESS, CUT = (
    "intact", "metadata-changed", "image-changed", "reencoded", "truncated",
)  # fmt: skip
NONE, OTHER = "no-seal", "not-an-image"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An edit of ``image.jpg``, in place or into ``out.jpg``, and what is said about the result.

    Of PNG, these are ``image.png`` and ``out.png``.

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
            command=command if re.search(r"image\.(jpg|png)", command) else fill(template, command),
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
         "mogrify -format png image.jpg && mv image.png image.jpg",
         LOSSLESS, "lossless-rewrite format-changed"),
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
    "PNG: ExifTool": (
        "From here on it is `image.png`, sealed without loss: 16-bit gray and RGB. Beside it lie\n"
        "`other.png`, another sealed image, and `image.icc`."
    ),
    "PNG: Pillow": "Lines of Python after `from PIL import Image`.",
    "PNG: OpenCV": "A line of Python after `import cv2`.",
}
PYTHON = {"Pillow", "OpenCV", "PNG: Pillow", "PNG: OpenCV"}
#: Programs that a line can need; ``echo``, ``cp`` and their like are everywhere.
PROGRAMS = {
    *("exiftool", "exiv2", "jhead", "jpegtran", "jpegoptim", "mogrify"),
    *("djpeg", "cjpeg", "wrjpgcom", "gzip", "dd", "optipng", "pngcrush", "pngfix"),
}
