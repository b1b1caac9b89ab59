"""What people are told about schedules."""

from datetime import UTC, datetime

import pytest

from bridge import catalogs, schedule_texts
from bridge.domain.events import Cron, Every, Once

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Once(at=NINE), "on 2026-03-02 09:00 (UTC)"),
        (Every(seconds=1, start=NINE), "every second"),
        (Every(seconds=60, start=NINE), "every minute"),
        (Every(seconds=5400, start=NINE), "every 90 minutes"),
        (Every(seconds=7200, start=NINE), "every 2 hours"),
        (Cron(expression="5 9 * * *"), "every day at 09:05 (UTC)"),
        (Cron(expression="0 9 * * 1-5"), "on weekdays at 09:00 (UTC)"),
        (
            Cron(expression="30 8 * * 1,0", zone="Asia/Tokyo"),
            "on Mondays, Sundays at 08:30 (Asia/Tokyo)",
        ),
        (Cron(expression="0 9 1 * *"), "on day 1 of every month at 09:00 (UTC)"),
        (Cron(expression="0 9 L * *"), "on the last day of every month at 09:00 (UTC)"),
        (Cron(expression="*/5 * * * *"), "by the rule `cron */5 * * * *` (UTC)"),
        (Cron(expression="0 9 1 * 1"), "by the rule `cron 0 9 1 * 1` (UTC)"),
    ],
)
def test_each_kind_of_rule_is_said_in_words(rule, said):
    assert schedule_texts.when(rule, "2026-03-02 09:00 (UTC)") == said


def test_words_of_people_in_a_list_are_one_line_and_no_markup():
    line = schedule_texts.schedule_line(
        "12AB", "every hour", "**x**\n- y" + "z" * 500, following="", by="Ada"
    )
    assert "\n" not in line
    assert "**x" not in line
    assert line.endswith("… (paused; Ada)")


def test_what_is_planned_is_said_in_german_too():
    said = schedule_texts.scheduled(
        schedule_texts.when(Cron(expression="0 9 * * 1,2", zone="Europe/Berlin"), ""),
        "tea",
        "2026-03-02 09:00 (Europe/Berlin)",
        says=False,
        times=3,
    )
    german = catalogs.language("de").says(said)
    assert german.startswith(
        "Das frage ich den Agenten montags, dienstags um 09:00 (Europe/Berlin): tea"
    )
    assert "Es läuft 3 Mal." in german
