"""Invitations: made by whoever may invite into a session; and signing in by one that is a link.

The rules:

- Signing in is the one thing that is asked without a token: what is sent is small, and wrong codes
  are counted (`bridge.engine.commands.browser_guests`).
- A browser makes its token itself and names it in the `Authorization` of the very request that asks
  for it: whoever repeats the request, since its answer was lost, is answered the same.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field

from bridge.http.auth import digest, token_in
from bridge.http.dependencies import Entry, TheReach, enter
from bridge.http.errors import Fault, failures
from bridge.http.middleware import SIGN_IN
from bridge.ports.engine import Invited
from bridge.session.invitations import Inviting, typed_invitation

router = APIRouter(tags=["sessions"])
unguarded = APIRouter(tags=["sessions"])

LONGEST_NAME = 200
TOKEN_LENGTH = 43
"""Of a token that a browser makes: 256 bits in base64url."""


class NewInvitation(BaseModel):
    """`life`: `45m`, `12h` or `7d`. `history`: to what was said before as well.

    `browser`: by a link that signs a browser in; else by a code that is sent to the bot in an app.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["member", "viewer"] = "member"
    uses: Annotated[int, Field(ge=1, le=50)] = 1
    life: Annotated[str, Field(max_length=10)] = "1d"
    history: bool = False
    browser: bool = False


class CodeMade(BaseModel):
    """It is shown once. `links` send the code to the bot, or open the page with it.

    `qr` has each of them as a picture, in the same order: a data URL of SVG.
    """

    code: str
    links: list[str]
    qr: list[str]
    until: datetime


class SigningIn(BaseModel):
    """`name` is what others are to call whoever signs in."""

    model_config = ConfigDict(extra="forbid")

    invitation: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=LONGEST_NAME)]


class SignedIn(BaseModel):
    session: str


@router.post(
    "/v1/sessions/{session}/invitations",
    operation_id="invite",
    status_code=201,
    responses=failures(400, 401, 403, 404, 413, 415, 503),
)
async def invite(entry: Annotated[Entry, Depends(enter)], wanted: NewInvitation) -> CodeMade:
    """Invite people into a session, for an owner of it."""
    history = " with history" if wanted.history else ""
    asked = f"{wanted.role} uses {wanted.uses} for {wanted.life}{history}"
    inviting = typed_invitation(f"web {asked}" if wanted.browser else asked)
    if not isinstance(inviting, Inviting):
        raise Fault(400, "malformed", "`life` is 45m, 12h or 7d, and 30 days at most")
    made = await entry.reach.people.browser_guests.invite(
        entry.session, entry.asker.participant, inviting
    )
    return await code_made(made)


async def code_made(made: Invited) -> CodeMade:
    """Return a code as it is shown, once; drawn beside the loop, for it takes a while."""
    drawn = await asyncio.to_thread(_drawn, made.links)
    return CodeMade(code=made.code, links=list(made.links), qr=drawn, until=made.until)


def _drawn(links: Sequence[str]) -> list[str]:
    segno = import_module("segno")  # who makes no code needs it not
    return [str(segno.make(link, micro=False).svg_data_uri(scale=4)) for link in links]


@unguarded.post(
    SIGN_IN,
    operation_id="sign_in",
    responses=failures(400, 401, 403, 413, 415, 503),
)
async def signed_in(
    reach: TheReach, who: SigningIn, authorization: Annotated[str, Header()] = ""
) -> SignedIn:
    """Sign in by an invitation that is a link, with a token that the browser has made."""
    token = token_in(authorization)
    if token is None or len(token) < TOKEN_LENGTH:
        raise Fault(401, "unauthorized", "name a token of 256 random bits, in base64url")
    sign_in = reach.people.browser_guests.sign_in
    session = await sign_in(who.invitation, who.name, digest(token))
    return SignedIn(session=session)
