"""What a check returns."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from napari_seal import Outcome, Reason, ReasonCode, Signature, Verdict, VerificationError

REASON = Reason(
    code=ReasonCode.BYTES_AFTER_END, message="7 bytes were added.", expected="0", found="7"
)
VERDICT = Verdict(path="a.jpg", verdict=Outcome.TRUNCATED, reasons=(REASON,))


def test_a_verdict_has_no_truth_value() -> None:
    """`if check(path):` cannot pass an altered file."""
    for ask in (bool, lambda v: not v, lambda v: v and 1, lambda v: 1 if v else 2):
        with pytest.raises(TypeError, match=r"verdict\.intact"):
            ask(VERDICT)


def test_words_compare_as_texts() -> None:
    """The contract is the word."""
    assert VERDICT.verdict == "truncated"
    assert f"{VERDICT.verdict}" == "truncated"
    assert not VERDICT.intact
    assert Verdict(path="a", verdict=Outcome.INTACT).intact


def test_every_outcome_has_a_meaning_and_every_code_a_form() -> None:
    """One sentence for people, kebab-case for programs."""
    assert all(outcome.meaning.endswith(".") for outcome in Outcome)
    for word in [*Outcome, *ReasonCode, *Signature]:
        assert word == word.lower().replace("_", "-")
        assert word.replace("-", "").isalpha()


def test_as_dict_is_json() -> None:
    """Path, verdict, reasons, signature and regions, as the command line prints them."""
    value = json.loads(json.dumps(VERDICT.as_dict()))
    assert value["path"] == "a.jpg"
    assert value["verdict"] == "truncated"
    assert value["signature"] == "none"
    assert value["regions"] == []
    assert value["reasons"] == [
        {"code": "bytes-after-end", "message": REASON.message, "expected": "0", "found": "7"}
    ]
    bare = Reason(code=ReasonCode.IO_ERROR, message="x")
    assert bare.as_dict() == {"code": "io-error", "message": "x"}


def test_verdicts_survive_pickling() -> None:
    """Worker processes send verdicts, and exceptions that carry one."""
    assert pickle.loads(pickle.dumps(VERDICT)) == VERDICT == copy.deepcopy(VERDICT)
    error = pickle.loads(pickle.dumps(VerificationError(VERDICT)))
    assert isinstance(error, VerificationError)
    assert error.verdict == VERDICT
    assert str(error) == str(VERDICT)


def test_the_text_is_safe_to_print() -> None:
    """A path with control characters cannot drive a terminal."""
    text = str(Verdict(path="a\x1b[2J\n.jpg", verdict=Outcome.TRUNCATED, reasons=(REASON,)))
    assert text.isprintable()
    assert "truncated" in text
    assert REASON.message in text
