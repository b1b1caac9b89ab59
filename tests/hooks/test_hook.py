"""What a hook makes of a call: its event, its delivery, its words, its command."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.commands import Push, Trigger
from bridge.hooks.hook import called, challenge, command, identities, is_repeat, said
from tests.hooks import payloads
from tests.hooks.made import hooks

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def made(tmp_path):
    return hooks(
        tmp_path,
        github={"verify": "github"},
        gitlab={"verify": "gitlab", "as": "message"},
        sentry={"verify": "hmac", "template": "sentry", "timestamp_header": None},
        own={"verify": "bearer", "event": "kind.name", "idempotency": "header:X-Id"},
        slack={"verify": "slack"},
    )


def test_the_event_and_the_delivery_are_where_their_service_names_them(made):
    headers = {"x-github-event": "push", "x-github-delivery": "d-1"}
    call = called(made["github"], headers, payloads.PUSH, "proof")
    assert (call.event, call.delivery, call.proof) == ("push", "d-1", "proof")
    call = called(made["gitlab"], {"x-gitlab-event-uuid": "u-1"}, payloads.MERGE_REQUEST, "")
    assert (call.event, call.delivery) == ("merge_request", "u-1")
    headers = {"sentry-hook-resource": "event_alert", "request-id": "r-1"}
    call = called(made["sentry"], headers, payloads.SENTRY_ISSUE_ALERT, "proof")
    assert (call.event, call.delivery, call.proof) == ("event_alert", "r-1", "proof")


def test_they_are_where_the_configuration_says(made):
    call = called(made["own"], {"x-id": "7"}, {"kind": {"name": "made"}}, "secret")
    assert (call.event, call.delivery, call.proof) == ("made", "7", "")


@pytest.mark.parametrize("payload", [None, [], {"kind": []}, {"kind": {"name": True}}, "x"])
def test_an_odd_payload_names_nothing(made, payload):
    assert called(made["own"], {}, payload, "").event == ""


def test_half_a_character_names_nothing_that_cannot_be_kept(made):
    call = called(made["own"], {}, {"kind": {"name": "a\ud800"}}, "")
    call.event.encode()


def test_a_delivery_without_a_name_is_known_by_its_body_for_five_minutes(made):
    call = called(made["own"], {}, {}, "")
    now, *near = identities(call, b"body", NOW)
    assert now not in near
    assert now in identities(call, b"body", NOW + timedelta(minutes=5))
    assert now not in identities(call, b"body", NOW + timedelta(minutes=11))
    assert now not in identities(call, b"other", NOW)
    assert is_repeat(call, NOW, NOW + timedelta(minutes=4, seconds=59))
    assert not is_repeat(call, NOW, NOW + timedelta(minutes=5))


def test_a_delivery_with_a_name_is_known_for_good(made):
    call = called(made["own"], {"x-id": "7"}, {}, "")
    assert identities(call, b"a", NOW) == identities(call, b"b", NOW + timedelta(days=9))
    assert is_repeat(call, NOW, NOW + timedelta(days=9))


def test_a_prompt_says_what_to_do_before_the_words(made):
    asked = command(made["github"], "words", "proof")
    assert isinstance(asked, Trigger)
    assert asked.prompt == (
        "This came in from outside, by the hook github. Tell people in a few lines what matters of"
        " it.\n\nwords"
    )
    assert (asked.key, asked.by) == ("hook:github:proof", None)


def test_a_message_is_from_outside(made):
    told = command(made["gitlab"], "words", "")
    assert isinstance(told, Push)
    assert (told.content.text, told.content.outside, told.key) == ("words", True, None)


def test_only_one_kind_of_service_is_answered_a_challenge(made):
    asked = {"type": "url_verification", "challenge": "x" * 500}
    assert challenge(made["slack"], asked) == "x" * 200
    assert challenge(made["slack"], {"type": "event_callback", "challenge": "x"}) is None
    assert challenge(made["slack"], {**asked, "challenge": 3}) is None
    assert challenge(made["slack"], []) is None
    assert challenge(made["own"], asked) is None


def test_a_signature_counts_once_whatever_a_header_says_of_the_delivery(made, tmp_path):
    """Who recorded a call may send another name with it, or none: the signature is the same."""
    assert called(made["github"], {}, payloads.PUSH, "proof").proof == "proof"
    assert called(made["sentry"], {}, {}, "proof").proof == "proof"
    assert called(made["slack"], {}, {"event_id": "Ev1"}, "proof").proof == "proof"
    more = hooks(
        tmp_path,
        timed={"verify": "hmac"},
        plain={"verify": "hmac", "timestamp_header": None},
        signed={"verify": "hmac", "timestamp_header": None, "idempotency": "id"},
        other={"verify": "stripe", "idempotency": "header:X-Id"},
    )
    assert called(more["timed"], {}, {}, "proof").proof == "proof"
    assert called(more["other"], {"x-id": "1"}, {}, "proof").proof == "proof"
    for name in ("plain", "signed"):
        assert called(more[name], {}, {"id": "1"}, "proof").proof == "", "the same may be said anew"


def test_long_names_of_deliveries_are_told_apart_to_their_end(made):
    one, other = (
        identities(called(made["own"], {"x-id": "x" * 500 + end}, {}, ""), b"", NOW) for end in "ab"
    )
    assert one != other


def test_an_event_is_named_with_or_without_what_was_done(tmp_path):
    for events, counts in ((["merge_request"], 1), (["merge_request.open"], 1), (["push"], 0)):
        hook = hooks(tmp_path, work={"verify": "gitlab", "events": events})["work"]
        call = called(hook, {}, payloads.MERGE_REQUEST, "")
        assert bool(said(hook, call)) is bool(counts), events


def test_words_are_those_of_the_template(made):
    call = called(made["github"], {"x-github-event": "ping"}, payloads.PING, "")
    assert said(made["github"], call) == ""
