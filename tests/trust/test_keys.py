"""Keys: what openssl makes, we read, and the other way round."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest
from mutators import record_text

import napari_seal
from napari_seal._trust.key_files import (
    is_readable_by_others,
    load_public_key,
    load_signing_key,
    write_key_files,
)
from napari_seal._trust.keys import _SMALL_ORDER, PublicKey, SigningKey
from napari_seal.errors import KeyFileError, PassphraseError

openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

# RFC 8032, section 7.1, test 2.
_RFC_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
_RFC_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def run(*command, data=None):
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def test_a_signature_of_the_standard_is_verified():
    """The second test of RFC 8032 holds, and no longer with another message."""
    key = PublicKey(_RFC_PUBLIC)
    assert key.verify(_RFC_SIGNATURE, b"\x72")
    assert not key.verify(_RFC_SIGNATURE, b"\x73")
    assert not key.verify(_RFC_SIGNATURE[:-1], b"\x72")


@openssl
def test_keys_of_openssl_are_read_and_ours_are_read_by_it(tmp_path):
    """A key that openssl made signs here, and openssl verifies it with the public key of ours."""
    private, public = tmp_path / "key.pem", tmp_path / "key.pub.pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", private)
    key = load_signing_key(private)
    run("openssl", "pkey", "-in", private, "-pubout", "-out", public)
    assert public.read_text() == key.public.pem
    assert load_public_key(public) == key.public
    (tmp_path / "data").write_bytes(b"sealed")
    (tmp_path / "signature").write_bytes(key.sign(b"sealed"))
    told = run(
        *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin"),
        *("-in", tmp_path / "data", "-sigfile", tmp_path / "signature"),
    )
    assert b"Successfully" in told
    der = run("openssl", "pkey", "-pubin", "-in", public, "-outform", "DER")
    digest = run("openssl", "dgst", "-sha256", data=der).split()[-1].decode()
    assert key.public.fingerprint == f"sha256:{digest}"


@openssl
def test_openssl_reads_an_encrypted_key_of_ours(tmp_path):
    """The encryption of the private key is PKCS #8, which openssl opens with the passphrase."""
    key = SigningKey.generate()
    path = tmp_path / "key.pem"
    write_key_files(key, path, tmp_path / "key.pub.pem", "open sesame")
    told = run("openssl", "pkey", "-in", path, "-passin", "pass:open sesame", "-pubout")
    assert told.decode() == key.public.pem


def test_a_passphrase_is_asked_only_where_there_is_one(tmp_path):
    """A callable gives the passphrase of an encrypted key; of a plain one it is not called."""
    key = SigningKey.generate()
    plain, secret = tmp_path / "plain.pem", tmp_path / "secret.pem"
    write_key_files(key, plain, tmp_path / "plain.pub.pem")
    write_key_files(key, secret, tmp_path / "secret.pub.pem", "pass")
    assert load_signing_key(plain, lambda: pytest.fail("asked")).public == key.public
    assert load_signing_key(secret, lambda: "pass").public == key.public
    for wrong in (None, "", "Pass"):
        with pytest.raises(PassphraseError, match=r"secret\.pem"):
            load_signing_key(secret, wrong)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_owner_reads_a_private_key(tmp_path):
    """The private file has mode 0600 whatever the umask; a laxer one is noticed."""
    before = os.umask(0)
    try:
        write_key_files(SigningKey.generate(), tmp_path / "k", tmp_path / "k.pub")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert not is_readable_by_others(tmp_path / "k")
    (tmp_path / "k").chmod(0o640)
    assert is_readable_by_others(tmp_path / "k")


def test_a_passphrase_may_be_any_bytes_up_to_what_is_possible(tmp_path):
    """Those of the environment need not be UTF-8; too long a one is refused, and not told."""
    key = SigningKey.generate()
    odd = os.fsdecode(b"caf\xe9")
    assert SigningKey.from_pem(key.pem(odd), odd).public == key.public
    for passphrase in ("x" * 1024, "a\ud800"):
        with pytest.raises(PassphraseError, match="passphrase has") as refused:
            write_key_files(key, tmp_path / "k", tmp_path / "k.pub", passphrase)
        assert passphrase not in str(refused.value)
        with pytest.raises(PassphraseError):
            SigningKey.from_pem(key.pem("other"), passphrase)
    assert not list(tmp_path.iterdir())


def test_keys_survive_a_power_failure(tmp_path, monkeypatch):
    """The folder is synchronised as well as both files, so that their names are on the disk."""
    kinds = []
    fsync = os.fsync

    def watched(descriptor):
        kinds.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    write_key_files(SigningKey.generate(), tmp_path / "k", tmp_path / "k.pub")
    assert kinds == [False, True] * 2


