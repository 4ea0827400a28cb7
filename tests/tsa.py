"""A time-stamp authority for tests: certificates and replies made by openssl, behind a server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[ ca ]
default_ca = tests
[ tests ]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[ any ]
commonName = supplied
[ request ]
distinguished_name = nobody
[ nobody ]
[ root ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ stamping ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ server ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = replies
[ replies ]
serial = {folder}/tsa-serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*arguments: object, data: bytes | None = None) -> bytes:
    """Run openssl, and return what it prints."""
    command = ["openssl", *(str(a) for a in arguments)]
    done = subprocess.run(command, input=data, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A root certificate, and one for time stamps that it has issued."""

    def __init__(self, folder: Path, name: str = "Tests") -> None:
        folder.mkdir()
        self.folder = folder
        self.config = folder / "openssl.cnf"
        self.config.write_text(_CONFIG.format(folder=folder.as_posix()))
        (folder / "index.txt").touch()
        for serial in ("serial", "tsa-serial"):
            (folder / serial).write_text("01\n")
        self.root = folder / "root.pem"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-config", self.config, "-extensions", "root", "-subj", f"/CN={name} root"),
            *("-keyout", folder / "root.key", "-out", self.root, "-days", "3650"),
        )
        self.name = name
        self.issue("stamping")

    def issue(self, kind: str, *, years: tuple[int, int] = (2020, 2049)) -> None:
        """Take another certificate from now on: of a section of the configuration."""
        openssl(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-config", self.config, "-subj", f"/CN={self.name} {kind}"),
            *("-keyout", self.folder / "tsa.key", "-out", self.folder / "tsa.csr"),
        )
        openssl(
            *("ca", "-batch", "-notext", "-config", self.config, "-extensions", kind),
            *("-cert", self.root, "-keyfile", self.folder / "root.key"),
            *("-startdate", f"{years[0]}0101000000Z", "-enddate", f"{years[1]}0101000000Z"),
            *("-in", self.folder / "tsa.csr", "-out", self.folder / "tsa.pem"),
        )

    def reply(self, query: bytes) -> bytes:
        """Answer a query as openssl does."""
        (self.folder / "query.tsq").write_bytes(query)
        openssl(
            *("ts", "-reply", "-config", self.config, "-queryfile", self.folder / "query.tsq"),
            *("-signer", self.folder / "tsa.pem", "-inkey", self.folder / "tsa.key"),
            *("-out", self.folder / "reply.tsr"),
        )
        return (self.folder / "reply.tsr").read_bytes()


@contextmanager
def serving(answer: Callable[[bytes], bytes | tuple[int, bytes]]) -> Iterator[str]:
    """Answer queries at an address on this machine; a status may stand before the content."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answered = answer(query)
            status, content = (200, answered) if isinstance(answered, bytes) else answered
            self.send_response(status)
            if status == 302:
                self.send_header("Location", content.decode())
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            with suppress(ConnectionError):  # the other side has had enough
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
