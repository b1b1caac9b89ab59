"""A normal form is what Unicode says, in linear time; `test_hostile_text` measures it."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.normal_form import JOINER, LONGEST_RUN, normal


@given(st.text(st.sampled_from("ae\u0300\u0316\u0323\u1e69\ufb01 "), max_size=700))
def test_what_is_normal_without_long_runs_is_what_unicode_says(text):
    """Only where more than thirty marks stand on one letter does anything differ."""
    if not re.search("[\u0300\u0316\u0323]{20}", text):
        assert normal("NFKC", text) == unicodedata.normalize("NFKC", text)


def test_only_what_is_on_one_letter_beyond_measure_is_parted():
    """The joiner shows nothing, and no mark is lost."""
    marks = "\u0316\u0300" * 1_000
    shown = normal("NFC", f"a{marks}b" + "\u00e9" * 600)
    assert shown.replace(JOINER, "").count("\u0316") == 1_000
    assert max(map(len, re.findall("[\u0300\u0316]+", shown))) <= LONGEST_RUN
    assert shown.endswith("b" + "\u00e9" * 600)