def test_keys_are_never_overwritten(tmp_path):
    """Where either file exists nothing is written, and a failure leaves no half of a pair."""
    for present, other in (("k", "k.pub"), ("k.pub", "k")):
        folder = tmp_path / present
        folder.mkdir()
        (folder / present).write_text("mine")
        with pytest.raises(KeyFileError, match="exists"):
            write_key_files(SigningKey.generate(), folder / "k", folder / "k.pub")
        assert (folder / present).read_text() == "mine"
        assert not (folder / other).exists()
    with pytest.raises(KeyFileError, match="could not be written"):
        write_key_files(SigningKey.generate(), tmp_path / "no" / "k", tmp_path / "alone.pub")
    assert not (tmp_path / "alone.pub").exists()


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        ("", "no public key"),
        (PublicKey(_RFC_PUBLIC).pem * 2, "something else than one"),
        (SigningKey.generate().pem().decode(), "that is a private key"),
        (PublicKey(_RFC_PUBLIC).pem.replace("MCow", "MCox"), "not the Base64 of an Ed25519"),
        (PublicKey(_RFC_PUBLIC).pem.replace("MCow", "MC\u001bw"), "not the Base64 of an Ed25519"),
    ],
)
def test_what_is_no_public_key_is_refused(tmp_path, pem, problem):
    """Nothing, two keys, a private key and a key of another kind are named with the file."""
    path = tmp_path / "key.pem"
    path.write_text(pem)
    with pytest.raises(KeyFileError, match=problem) as caught:
        load_public_key(path)
    assert "key.pem" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_key_has_one_text():
    """Base64 with other unused bits decodes to the same bytes and is not the key's text."""
    text = PublicKey(_RFC_PUBLIC).text
    assert PublicKey.from_text(text).raw == _RFC_PUBLIC
    for other in (text + "\n", text + "=", " " + text):
        with pytest.raises(KeyFileError):
            PublicKey.from_text(other)


@openssl
def test_private_keys_of_other_kinds_are_refused(tmp_path):
    """An RSA or X25519 key is named, with how to make one that fits."""
    for kind in ("x25519", "ed448"):
        path = tmp_path / f"{kind}.pem"
        run("openssl", "genpkey", "-algorithm", kind, "-out", path)
        with pytest.raises(KeyFileError, match="not Ed25519; `napari-seal keygen`"):
            load_signing_key(path)
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    for name, problem in (("none", "cannot be read"), ("large", "too large")):
        with pytest.raises(KeyFileError, match=problem):
            load_signing_key(tmp_path / name)


def test_a_key_goes_to_worker_processes_and_not_into_logs():
    """Pickled it signs the same; its text shows the public key's fingerprint only."""
    key = SigningKey.generate()
    again = pickle.loads(pickle.dumps(key))
    assert again.sign(b"x") == key.sign(b"x")
    assert repr(key) == f"SigningKey({key.public.fingerprint})"


# ------------------------------------------------------------------------------------- weak keys

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def double(x: int, y: int) -> tuple[int, int]:
    """Twice a point of the curve -x² + y² = 1 + d x² y²."""
    product = _D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, _P) % _P,
        (y * y + x * x) * pow(1 - product, -1, _P) % _P,
    )


def point(y: int) -> tuple[int, int]:
    """A point with this y."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    x = x if x * x % _P == square else x * pow(2, (_P - 1) // 4, _P) % _P
    assert x * x % _P == square
    return x, y


@pytest.mark.parametrize("y", sorted(_SMALL_ORDER))
@pytest.mark.parametrize("sign", [0, 1])
def test_keys_of_small_order_are_refused(y, sign):
    """For them a signature of any message can be made without a secret: 8 times each is nothing."""
    assert double(*double(*double(*point(y % _P)))) == (0, 1)
    with pytest.raises(KeyFileError, match="small order"):
        PublicKey((y | sign << 255).to_bytes(32, "little"))


def test_all_keys_of_small_order_are_known():
    """There are as many y as there are: 1, -1, 0, two of order 8, and 0 and 1 not reduced."""
    assert len(_SMALL_ORDER) == 7
    assert {y % _P for y in _SMALL_ORDER if double(*point(y % _P)) == (0, 1)} == {1, _P - 1}


@openssl
def test_openssl_checks_a_seal_as_the_page_says(tmp_path):
    """The commands of ``docs/howto/signing.md``; another byte, and they say no."""
    page = Path(__file__).parents[2] / "docs" / "howto" / "signing.md"
    (script,) = re.findall(
        r"```bash\n(exiftool.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    )
    napari_seal.seal(
        np.arange(4096, dtype="uint16").reshape(64, 64), tmp_path / "field.sealed.jpg",
        key=SigningKey.generate(), metadata={"note": ',"signature":'},
    )  # fmt: skip
    text = record_text((tmp_path / "field.sealed.jpg").read_bytes())
    script = script.partition("\n")[2]  # the file that exiftool writes is written here
    for content, code in ((text, 0), (text.replace(b"uint16", b"uint17"), 1)):
        (tmp_path / "text.json").write_bytes(content)
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert (b"Verified Successfully" in done.stdout) == (code == 0)
