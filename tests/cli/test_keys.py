"""``napari-seal keygen``, and the options that sign and ask for signatures."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess

import numpy as np
import pytest

import napari_seal
from napari_seal import Trust, load_signing_key


@pytest.fixture(autouse=True)
def _no_list(monkeypatch, tmp_path):
    """Neither a list of trusted keys nor a passphrase comes from outside."""
    monkeypatch.setenv("NAPARI_SEAL_TRUST", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("NAPARI_SEAL_PASSPHRASE", raising=False)


@pytest.fixture
def robot(run, tmp_path):
    """A key without a passphrase."""
    assert run("keygen", "robot", "--no-passphrase").exit_code == 0
    return tmp_path / "robot.pem"


@pytest.fixture
def images(tmp_path):
    """Two images and a stack to be sealed."""
    folder = tmp_path / "raw"
    folder.mkdir()
    image = np.arange(4096, dtype="uint16").reshape(64, 64)
    np.save(folder / "a.npy", image)
    np.save(folder / "b.npy", image[::-1])
    np.save(folder / "c.npy", np.stack([image, image.T]))
    return folder


def test_a_pair_of_keys_is_made(run, robot, tmp_path):
    """The private one for its owner's eyes; both are named, with what to do next."""
    key = load_signing_key(robot)
    assert Trust.load(tmp_path / "robot.pub.pem").keys[0].key == key.public
    if os.name == "posix":
        assert stat.S_IMODE(robot.stat().st_mode) == 0o600
    done = run("keygen", "second", "--no-passphrase", "--out", tmp_path)
    for text in ("second.pem", "second.pub.pem", "sha256:", "--key", "--trust", "config"):
        assert text in done.output


