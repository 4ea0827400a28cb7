"""Verify the seal of an image and its C2PA manifest: ``python verify_both.py FILE ANCHORS.pem``.

ANCHORS.pem has the certificates of the authorities that are trusted.  Exit code 0: the seal is
intact, and the manifest is valid and signed by whom one of them has certified.
"""

import json
import sys
from pathlib import Path

import c2pa

import napari_seal


def state_of_manifest(path, anchors):
    """``Trusted``, ``Valid`` (by somebody unknown), ``Invalid`` or ``none``; and why."""
    settings = {
        "trust": {"trust_anchors": Path(anchors).read_text(encoding="ascii")},
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    context = c2pa.Context(settings=c2pa.Settings.from_dict(settings))
    reader = c2pa.Reader.try_create(path, context=context)
    if reader is None:
        return "none", []
    with reader:
        found = json.loads(reader.json()).get("validation_status", [])
        return reader.get_validation_state(), sorted({status["code"] for status in found})


def main(path, anchors):
    """Print what both say."""
    verdict = napari_seal.check(path)
    state, codes = state_of_manifest(path, anchors)
    print("seal", verdict.verdict, *(reason.code for reason in verdict.reasons))
    print("C2PA", state, *codes)
    sys.exit(0 if verdict.intact and state == "Trusted" else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
