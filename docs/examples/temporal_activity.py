"""A Temporal activity that asks people through Bridgehead and waits for their answer.

It asks under a key of its own, so that an attempt that died is gone on with by the next one, and
says by heartbeats that it still waits. Give it a heartbeat timeout of a minute.
"""

import os
from dataclasses import dataclass, field

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError


@dataclass
class Question:
    session: str
    text: str
    options: list[str] = field(default_factory=lambda: ["yes", "no"])
    seconds: int = 7200


@activity.defn
async def ask_people(question: Question) -> str:
    """Return the label of the option that somebody chose."""
    info = activity.info()
    questions = f"/v1/sessions/{question.session}/questions"
    async with httpx.AsyncClient(
        base_url=os.environ["BRIDGE_URL"],
        headers={"Authorization": f"Bearer {os.environ['BRIDGE_TOKEN']}"},
        timeout=60,
    ) as client:
        said = {
            "text": question.text,
            "options": question.options,
            "timeout": question.seconds,
            "key": f"{info.workflow_id}/{info.activity_id}",
        }
        answer = await client.post(questions, json=said)
        answer.raise_for_status()
        known = answer.json()
        while known["state"] == "open":
            activity.heartbeat(known["id"])
            one = f"{questions}/{known['id']}"
            answer = await client.get(one, params={"wait": "closed", "timeout": "20"})
            answer.raise_for_status()
            known = answer.json()
    if known["state"] != "answered":
        raise ApplicationError(f"the question is {known['state']}", non_retryable=True)
    return str(known["answer"])
