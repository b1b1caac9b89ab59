"""The app manifest: everything that has to be switched on at Slack, in one text to paste.

`docs/channels/slack-manifest.yaml` is this, written out.
Source: https://docs.slack.dev/reference/app-manifest
"""

from dataclasses import dataclass

COMMAND = "/bridge"
"""The one slash command; any other that the app is given is understood as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A bot scope, and what does not work without it."""

    name: str
    purpose: str


SCOPES = (
    Scope(name="app_mentions:read", purpose="hear when it is mentioned"),
    Scope(name="assistant:write", purpose="show that it works, and offer what to ask"),
    Scope(name="channels:history", purpose="read along in public channels, and catch up"),
    Scope(name="channels:read", purpose="know the names of public channels, and when it is added"),
    Scope(name="chat:write", purpose="say anything"),
    Scope(name="commands", purpose="take slash commands"),
    Scope(name="files:read", purpose="receive files"),
    Scope(name="files:write", purpose="send files"),
    Scope(name="groups:history", purpose="read along in private channels, and catch up"),
    Scope(name="groups:read", purpose="know the names of private channels, and when it is added"),
    Scope(name="im:history", purpose="hear direct messages, and catch up"),
    Scope(name="im:read", purpose="look at its direct messages"),
    Scope(name="metadata.message:read", purpose="find out whether a message was taken"),
    Scope(name="mpim:history", purpose="read along in group messages, and catch up"),
    Scope(name="mpim:read", purpose="know group messages"),
    Scope(name="reactions:read", purpose="hear reactions"),
    Scope(name="reactions:write", purpose="show by an emoji how far it is with a message"),
    Scope(name="users:read", purpose="know people's names"),
)

APP_SCOPE = "connections:write"
"""Of the app-level token."""

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
)


def _bullets(names: tuple[str, ...], indent: int) -> str:
    return "\n".join(f"{' ' * indent}- {name}" for name in names)


def as_yaml() -> str:
    """Return the manifest as Slack takes it."""
    return f"""\
display_information:
  name: Bridgehead
  description: One durable session with your agent, in every chat app at once
features:
  agent_view:
    agent_description: One durable session with your agent, in every chat app at once
  app_home:
    home_tab_enabled: false
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  bot_user:
    display_name: bridge
    always_online: true
  slash_commands:
    - command: {COMMAND}
      description: Ask the agent, or give a command
      usage_hint: "[help | stop | what you want to say]"
      should_escape: true
oauth_config:
  scopes:
    bot:
{_bullets(tuple(scope.name for scope in SCOPES), 6)}
settings:
  event_subscriptions:
    bot_events:
{_bullets(EVENTS, 6)}
  interactivity:
    is_enabled: true
  org_deploy_enabled: false
  socket_mode_enabled: true
  token_rotation_enabled: false
"""
