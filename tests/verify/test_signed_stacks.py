"""Signed stacks: each plane and the index, and one key to go on with."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from signed_seals import IMAGE, MALLORY, ROBOT, TRUST

import napari_seal
from napari_seal import Signature, Trust, TrustedKey


@pytest.fixture
def stack(tmp_path):
    """A signed stack of three planes."""
    movie = np.stack([IMAGE, IMAGE[::-1], IMAGE.T])
    napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=ROBOT)
    return tmp_path / "m.sealed"


def test_without_its_index_a_stack_is_a_folder_of_files(stack):
    """No plane is missing then, as the page says; whoever names the stack or the index is told."""
    index, plane, *_ = sorted(stack.iterdir(), key=lambda path: path.suffix != ".json")
    index.unlink()
    plane.unlink()
    verdicts = list(napari_seal.check_many(stack, trust=TRUST, jobs=1))
    assert [(v.verdict, v.signature) for v in verdicts] == [("intact", "trusted")] * 2
    assert napari_seal.check_stack(stack, trust=TRUST).verdict == "unreadable"
    assert napari_seal.check(index, trust=TRUST).verdict == "unreadable"


def test_a_stack_is_signed_with_its_index(stack):
    """Each plane and the index."""
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("intact", "trusted")
    assert verdict.signatures == {Signature.TRUSTED: 3}
    assert verdict.index.signer == "Robot 1"
    with_list = napari_seal.open_stack(stack, trust=TRUST)
    assert with_list.verdict.signer == with_list.plane((0,))[1].signer == "Robot 1"


def test_an_index_that_was_closed_again_is_told(stack):
    """Its record agrees, its signature does not; without a signature it is a question of which."""
    path = stack / "m.sealed.json"
    text = path.read_bytes()
    start = text[: text.rindex(b',"record":"')].replace(
        b'"complete":true', b'"complete":true,"a":1'
    )
    again = b'%s,"record":"sha256:%s"' % (start, hashlib.sha256(start).hexdigest().encode())
    signature = text[text.rindex(b',"signature":') :]
    path.write_bytes(again + signature)
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("signature-invalid", "invalid")
    path.write_bytes(again + b"}")
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("intact", "none")
    path.write_bytes(text + b"\n")
    assert napari_seal.check_stack(stack, trust=TRUST).signature == "trusted"


@pytest.mark.parametrize(("key", "kept"), [(ROBOT, True), (MALLORY, False), (None, False)])
def test_a_stack_is_gone_on_with_by_one_key(tmp_path, key, kept):
    """Planes that another key signed, or none, are written anew."""
    movie = np.stack([IMAGE, IMAGE[::-1], IMAGE.T])

    def stop(done, total):
        if done == 5:  # 3 planes for the window, then 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=ROBOT, progress=stop)
    first = tmp_path / "m.sealed" / "m_t0.sealed.jpg"
    before = first.read_bytes()
    napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=key, resume=True)
    assert (first.read_bytes() == before) == kept
    trust = Trust((TrustedKey(name="who", key=(key or ROBOT).public),))
    verdict = napari_seal.check_stack(tmp_path / "m", trust=trust)
    assert (verdict.verdict, verdict.signature) == ("intact", "none" if key is None else "trusted")
