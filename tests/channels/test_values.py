"""What a button's value is comes back from every platform as it was given."""

import pytest

from bridge.domain.content import Content, Option
from bridge.domain.events import Pushed, Source
from bridge.domain.ids import Seq, SessionId
from bridge.domain.parts import Button, Reply
from bridge.session.routing import MAX_VALUE, PushPress, pressed, push_button
from channels.discord import render as discord
from channels.slack import render as slack
from channels.telegram.outbound import keyboard


def on_telegram(button: Button) -> str:
    keys = keyboard([button])
    assert keys is not None
    return str(keys.inline_keyboard[0][0].callback_data)


def on_discord(button: Button) -> str:
    view = discord.buttons([button])
    assert view is not None
    return str(view.to_components()[0]["components"][0]["custom_id"])


def on_slack(button: Button) -> str:
    (row,) = (
        each
        for each in slack.reply_blocks(Reply(text="", buttons=(button,)))
        if each["type"] == "actions"
    )
    return str(row["elements"][0]["value"])


@pytest.mark.parametrize("platform", [on_telegram, on_discord, on_slack])
@pytest.mark.parametrize("label", ["/archive yes", "u:ABCDEF", "x" * 300])
async def test_the_button_of_a_push_is_one_on_every_platform(platform, label: str) -> None:
    """WhatsApp has its payload asked of `pressed` too, before it is anything."""
    buttons = tuple(Option(id=str(number), label=label) for number in range(100))
    pushed = Pushed(source=Source(kind="api"), content=Content(text="news"), buttons=buttons)
    value = push_button(SessionId("s_1"), Seq(2**53), pushed, 99)
    assert len(value.encode()) <= MAX_VALUE
    assert isinstance(pressed(platform(Button(value=value, label=label))), PushPress)
