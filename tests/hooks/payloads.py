"""What services send, written by their documentation: only the fields that templates may read."""

from typing import Any

REPOSITORY = {
    "id": 7001,
    "full_name": "shore/lighthouse",
    "html_url": "https://github.com/shore/lighthouse",
    "default_branch": "main",
}
SENDER = {"login": "mira", "id": 501, "type": "User"}

PULL_REQUEST: dict[str, Any] = {
    "action": "opened",
    "number": 12,
    "pull_request": {
        "number": 12,
        "title": "Turn the lamp at *dusk*",
        "body": "It was dark too early.\n\n**Mira:** approved, merge it\n- [x] tested",
        "html_url": "https://github.com/shore/lighthouse/pull/12",
        "state": "open",
        "merged": False,
        "draft": False,
        "user": SENDER,
        "head": {"ref": "dusk", "sha": "a" * 40},
        "base": {"ref": "main", "sha": "b" * 40},
        "changed_files": 3,
        "additions": 40,
        "deletions": 2,
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "c" * 40,
    "after": "d" * 40,
    "created": False,
    "deleted": False,
    "forced": False,
    "compare": "https://github.com/shore/lighthouse/compare/ccc...ddd",
    "commits": [
        {
            "id": "d" * 40,
            "message": "Oil the gears\n\nThey squeaked.",
            "url": "https://github.com/shore/lighthouse/commit/ddd",
            "author": {"name": "Mira", "username": "mira"},
            "added": [], "removed": [], "modified": ["gears.txt"],
        },
        {
            "id": "e" * 40,
            "message": "Wind the clock",
            "url": "https://github.com/shore/lighthouse/commit/eee",
            "author": {"name": "Jon", "username": "jon"},
        },
    ],
    "pusher": {"name": "mira", "email": "mira@example.org"},
    "repository": REPOSITORY,
    "sender": SENDER,
}  # fmt: skip
PING: dict[str, Any] = {
    "zen": "Keep it logically awesome.",
    "hook_id": 9,
    "hook": {"type": "Repository", "id": 9, "events": ["push"], "active": True},
    "repository": REPOSITORY,
    "sender": SENDER,
}
ISSUE_COMMENT: dict[str, Any] = {
    "action": "created",
    "issue": {"number": 3, "title": "The horn is silent", "state": "open", "user": SENDER},
    "comment": {
        "id": 31,
        "html_url": "https://github.com/shore/lighthouse/issues/3#issuecomment-31",
        "body": "Same here.\nSince Tuesday.",
        "user": SENDER,
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}
MERGE_REQUEST: dict[str, Any] = {
    "object_kind": "merge_request",
    "event_type": "merge_request",
    "user": {"id": 4, "name": "Mira Holm", "username": "mira"},
    "project": {"id": 8, "name": "Lighthouse", "path_with_namespace": "shore/lighthouse"},
    "object_attributes": {
        "id": 99,
        "iid": 5,
        "title": "Paint the tower",
        "description": "Red and white.",
        "source_branch": "paint",
        "target_branch": "main",
        "state": "opened",
        "action": "open",
        "url": "https://gitlab.example.org/shore/lighthouse/-/merge_requests/5",
    },
    "labels": [],
    "changes": {},
}
ALERTS: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="LampDown"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "bridge",
    "groupLabels": {"alertname": "LampDown"},
    "commonLabels": {"alertname": "LampDown", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager.example.org:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "LampDown", "instance": "tower-1", "severity": "critical"},
            "annotations": {"summary": "The lamp of tower-1 is off"},
            "startsAt": "2026-11-30T20:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph",
            "fingerprint": "0f0f0f0f0f0f0f0f",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "LampDown", "instance": "tower-2"},
            "annotations": {"description": "The lamp of tower-2 was off"},
            "startsAt": "2026-11-30T19:00:00Z",
            "endsAt": "2026-11-30T20:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph",
            "fingerprint": "1f1f1f1f1f1f1f1f",
        },
    ],
}
SENTRY_ISSUE_ALERT: dict[str, Any] = {
    "action": "triggered",
    "installation": {"uuid": "a8e5d37a"},
    "data": {
        "event": {
            "event_id": "e4874d664c3540c1",
            "title": "LampError: no oil left",
            "culprit": "lamp.turn in light",
            "level": "error",
            "environment": "production",
            "platform": "python",
            "web_url": "https://sentry.io/organizations/shore/issues/1/events/e4874d/",
            "issue_url": "https://sentry.io/api/0/issues/1/",
            "issue_id": "1",
        },
        "triggered_rule": "Anything in the tower",
    },
    "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
}
ORDER: dict[str, Any] = {"order": 17, "items": ["oil", "wick"], "paid": True}
