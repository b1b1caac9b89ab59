"""Someone who is known by their number and, apart from that, by their id is one person."""

import asyncio
from pathlib import Path

from bridge.demo.apps import four
from bridge.demo.page import Four

HIDDEN = "US.13491208655302741918"
ANSWER = "Ada (WhatsApp) said: by both"


async def test_who_wrote_by_number_and_by_id_is_one_person_in_one_place_once_both_come(
    tmp_path: Path,
) -> None:
    async with four() as apps:
        story = Four(apps=apps, data=tmp_path / "data", only=["whatsapp"])
        ada, person = apps.whatsapp, apps.whatsapp.person
        async with story.serving():
            ada.says("by number")
            await story.until(lambda: story.count(ada, "said: by number"))
            person.scoped, person.hides = HIDDEN, True
            ada.says("by id")
            await story.until(lambda: story.count(ada, "said: by id"))
            person.hides = False
            ada.says("by both")
            await story.until(lambda: story.count(ada, "said: by both"))
            await story.until(lambda: apps.whatsapp.fake.shown(person).count(ANSWER) == 1)
            await asyncio.sleep(0.5)
            assert apps.whatsapp.fake.shown(person).count(ANSWER) == 1, "not at both addresses"
            ada.says("/status")
            await story.until(lambda: story.count(ada, "people: Ada, Owner\n"))
