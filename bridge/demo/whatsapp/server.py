"""The fake Twilio's HTTP side: the paths of the real one, its checks and its errors."""

import asyncio
import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from aiohttp import web

from bridge.demo.whatsapp import fields, world
from bridge.demo.whatsapp.faults import Fault

ROUTES = (
    ("POST", "/2010-04-01/Accounts/{account}/Messages.json", "create"),
    ("GET", "/2010-04-01/Accounts/{account}/Messages.json", "listing"),
    ("GET", "/2010-04-01/Accounts/{account}/Messages/{sid}.json", "fetch"),
    ("DELETE", "/2010-04-01/Accounts/{account}/Messages/{sid}.json", "remove"),
    ("GET", "/2010-04-01/Accounts/{account}/Messages/{sid}/Media.json", "media list"),
    ("GET", "/2010-04-01/Accounts/{account}/Messages/{sid}/Media/{media}", "media"),
    ("GET", "/2010-04-01/Accounts/{account}.json", "account"),
    ("POST", "/v2/Indicators/Typing.json", "typing"),
    ("GET", "/v2/Channels/Senders", "senders"),
    ("GET", "/v1/Content", "content list"),
    ("POST", "/v1/Content", "content create"),
    ("GET", "/v1/Content/{sid}", "content"),
    ("GET", "/v1/Content/{sid}/ApprovalRequests", "approval"),
)
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def application(fake) -> web.Application:
    """Return the paths, answering for the fake's world."""
    app = web.Application()
    answers = Answers(fake)
    for verb, path, method in ROUTES:
        app.router.add_route(verb, path, _guarded(answers, method))
    app.router.add_get("/cdn/{media}", answers.cdn)
    app.router.add_get("/hosted/{name}", answers.hosted)
    app.router.add_route("*", "/{path:.*}", answers.nothing)
    return app


def _guarded(answers: "Answers", method: str) -> Callable:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await answers.guarded(request, method)

    return answer


