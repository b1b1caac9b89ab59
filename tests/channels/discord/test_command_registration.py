"""The slash commands get into Discord's menu, and nothing else waits for that."""

import asyncio

from tests.waiting import until


async def test_the_commands_are_put_into_the_menu_once(discord, account):
    async with account.listening():
        await until(lambda: discord.bot.commands)
    assert {each["name"] for each in discord.bot.commands} >= {"help", "status", "stop"}
    async with account.restarted().listening():
        await until(lambda: discord.calls["commands"] == 2)
        await asyncio.sleep(0.02)
    assert discord.calls["register"] == 1


async def test_other_commands_in_the_menu_are_replaced(discord, account):
    discord.bot.commands = [{"name": "ping", "description": "pong", "options": []}]
    discord.fault("commands", status=500)
    async with account.listening():
        await until(lambda: discord.calls["register"] == 1)
    assert "ping" not in {each["name"] for each in discord.bot.commands}


async def test_without_the_menu_everything_else_works(discord, account):
    discord.fault("register", status=403, code=20012)
    ada = discord.person("Ada")
    async with account.listening() as ear:
        await until(lambda: discord.calls["register"] == 1)
        ada.says(discord.direct(ada), "/help")
        await ear.until(1)
    assert discord.bot.commands == []
