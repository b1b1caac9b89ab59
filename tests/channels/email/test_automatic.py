import pytest

from channels.email.automatic import why_automatic
from channels.email.conversation_ids import message_id

US = ("bridge@example.com", "agent@example.com")
DOMAIN = "example.com"


def why(sender: str = "ada@example.org", **headers: str) -> str:
    told = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return why_automatic(told, sender, US, DOMAIN)


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-replied"},
        {"auto_submitted": "auto-generated (by cron)"},
        {"auto_submitted": "auto-notified; owner=x"},
        {"precedence": "bulk"},
        {"precedence": "List"},
        {"precedence": "auto_reply"},
        {"list_id": "<tea.lists.example>"},
        {"list_unsubscribe": "<mailto:x@y>"},
        {"x_autoreply": "yes"},
        {"x_autorespond": "1"},
        {"x_auto_response_suppress": "OOF, AutoReply"},
        {"x_auto_response_suppress": "All"},
        {"return_path": "<>"},
        {"content_type": "multipart/report; report-type=delivery-status"},
        {"message_id": message_id(["a"], "0" * 16, DOMAIN)},
        {"subject": "Automatic reply: tea"},
        {"subject": "Out of Office: tea"},
        {"subject": "Abwesenheitsnotiz"},
        {"subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A_tea?="},
    ],
)
def test_what_a_program_sent_is_not_answered(headers):
    assert why(**headers)


@pytest.mark.parametrize(
    "sender",
    ["bridge@example.com", "agent@example.com", "bridge+x@example.com",
     "mailer-daemon@x.example", "no-reply@x.example",
     "noreply+1@x.example", "postmaster@x.example", "do-not-reply@x.example"],
)  # fmt: skip
def test_neither_is_what_comes_from_ourselves_or_from_nobody(sender):
    assert why(sender)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto_submitted": "no"},
        {"precedence": "normal"},
        {"return_path": "<ada@example.org>"},
        {"content_type": "multipart/alternative; boundary=report"},
        {"x_auto_response_suppress": "DR, RN"},
        {"message_id": f"<{'0' * 24}.{'0' * 16}@elsewhere.example>"},
        {"x_mailer": "Thunderbird"},
        {"subject": "Out of office on Monday: who waters the plants?"},
        {"subject": "Re: Automatic reply: tea"},
    ],
)
def test_what_a_person_sent_is(headers):
    assert why(**headers) == ""
    assert why("norma@example.org", **headers) == ""


def test_a_bridge_behind_a_plus_hears_who_has_the_mailbox():
    assert why_automatic({}, "ada@example.com", ("ada+bridge@example.com",), DOMAIN) == ""
    assert why_automatic({}, "ada+bridge@example.com", ("ada+bridge@example.com",), DOMAIN)
