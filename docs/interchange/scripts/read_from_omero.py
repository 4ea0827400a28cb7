"""Read the seal of an image in OMERO, and check its record.

Run it as ``python read_from_omero.py HOST USER IMAGE_ID``, with the package omero-py.  The record
comes from the original metadata, which OMERO has from the file.  It says which image this is and
holds the metadata; only the file itself can say whether the picture is still the sealed one.
"""

import getpass
import hashlib
import json
import re
import sys


def record_in(pairs):
    """The record among pairs of name and value, by the name that Bio-Formats gives it."""
    return next((value for name, value in pairs if name == "User Comment"), None)


def is_as_sealed(record):
    """Whether the metadata and the seal are as they were sealed; SHA-2 only."""
    sealed, _, rest = record.encode("ascii").rpartition(b',"record":"')
    end = re.fullmatch(rb'(sha256|sha384|sha512):(\w+)"(?:,"signature":\{[^{}]*\})?\}\}', rest)
    return end is not None and hashlib.new(end[1].decode(), sealed).hexdigest() == end[2].decode()


def main(host, user, image_id):
    """Print what the record says; exit code 0 if it is as it was sealed."""
    from omero.gateway import BlitzGateway

    with BlitzGateway(user, getpass.getpass(), host=host, secure=True) as connection:
        image = connection.getObject("Image", int(image_id))
        found = image.loadOriginalMetadata() if image is not None else None
    record = record_in(found[1]) if found else None
    if record is None:
        sys.exit("no such image, or none with a record in its metadata")
    print(json.dumps(json.loads(record), indent=2))
    sys.exit(0 if is_as_sealed(record) else "the record is not as it was sealed")


if __name__ == "__main__":
    main(*sys.argv[1:])