def test_keys_are_not_overwritten(run, robot, tmp_path):
    """Neither of the two files."""
    before = robot.read_bytes()
    assert run("keygen", "robot", "--no-passphrase").exit_code == 2
    robot.rename(tmp_path / "other.pem")
    assert run("keygen", "robot", "--no-passphrase").exit_code == 2
    assert not robot.exists()
    assert (tmp_path / "other.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["../a", "a/b", ".a", " ", "a:b", "a\x1bb", "a.pub"])
def test_odd_names_are_refused(run, name):
    """A name is that of two files in the folder."""
    result = run("keygen", "--no-passphrase", "--", name)
    assert result.exit_code == 2
    assert "plain file name" in result.output
    assert "--out" in result.output


def test_a_passphrase_comes_from_a_file_or_the_environment(run, images, tmp_path, monkeypatch):
    """Never from the command line; with nobody to ask, the error says where it may come from."""
    assert "no terminal" in run("keygen", "lab").output
    (tmp_path / "words").write_text("correct horse\nmore\n")
    assert run("keygen", "lab", "--passphrase-file", "words").exit_code == 0
    assert b"ENCRYPTED" in (tmp_path / "lab.pem").read_bytes()
    refused = run("seal", images / "a.npy", "--out", "out", "--key", "lab.pem")
    assert (refused.exit_code, "no terminal" in refused.output) == (2, True)
    monkeypatch.setenv("NAPARI_SEAL_PASSPHRASE", "correct horse")
    assert run("seal", images / "a.npy", "--out", "out", "--key", "lab.pem").exit_code == 0
    monkeypatch.setenv("NAPARI_SEAL_PASSPHRASE", "")
    assert "empty" in run("keygen", "more").output
    (tmp_path / "words").write_bytes(b"\xff\n")
    assert "UTF-8" in run("keygen", "more", "--passphrase-file", "words").output
    assert run("keygen", "more", "--passphrase-file", "gone").exit_code == 2
    assert run("keygen", "more", "--passphrase-file", "words", "--no-passphrase").exit_code == 2


def test_sealing_with_a_key_signs_all(run, robot, images, tmp_path):
    """Images, planes and indexes; with the list, a signature can be required of all of them."""
    assert run("seal", images, "--out", "out", "--key", robot, "--jobs", 2).exit_code == 0
    done = run("verify", "out", "--trust", "robot.pub.pem", "--require-signature")
    assert done.exit_code == 0
    assert "signatures: 5 trusted" in done.output
    assert "trusted (robot)" in done.output
    unknown = run("verify", "out")
    assert unknown.exit_code == 0
    assert "signatures: 5 unknown-key" in unknown.output
    required = run("verify", "out", "--require-signature")
    assert required.exit_code == 1
    assert "5 files have no trusted signature" in required.output


def test_the_users_own_list_is_the_default(run, robot, images, tmp_path, monkeypatch):
    """A folder in the configuration, or what the environment names."""
    run("seal", images / "a.npy", "--out", "out", "--key", robot)
    monkeypatch.setenv("NAPARI_SEAL_TRUST", str(tmp_path / "robot.pub.pem"))
    assert run("verify", "out", "--require-signature").exit_code == 0


def test_what_is_not_signed_fails_where_it_must_be(run, robot, images, tmp_path):
    """A file that nobody signed is intact, listed, and a failure; the JSON counts both."""
    run("seal", images / "a.npy", "--out", "out", "--key", robot)
    run("seal", images / "b.npy", "--out", "out")
    for _ in range(30):
        shutil.copy(tmp_path / "out" / "a.sealed.jpg", tmp_path / "out" / f"{_}.sealed.jpg")
    options = ("verify", "out", "--trust", "robot.pub.pem", "--require-signature")
    result = run(*options)
    assert result.exit_code == 1
    assert "b.sealed.jpg" in result.output
    assert "a.sealed.jpg" not in result.output
    assert "1 file has no trusted signature" in result.output
    report = json.loads(run(*options, "--json").stdout)
    assert report["counts"] == {"intact": 32}
    assert report["signatures"] == {"trusted": 31, "none": 1}
    run(*options, "--html", "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "All 32 files are intact, 1 has no trusted signature" in page
    both = run(*options, "--allow-unsealed")
    assert both.exit_code == 2


def test_reports_tell_states_and_signers(run, robot, images, tmp_path):
    """In every form, and their summaries count them; they agree with their digests."""
    run("seal", images / "a.npy", "--out", "out", "--key", robot)
    reports = ("r.jsonl", "r.csv", "r.html")
    run("verify", "out", "--trust", "robot.pub.pem", "--jsonl-file", reports[0],
        "--csv", reports[1], "--html", reports[2])  # fmt: skip
    for name in reports:
        text = (tmp_path / name).read_text()
        assert "robot" in text, name
        assert "trusted" in text, name
        assert run("report", "check", name).exit_code == 0, name
    first, last = map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
    assert (first["signature"], first["signer"]) == ("trusted", "robot")
    assert last["summary"]["signatures"] == {"trusted": 1}


def test_show_tells_the_state_in_words(run, robot, images):
    """Who signed, by name or by fingerprint."""
    run("seal", images / "a.npy", "--out", "out", "--key", robot)
    known = run("show", "out/a.sealed.jpg", "--trust", "robot.pub.pem").output
    assert "signature trusted — Signed with a key that is trusted" in known
    assert "signer robot" in known
    unknown = run("show", "out/a.sealed.jpg").output
    assert load_signing_key(robot).public.fingerprint in unknown
    value = json.loads(run("show", "out/a.sealed.jpg", "--json").stdout)
    assert value["seal"]["signature"]["algorithm"] == "ed25519"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_key_that_others_can_read_is_warned_of(run, robot, images):
    """The images are signed all the same."""
    robot.chmod(0o644)
    result = run("seal", images / "a.npy", "--out", "out", "--key", robot)
    assert result.exit_code == 0
    assert "others can read" in result.output
    assert napari_seal.check("out/a.sealed.jpg").signature == "unknown-key"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_key_of_openssl_signs(run, images, tmp_path):
    """As `openssl genpkey` makes it."""
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "o.pem"], check=True, cwd=tmp_path
    )
    subprocess.run(
        ["openssl", "pkey", "-in", "o.pem", "-pubout", "-out", "o.pub.pem"], check=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert run("seal", images / "a.npy", "--out", "out", "--key", "o.pem").exit_code == 0
    done = run("verify", "out", "--trust", "o.pub.pem", "--require-signature")
    assert done.exit_code == 0
