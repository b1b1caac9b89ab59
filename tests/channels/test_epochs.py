"""What names a part on a platform is another name in another epoch, and the old one without any."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bridge.domain.parts import Part
from channels.discord.render import nonce, nonce_of
from channels.slack import render as slack
from channels.whatsapp import part_key
from tests.delivery.test_steps import part

NAMES: list[Callable[[Part], object]] = [nonce_of, slack.key, part_key.key_of]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_number_is_another_name_in_another_epoch(name: Callable[[Part], object]) -> None:
    epochs = ("", "0000000000000001", "0000000000000002")
    assert len({str(name(replace(part(), epoch=each))) for each in epochs}) == len(epochs)


def test_a_log_older_than_epochs_keeps_its_names() -> None:
    """Else what was under way at an upgrade would be sent once more."""
    assert nonce_of(part()) == nonce("s", "c", "1:0")


@pytest.mark.parametrize("epoch", ["", "0000000000000001"])
def test_a_key_comes_back_from_a_callback_as_it_went(epoch: str) -> None:
    key = part_key.key_of(replace(part(), epoch=epoch))
    _, _, query = part_key.callback("https://bridge.example/channels/wa", key).partition("?")
    assert part_key.key_in(query) == key
