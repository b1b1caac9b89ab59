"""What a server says it used, made into numbers that may be so."""

import math

import pytest

from agents.litellm.repairs import MOST_TOKENS, count, sound


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        (7, 7),
        (7.9, 7),
        ("12", 12),
        (math.inf, MOST_TOKENS),
        (10**30, MOST_TOKENS),
        (10**400, MOST_TOKENS),
        (-(10**400), 0),
        *((said, 0) for said in (None, True, -3, -math.inf, math.nan, "many", {}, [1])),
    ],
)
def test_a_count_is_a_number_that_may_be_so(said, counted):
    assert count(said) == counted


def test_groups_of_counts_are_read_too_and_what_is_none_is_left_out():
    used = {
        "prompt_tokens": 7.5,
        "total_tokens": None,
        "prompt_tokens_details": {"cached_tokens": "many", "cache_type": "x"},
        "completion_tokens_details": 7,
        "cost": "free",
        "service_tier": "standard",
        "candidatesTokenCount": "7.0",
        "thoughtsTokenCount": None,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2.0}, 7],
    }
    assert sound(used) == {
        "prompt_tokens": 7,
        "total_tokens": None,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_type": "x"},
        "service_tier": "standard",
        "candidatesTokenCount": 7,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}],
    }
