"""A Twilio on the loopback: stateful, with people who write, read, block and stop.

It runs on a thread of its own, as the real one runs elsewhere: none of its tasks are ours. What a
test calls may be called from any thread.

    async with running() as fake:
        ada = fake.person("Ada")
        ada_says = fake.says(ada, "hi")
        fake.shown(ada)
"""

import asyncio
import threading
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from bridge.demo.whatsapp import world
from bridge.demo.whatsapp.faults import Fault, Faults
from bridge.demo.whatsapp.postman import Postman
from bridge.demo.whatsapp.server import application

HOST = "127.0.0.1"
QUIET_SECONDS = 1.0


class FakeTwilio:
    """`complaints` is what anyone did wrong; a test ends with none. `typed`: who saw us typing.

    `accepted` are the messages that a webhook took; `missed` those that none did. With `holds`
    status callbacks wait for `release`. `judge` holds calls and answers against the platform's own
    description, where there is one.
    """

    judge: ClassVar[Callable[[web.Request, bytes, web.Response | None], list[str]] | None] = None

    def __init__(self, *, senders: Sequence[str] = ("whatsapp:+4930123456",)) -> None:
        self.account = world.Account()
        self.accounts = [self.account]
        self.senders = {each: world.Sender(place=each, account=self.account) for each in senders}
        self.people: dict[str, world.Person] = {}
        self.messages: list[world.Message] = []
        self.templates: dict[str, world.Template] = {}
        self.hosted: dict[str, world.Media] = {}
        self.calls: Counter[str] = Counter()
        self.faults = Faults()
        self.postman = Postman()
        self.complaints: list[str] = self.postman.complaints
        self.accepted: list[str] = []
        self.missed: list[str] = []
        self.typed: list[str] = []
        self.holds = False
        self.held: list[tuple[world.Message, str]] = []
        self.ahead = timedelta(0)
        self.unfit: set[str] = set()
        """Types of files that WhatsApp does not take."""
        self.skew = timedelta(0)
        self.base = ""
        self.cdn_base = ""
        self._letters: dict[str, deque[world.Message]] = defaultdict(deque)
        self._carrying: set[str] = set()
        self._working: set[Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._port = 0

    def judged(self, request: web.Request, body: bytes, response: web.Response | None) -> list[str]:
        return FakeTwilio.judge(request, body, response) if FakeTwilio.judge else []

    # -- time

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0) + self.ahead

    def told_time(self) -> datetime:
        """The time in the answers' headers."""
        return self.now() + self.skew

    # -- what people do

    def person(self, name: str = "Ada", number: str = "", **more: Any) -> world.Person:
        """Make someone who has WhatsApp."""
        place = f"whatsapp:{number or f'+49151{len(self.people) + 10000000}'}"
        return self.people.setdefault(place, world.Person(name=name, place=place, **more))

    def at(self, address: str) -> world.Person:
        """Return whose number or id this is. Raises `LookupError`."""
        found = next((each for each in self.people.values() if each.is_at(address)), None)
        if found is None:
            raise LookupError(f"nobody is at {address}")
        return found

    async def tell(self, form: Mapping[str, str]) -> None:
        """Call the webhook with a system message: someone's number or id has changed."""
        sender = self.sender
        sid = world.new_sid("SM")
        whole = {
            "MessageSid": sid,
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "NumSegments": "1",
            "AccountSid": sender.account.sid,
            "ApiVersion": "2010-04-01",
            "To": sender.place,
            "Body": "",
            "NumMedia": "0",
            **form,
        }
        await self._do(self.postman.message(sender, whole))

    @property
    def sender(self) -> world.Sender:
        return next(iter(self.senders.values()))

    def says(
        self,
        person: world.Person,
        text: str = "",
        *,
        to: str = "",
        files: Sequence[world.Media] = (),
        webhook: bool = True,
        **extra: str,
    ) -> str:
        """Write to a sender; returns the message's SID. Without `webhook` nobody is called."""
        sender = self.senders[to] if to else self.sender
        person.wrote_at[sender.place] = self.now()
        self._obey(person, text)
        message = world.Message(
            sid=world.new_sid("MM" if files else "SM"),
            account=sender.account,
            sender=person.address,
            to=sender.place,
            body=text,
            direction="inbound",
            status="received",
            made_at=self.now(),
            sent_at=self.now(),
            files=list(files),
            extra=extra,
        )
        self.messages.append(message)
        if webhook:
            self.redeliver(message.sid)
        return message.sid

    def presses(self, person: world.Person, title: str) -> str:
        """Press the newest button of this title."""
        for message in reversed(self.messages):
            for each, payload in message.buttons:
                if person.is_at(message.to) and each == title:
                    return self.says(
                        person,
                        title,
                        to=message.sender,
                        MessageType="button",
                        ButtonText=title,
                        ButtonPayload=payload,
                        OriginalRepliedMessageSid=message.sid,
                        OriginalRepliedMessageSender=message.sender,
                    )
        raise LookupError(f"there is no button {title!r}")

    def redeliver(self, sid: str) -> None:
        """Call the webhook with a message, once more if it was called before."""
        message = next(each for each in self.messages if each.sid == sid)
        self._letters[message.sender].append(message)
        self._start(self._carry(message.sender))

    def _obey(self, person: world.Person, text: str) -> None:
        match text.strip().upper():
            case "STOP":
                person.stopped = True
            case "START":
                person.stopped = False
            case "JOIN OUR-SANDBOX":
                person.joined = True

    # -- what people see

    def seen(self, person: world.Person) -> list[world.Message]:
        """Return the messages that someone was shown, oldest first."""
        return [each for each in self.messages if person.is_at(each.to) and each.is_shown]

    def shown(self, person: world.Person) -> list[str]:
        return [each.body for each in self.seen(person)]

    # -- what goes wrong

    def fault(self, method: str = "create", **more: Any) -> None:
        self.faults.add(Fault(method=method, **more))

    async def down(self) -> None:
        """Refuse connections, keeping everything."""
        await self._do(self._unbind())

    async def up(self) -> None:
        """Listen on the same port again."""
        await self._do(self._bind())

    async def release(self, *, backwards: bool = False, copies: int = 1) -> None:
        """Tell the statuses that were held, in an order as bad as the real one's may be."""
        held, self.held = self.held, []
        for message, status in reversed(held) if backwards else held:
            for _ in range(copies):
                await self._do(self.postman.status(message, status))

    # -- what a customer asks

    def take(self, message: world.Message) -> None:
        """Take a message to be sent; what becomes of it is told later."""
        message.doom = self._doom(message)
        self.messages.append(message)
        self._start(self._convey(message))

    def _doom(self, message: world.Message) -> int | None:
        person, template = self.at(message.to), self.templates.get(message.template)
        if message.sender == world.SANDBOX and not person.joined:
            return 63015
        if person.blocks:
            return 63032
        may_open = template is not None and template.approval == "approved"
        if not may_open and not person.can_be_told(message.sender, self.now()):
            return 63016
        return None

    async def _convey(self, message: world.Message) -> None:
        for url in message.urls:
            status, body, mime = await self.postman.fetch(url)
            if status != 200:
                message.doom = message.doom or 63019
            elif mime in self.unfit:
                message.doom = message.doom or 12300
            message.files.append(world.Media(mime=mime, body=body))
        person = self.at(message.to)
        reached = ["sent", "delivered", *(["read"] if person.reads else [])]
        for status in ["failed"] if message.doom is not None else reached:
            message.status = status
            message.sent_at = self.now()
            if self.holds:
                self.held.append((message, status))
            else:
                await self.postman.status(message, status)

    # -- calling the customer

    async def _carry(self, person: str) -> None:
        """Bring someone's messages one after the other."""
        if person in self._carrying:
            return
        self._carrying.add(person)
        while self._letters[person]:
            await self._bring(self._letters[person].popleft())
        self._carrying.discard(person)

    async def _bring(self, message: world.Message) -> None:
        sender = self.senders[message.to]
        form = world.webhook_form(message, self.at(message.sender), self.base)
        taken, replies = await self.postman.message(sender, form)
        (self.accepted if taken else self.missed).append(message.sid)
        for text in replies:
            reply = world.Message(
                sid=world.new_sid("SM"),
                account=sender.account,
                sender=sender.place,
                to=message.sender,
                body=text,
                direction="outbound-reply",
                status="delivered",
                made_at=self.now(),
                sent_at=self.now(),
            )
            self.messages.append(reply)

    # -- running

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        work = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._working.add(work)
        work.add_done_callback(self._working.discard)

    async def quiet(self) -> None:
        """Wait a while until nobody is being called any more."""
        working = [asyncio.wrap_future(each) for each in tuple(self._working)]
        if working:
            await asyncio.wait(working, timeout=QUIET_SECONDS)

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _bind(self) -> None:
        self._runner = web.AppRunner(application(self), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.base = f"http://{HOST}:{self._port}"
        self.cdn_base = f"http://localhost:{self._port}"  # another host, as far as a login goes

    async def _unbind(self) -> None:
        await self._runner.cleanup()

    async def _open(self) -> None:
        await self.postman.open()
        await self._bind()

    async def _close(self) -> None:
        await self._stop_working()
        await self._unbind()
        await self.postman.close()
        await asyncio.sleep(0.01)  # transports close a little later than they are told to

    async def _stop_working(self) -> None:
        """Stop whatever is still being told to anyone."""
        left = tuple(self._working)
        for work in left:
            work.cancel()
        if left:
            await asyncio.wait([asyncio.wrap_future(each) for each in left])

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeTwilio"]:
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            await self._do(self._open())
            try:
                yield self
            finally:
                await self._do(self._close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(thread.join)
            self._loop.close()


@asynccontextmanager
async def running(**more: Any) -> AsyncIterator[FakeTwilio]:
    """A fresh fake, for as long as the context is open."""
    async with FakeTwilio(**more).running() as fake:
        yield fake
