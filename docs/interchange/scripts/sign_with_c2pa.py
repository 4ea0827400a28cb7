"""Sign a sealed image with C2PA: ``python sign_with_c2pa.py SEALED OUT CHAIN.pem KEY.pem``.

CHAIN.pem has the signer's certificate and those up to, or with, its authority's; the key is one of
ECDSA on P-256.  Only a file whose seal is intact is signed, and nothing that exists is replaced.
"""

import json
import sys
from pathlib import Path

import c2pa

import napari_seal

MANIFEST = {
    "claim_generator_info": [{"name": "microscope 7"}],
    "assertions": [
        {
            "label": "c2pa.actions",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": (
                            "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
                        ),
                    }
                ]
            },
        }
    ],
}
#: Without this, C2PA adds a thumbnail of some 50 kB.
SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}


def sign(source, target, chain, key):
    """Write a signed file; what was in it before is untouched."""
    info = c2pa.C2paSignerInfo(
        c2pa.C2paSigningAlg.ES256, Path(chain).read_bytes(), Path(key).read_bytes(), None
    )
    kind = "image/png" if source.endswith(".png") else "image/jpeg"
    context = c2pa.Context(settings=c2pa.Settings.from_dict(SETTINGS))
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(MANIFEST), context=context) as builder,
        open(source, "rb") as before,
        open(target, "x+b") as after,
    ):
        builder.sign(signer, kind, before, after)


if __name__ == "__main__":
    napari_seal.verify(sys.argv[1])  # raises where the seal is not intact
    sign(*sys.argv[1:])
