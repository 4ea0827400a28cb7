"""Edits of sealed PNG files by other people's programs, and the verdicts on them."""

from __future__ import annotations

from tool_rows import CUT, IMAGE, LOSSLESS, META, NONE, OK, OTHER, rows

KINDS = "deep colour"

# fmt: off
ROWS = [
    *rows(
        "PNG: ExifTool", "exiftool ... image.png",
        ("a tag added", "-EXIF:Artist=Somebody", OK, "exif-tags-added", KINDS),
        ("a sealed tag changed", "-EXIF:Make=Leica", META, "exif-tag-changed"),
        ("turned by the Orientation tag", "-Orientation#=6", META, "orientation-changed"),
        ("a value of your metadata edited", "'-UserComment<${UserComment;s/TDR 12/TDR 13/}'",
         META, "metadata-key-changed record-mismatch"),
        ("UserComment removed", "-UserComment=", NONE, "seal-stripped"),
        ("a title added (XMP)", "-XMP-dc:Title=Tracks", OK, "xmp-changed"),
        ("XMP removed", "-XMP:all=", OK, "xmp-changed"),
        ("a title added (PNG)", "-PNG:Title=Tracks", OK, "segment-added"),
        ("an ICC profile added", "'-ICC_Profile<=image.icc'", OK, "segment-added"),
        ("Exif written anew, in the other byte order",
         "-all= -TagsFromFile @ -all:all -ExifByteOrder=II", OK, "exif-tags-added"),
        ("all tags of another sealed file copied in", "-TagsFromFile other.png -all:all",
         IMAGE, "pixels-mismatch"),
        ("Exif removed", "-EXIF:all=", NONE, "seal-stripped"),
        ("all metadata removed", "-all=", NONE, "no-seal-found"),
        kinds="deep",
    ),
    *rows(
        "PNG: exiv2", "exiv2 ... image.png",
        ("a tag added", "-M'set Exif.Image.Artist Ascii Somebody' mo", OK, "exif-tags-added"),
        ("a sealed tag changed", "-M'set Exif.Image.Make Ascii Leica' mo",
         META, "exif-tag-changed"),
        ("turned by the Orientation tag", "-M'set Exif.Image.Orientation Short 6' mo",
         META, "orientation-changed"),
        ("UserComment replaced", "-M'set Exif.Photo.UserComment charset=Ascii holiday' mo",
         NONE, "seal-stripped"),
        ("a title added (XMP)", "-M'set Xmp.dc.title Tracks' mo", OK, "xmp-changed"),
        ("a comment added", "-c Hello mo", OK, "segment-added"),
        ("Exif removed", "-de rm", NONE, "seal-stripped"),
        ("all metadata removed", "rm", NONE, "no-seal-found"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: optipng", "optipng -quiet ... image.png",
        ("optimised", "", LOSSLESS, "lossless-rewrite"),
        ("optimised, many ways tried", "-o5", LOSSLESS, "lossless-rewrite"),
        ("interlaced", "-i1", LOSSLESS, "lossless-rewrite"),
        ("all metadata removed", "-strip all", NONE, "no-seal-found"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: pngcrush", "pngcrush -s ... image.png out.png",
        ("optimised; it does not know eXIf", "", NONE, "seal-stripped"),
        ("all metadata removed", "-rem alla", NONE, "no-seal-found"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: ImageMagick", "mogrify ... image.png",
        ("saved again", "", NONE, "no-seal-found"),
        ("rotated by a quarter", "-rotate 90", NONE, "no-seal-found"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: Pillow", "...",
        ("saved again", "Image.open('image.png').save('out.png')", NONE, "no-seal-found"),
        ("saved again with Exif",
         "im = Image.open('image.png'); im.save('out.png', exif=im.info['exif'])",
         LOSSLESS, "lossless-rewrite xmp-changed"),
        ("rotated, with Exif",
         "im = Image.open('image.png'); im.rotate(90, expand=True).save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "rotated size-changed"),
        ("the low bits of one pixel changed, with Exif",
         "im = Image.open('image.png'); im.putpixel((160, 120), 30000); im.save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "edited", "deep"),
        ("a pixel drawn, with Exif",
         "im = Image.open('image.png'); im.putpixel((160, 120), (1, 2, 3)); im.save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "edited", "colour"),
        ("a square pasted in, with Exif",
         "im = Image.open('image.png'); im.paste(im.crop((0, 0, 24, 24)), (128, 96)); im.save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "edited"),
        ("cut to 8 bits, with Exif",
         "im = Image.open('image.png'); im.point(lambda v: v / 256).convert('L').save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "depth-changed", "deep"),
        ("half the size, with Exif",
         "im = Image.open('image.png'); im.resize((200, 160)).save('out.png', exif=im.info['exif'])",  # noqa: E501
         IMAGE, "resized size-changed", "colour"),
        ("saved as JPEG, with Exif",
         "im = Image.open('image.png'); im.save('out.jpg', quality=95, exif=im.info['exif'])",
         IMAGE, "format-changed recompressed", "colour"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: OpenCV", "...",
        ("saved again",
         "cv2.imwrite('out.png', cv2.imread('image.png', cv2.IMREAD_UNCHANGED))",
         NONE, "no-seal-found"),
        kinds=KINDS,
    ),
    *rows(
        "PNG: Files as such", "...",
        ("copied", "cp image.png out.png", OK, ""),
        ("checked and rewritten by libpng's tool", "pngfix --out=out.png image.png", OK, ""),
        ("a line of text at the end", "echo note >> image.png", OK, "bytes-after-end"),
        ("cut within the picture", "head -c 12000 image.png > out.png", CUT, "no-end-of-image"),
        ("cut before the picture", "head -c 1000 image.png > out.png", CUT, "no-end-of-image"),
        ("its beginning lost", "tail -c +600 image.png > out.png", OTHER, "unknown-format"),
        ("16 bytes lost within the picture",
         "dd if=/dev/zero of=image.png bs=1 seek=12000 count=16 conv=notrunc",
         IMAGE, "bytes-replaced undecodable"),
        kinds=KINDS,
    ),
]
# fmt: on