class Answers:
    """`guarded` is around every call: the login, the fields, the faults arranged."""

    def __init__(self, fake) -> None:
        self.fake = fake

    async def guarded(self, request: web.Request, method: str) -> web.StreamResponse:
        answer = await self._answered(request, method)
        answer.headers["Date"] = format_datetime(self.fake.told_time(), usegmt=True)
        return answer

    async def _answered(self, request: web.Request, method: str) -> web.StreamResponse:
        self.fake.calls[method] += 1
        await self._check(request, method)
        fault = self.fake.faults.take(method)
        if fault is not None and not fault.applied:
            return await self._troubled(request, fault)
        try:
            account = self._login(request)
            answer = await getattr(self, method.replace(" ", "_"))(request, account)
            self.fake.complaints += self.fake.judged(request, await request.read(), answer)
        except Refusal as refusal:
            answer = self._refused(refusal)
        if fault is not None:
            return await self._troubled(request, fault)
        return answer

    async def _check(self, request: web.Request, method: str) -> None:
        if request.content_type == "application/json":
            pairs = list((await request.json()).items())
        else:
            pairs = [*request.query.items(), *(await request.post()).items()]
        self.fake.complaints += fields.request(method, pairs)
        self.fake.complaints += self.fake.judged(request, await request.read(), None)

    def _login(self, request: web.Request) -> world.Account:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(token).decode().partition(":")
        for account in self.fake.accounts:
            logins = {account.sid: account.token, **account.keys}
            if kind == "Basic" and logins.get(user) == password and password:
                return self._entered(request, account)
        raise Refusal(401, 20003, "Authenticate")

    def _entered(self, request: web.Request, account: world.Account) -> world.Account:
        wanted = request.match_info.get("account", account.sid)
        if wanted != account.sid:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")
        if account.status != "active" and "Messages" in request.path:
            raise Refusal(401, 20005, "Account is not active")
        return account

    # -- messages

    async def create(self, request: web.Request, account: world.Account) -> web.Response:
        form = await request.post()
        sender = self._sender(str(form.get("From", "")), account)
        to = str(form.get("To", ""))
        person = next((each for each in self.fake.people.values() if each.is_at(to)), None)
        if person is None:
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if person.stopped:
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        template = self._template(str(form.get("ContentSid", "")))
        variables = json.loads(str(form.get("ContentVariables", "{}")))
        body = _filled(template.body, variables) if template else str(form.get("Body", ""))
        if len(body.encode("utf-16-le")) // 2 > (1024 if template else 1600):
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 limit")
        urls = tuple(str(each) for each in form.getall("MediaUrl", []))
        if not body and not urls:
            raise Refusal(400, 21619, "A text message body or media urls must be specified")
        message = world.Message(
            sid=world.new_sid("MM" if urls else "SM"),
            account=account,
            sender=sender.place,
            to=to,
            body=body,
            direction="outbound-api",
            status="queued",
            made_at=self.fake.now(),
            urls=urls,
            buttons=_buttons(template, variables),
            template=template.sid if template else "",
            callback=str(form.get("StatusCallback", "")),
        )
        self.fake.take(message)
        return self._emit("message", world.message_json(message), status=201)

    def _sender(self, place: str, account: world.Account) -> world.Sender:
        sender = self.fake.senders.get(place)
        if sender is None or sender.account is not account:
            raise Refusal(400, 63007, f"Twilio could not find a Channel with From address {place}")
        return sender

    def _template(self, sid: str) -> world.Template | None:
        if sid and sid not in self.fake.templates:
            raise Refusal(400, 21655, "The ContentSid is Invalid")
        return self.fake.templates.get(sid)

    async def listing(self, request: web.Request, account: world.Account) -> web.Response:
        query = request.query
        after = _time(query["DateSent>"]) if "DateSent>" in query else None
        found = [
            each
            for each in reversed(self.fake.messages)
            if each.account is account
            and query.get("To", each.to) == each.to
            and query.get("From", each.sender) == each.sender
            and (after is None or (each.sent_at is not None and each.sent_at >= after))
        ]
        return self._page(request, [self._shown("message", world.message_json(e)) for e in found])

    def _page(self, request: web.Request, found: list) -> web.Response:
        size, page = int(request.query.get("PageSize", 50)), int(request.query.get("Page", 0))
        start, end = page * size, (page + 1) * size
        following = dict(request.query) | {"Page": str(page + 1), "PageToken": "PA" + "0" * 32}
        is_last = end >= len(found)
        body = {
            "messages": found[start:end],
            "first_page_uri": str(request.rel_url),
            "next_page_uri": None if is_last else f"{request.path}?{urlencode(following)}",
            "previous_page_uri": None,
            "page": page,
            "page_size": size,
            "start": start,
            "end": min(end, len(found)),
            "uri": str(request.rel_url),
        }
        return web.json_response(body)

    async def fetch(self, request: web.Request, account: world.Account) -> web.Response:
        return self._emit("message", world.message_json(self._message(request, account)))

    async def remove(self, request: web.Request, account: world.Account) -> web.Response:
        self.fake.messages.remove(self._message(request, account))
        return web.Response(status=204)

    async def nothing(self, request: web.Request) -> web.Response:
        words = f"The requested resource {request.path} was not found"
        return self._refused(Refusal(404, 20404, words))

    async def media_list(self, request: web.Request, account: world.Account) -> web.Response:
        message = self._message(request, account)
        found = [self._shown("media", world.media_json(message, each)) for each in message.files]
        return web.json_response({"media_list": found, "next_page_uri": None, "page": 0})

    async def media(self, request: web.Request, account: world.Account) -> web.Response:
        message = self._message(request, account)
        sid = request.match_info["media"].removesuffix(".json")
        if sid not in {each.sid for each in message.files}:
            raise Refusal(404, 20404, "The requested resource was not found")
        raise web.HTTPTemporaryRedirect(f"{self.fake.cdn_base}/cdn/{sid}")

    def _message(self, request: web.Request, account: world.Account) -> world.Message:
        for each in self.fake.messages:
            if each.sid == request.match_info["sid"] and each.account is account:
                return each
        raise Refusal(404, 20404, "The requested resource was not found")

    async def cdn(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            self.fake.complaints.append("the login was sent on to the CDN")
        for each in self.fake.messages:
            for media in each.files:
                if media.sid == request.match_info["media"]:
                    return web.Response(body=media.body, content_type=media.mime.split(";")[0])
        return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")

    async def hosted(self, request: web.Request) -> web.Response:
        """Stand in for the customer's own address of a file."""
        media = self.fake.hosted.get(request.match_info["name"])
        if media is None:
            return web.Response(status=404)
        return web.Response(body=media.body, content_type=media.mime.split(";")[0])

    async def typing(self, request: web.Request, account: world.Account) -> web.Response:
        sid = str((await request.post()).get("messageId", ""))
        heard = [each for each in self.fake.messages if each.sid == sid]
        if not heard or heard[0].direction != "inbound":
            raise Refusal(400, 60200, "Invalid messageId")
        self.fake.typed.append(heard[0].sender)
        return self._emit("typing", {"success": True})

    # -- the account

    async def account(self, request: web.Request, account: world.Account) -> web.Response:
        body = {"sid": account.sid, "friendly_name": account.name, "status": account.status}
        return self._emit("account", {**body, "type": account.kind})

    async def senders(self, request: web.Request, account: world.Account) -> web.Response:
        mine = [
            self._shown("sender", world.sender_json(each))
            for each in self.fake.senders.values()
            if each.account is account and each.place != world.SANDBOX
        ]
        meta = {"key": "senders", "page": 0, "page_size": 50, "next_page_url": None}
        return web.json_response({"senders": mine, "meta": meta})

    # -- templates

    async def content(self, request: web.Request, account: world.Account) -> web.Response:
        return self._emit("content", world.template_json(self._wanted(request), self.fake.base))

    async def content_list(self, request: web.Request, account: world.Account) -> web.Response:
        found = [
            self._shown("content", world.template_json(each, self.fake.base))
            for each in self.fake.templates.values()
        ]
        meta = {"key": "contents", "page": 0, "page_size": 50, "next_page_url": None}
        return web.json_response({"contents": found, "meta": meta})

    async def content_create(self, request: web.Request, account: world.Account) -> web.Response:
        body = await request.json()
        template = world.Template(
            account=account, types=body["types"], name=body.get("friendly_name", "")
        )
        self.fake.templates[template.sid] = template
        return self._emit("content", world.template_json(template, self.fake.base), status=201)

    async def approval(self, request: web.Request, account: world.Account) -> web.Response:
        template = self._wanted(request)
        body = {
            "sid": template.sid,
            "account_sid": template.account.sid,
            "whatsapp": {"status": template.approval} if template.approval else None,
            "url": f"{self.fake.base}{request.path}",
        }
        return self._emit("approval", body)

    def _wanted(self, request: web.Request) -> world.Template:
        template = self.fake.templates.get(request.match_info["sid"])
        if template is None:
            raise Refusal(404, 20404, "The requested resource was not found")
        return template

    # -- answers

    def _emit(self, kind: str, body: dict, *, status: int = 200) -> web.Response:
        return web.json_response(self._shown(kind, body), status=status)

    def _shown(self, kind: str, body: dict) -> dict:
        self.fake.complaints += fields.emitted(kind, body)
        return body

    def _refused(self, refusal: Refusal) -> web.Response:
        body = {
            "code": refusal.code,
            "message": str(refusal),
            "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
            "status": refusal.status,
        }
        return self._emit("error", body, status=refusal.status)

    async def _troubled(self, request: web.Request, fault: Fault) -> web.Response:
        await asyncio.sleep(fault.delay)
        return self._hang_up(request) if fault.hangs_up else self._failed(fault)

    def _failed(self, fault: Fault) -> web.Response:
        if fault.is_html:
            return web.Response(status=fault.status, text=HTML, content_type="text/html")
        answer = self._refused(Refusal(fault.status, fault.code or 20500, "arranged"))
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer

    def _hang_up(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


def _time(text: str) -> datetime:
    shape = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
    return datetime.strptime(text, shape).replace(tzinfo=UTC)


def _filled(text: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def _buttons(
    template: world.Template | None, variables: dict[str, str]
) -> tuple[tuple[str, str], ...]:
    actions = template.actions if template is not None else ()
    return tuple((_filled(a["title"], variables), _filled(a["id"], variables)) for a in actions)
