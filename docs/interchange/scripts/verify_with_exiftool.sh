#!/bin/sh
# Verify all sealed images below a folder with ExifTool alone:  verify_with_exiftool.sh FOLDER
#
# Prints a line for each file whose image data are not proven, and what is known of it.
# Exit code 0: there are files, and the image data of each are as sealed.  1: some are not.
# 2: nothing could be checked.

exiftool=${EXIFTOOL:-exiftool}
stop() { echo "$0: $1" >&2; exit 2; }

cd "${1:?name a folder}" || stop "there is no folder $1"
version=$("$exiftool" -ver) || stop "there is no ExifTool"
[ "$(printf '%s\n' 12.63 "$version" | sort -V | head -n 1)" = 12.63 ] ||
    stop "ExifTool $version is older than 12.63 and does not know ImageDataHash"
lists=$(mktemp -d) && trap 'rm -rf "$lists"' EXIT || stop "there is no room for lists"
LC_ALL=C export LC_ALL

# Names are passed on in lists, one a line.
[ -z "$(find . -name '*
*' -print)" ] || stop "a name with a line break"
find . ! -type d \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.jpe' -o -iname '*.jfif' \
    -o -iname '*.jif' -o -iname '*.png' \) -print >"$lists/names" || stop "a folder cannot be listed"
sort "$lists/names" >"$lists/all"
[ -s "$lists/all" ] || stop "there is no JPEG or PNG file"

# The names of those files of which a condition is true.  ExifTool's exit code says nothing here:
# it is the same for files that fail a condition and for files that it cannot read.
those() {
    "$exiftool" -q -q -m -api ImageHashType=SHA256 -if "$1" -p '$Directory/$FileName' \
        -@ "$lists/all" 2>>"$lists/errors" | sort
}
those '$OriginalImageHash' >"$lists/sealed"
those '$ImageDataHash and $OriginalImageHash eq $ImageDataHash' >"$lists/good"
those 'not $OriginalImageHash and not $Error' >"$lists/unsealed"

# Only what is on the list of good files counts as good.
comm -23 "$lists/all" "$lists/good" >"$lists/bad"
comm -12 "$lists/bad" "$lists/sealed" | sed 's/^/changed     /'
comm -12 "$lists/bad" "$lists/unsealed" | sed 's/^/unsealed    /'
sort "$lists/sealed" "$lists/unsealed" | comm -23 "$lists/bad" - | sed 's/^/unreadable  /'
[ ! -s "$lists/bad" ]
