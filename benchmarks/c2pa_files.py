"""C2PA (c2pa-python): files signed with a test certificate, and a program that validates files.

``python benchmarks/c2pa_files.py FILE...`` reads the manifest of each file, and fails where one is
not valid: the certificate is no one's, so its state is `Valid` and not `Trusted`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable

_MANIFEST = {
    "claim_generator_info": [{"name": "benchmark", "version": "1"}],
    "assertions": [{"label": "c2pa.actions", "data": {"actions": [{
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    }]}}],
}  # fmt: skip
# What C2PA asks of a signer's certificate; it may not be the one that signs itself.
_PROFILE = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
_CERTIFICATE = """
openssl ecparam -name prime256v1 -genkey -noout -out root.key
openssl req -x509 -new -key root.key -sha256 -days 30 -subj '/CN=root/O=benchmark' \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out root.pem
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out signer.key
openssl req -new -key signer.key -subj '/CN=signer/O=benchmark' -out signer.csr
openssl x509 -req -in signer.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -sha256 \
  -extfile profile.txt -out signer.pem
cat signer.pem root.pem > chain.pem
"""


def sign(paths: Iterable[str], folder: str) -> None:
    """Sign copies of files into an empty folder, with a certificate that is made for it."""
    import c2pa

    keys = os.path.join(os.path.dirname(folder), "c2pa-keys")
    os.mkdir(keys)
    _write(os.path.join(keys, "profile.txt"), _PROFILE)
    subprocess.run(_CERTIFICATE, shell=True, cwd=keys, check=True, capture_output=True)
    chain, key = (_read(os.path.join(keys, name)) for name in ("chain.pem", "signer.key"))
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    with c2pa.Signer.from_info(info) as signer:
        for path in paths:
            target = os.path.join(folder, os.path.basename(path))
            with (
                c2pa.Builder(json.dumps(_MANIFEST)) as builder,
                open(path, "rb") as source,
                open(target, "w+b") as signed,
            ):
                builder.sign(signer, "image/jpeg", source, signed)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def main(paths: list[str]) -> int:
    """Validate files; 1 if one of them is not valid."""
    import c2pa

    wrong = 0
    for path in paths:
        with open(path, "rb") as file, c2pa.Reader("image/jpeg", file) as reader:
            wrong += reader.get_validation_state() != "Valid"
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
