"""What the fields of a message say that came: something a person did, or news of Telegram's own.

A test holds the tables against the Bot API. A field that is in none of them is newer than they are:
it is taken for something a person did, so that it is told by its name rather than lost.
See https://core.telegram.org/bots/api#message.
"""

ABOUT = frozenset(
    {
        "author_signature", "business_connection_id", "caption", "caption_entities", "chat", "date",
        "direct_messages_topic", "edit_date", "effect_id", "entities", "external_reply",
        "forward_origin", "from", "guest_bot_caller_chat", "guest_bot_caller_user",
        "guest_query_id", "has_media_spoiler", "has_protected_content", "is_automatic_forward",
        "is_from_offline", "is_paid_post", "is_topic_message", "link_preview_options",
        "media_group_id", "message_id", "message_thread_id", "origin", "paid_star_count", "quote",
        "reply_markup", "reply_to_checklist_task_id", "reply_to_message", "reply_to_poll_option_id",
        "reply_to_story", "sender_boost_count", "sender_business_bot", "sender_chat", "sender_tag",
        "show_caption_above_media", "suggested_post_info", "text", "via_bot",
    }
)  # fmt: skip
"""They tell more of a message, and are none."""

READ = frozenset(
    {
        "animation", "audio", "chat_shared", "checklist", "contact", "dice", "document", "game",
        "invoice", "live_photo", "location", "paid_media", "photo", "poll", "rich_message",
        "sticker", "story", "users_shared", "venue", "video", "video_note", "voice", "web_app_data",
    }
)  # fmt: skip
"""What is read, as a file or in words."""

NAMED = {
    "checklist_tasks_added": "tasks that were added to a checklist",
    "checklist_tasks_done": "tasks of a checklist that were ticked or unticked",
    "gift": "a gift",
    "gift_upgrade_sent": "an upgrade of a gift",
    "giveaway": "a giveaway",
    "giveaway_winners": "the winners of a giveaway",
    "passport_data": "documents of Telegram Passport",
    "poll_option_added": "an option that was added to a poll",
    "poll_option_deleted": "an option that was taken out of a poll",
    "refunded_payment": "a payment that was given back",
    "successful_payment": "a payment",
    "unique_gift": "a gift",
}
"""What a person did that cannot be read: it is told in a line."""

SERVICE = frozenset(
    {
        "boost_added", "channel_chat_created", "chat_background_set", "chat_owner_changed",
        "chat_owner_left", "connected_website", "delete_chat_photo", "direct_message_price_changed",
        "forum_topic_closed", "forum_topic_created", "forum_topic_edited", "forum_topic_reopened",
        "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_completed",
        "giveaway_created", "group_chat_created", "left_chat_member", "managed_bot_created",
        "message_auto_delete_timer_changed", "migrate_from_chat_id", "migrate_to_chat_id",
        "new_chat_members", "new_chat_photo", "new_chat_title", "paid_message_price_changed",
        "pinned_message", "proximity_alert_triggered", "suggested_post_approval_failed",
        "suggested_post_approved", "suggested_post_declined", "suggested_post_paid",
        "suggested_post_refunded", "supergroup_chat_created", "video_chat_ended",
        "video_chat_participants_invited", "video_chat_scheduled", "video_chat_started",
        "write_access_allowed",
    }
)  # fmt: skip
"""News of the chat, which Telegram writes by itself: not heard."""


def unread(fields: frozenset[str]) -> str:
    """Return what came in a message that was not read; "" where it is news of Telegram's own."""
    for field in sorted(fields & NAMED.keys()):
        return NAMED[field]
    for field in sorted(fields - ABOUT - READ - SERVICE - LEGACY):
        return f"something that Telegram calls {field!r}"
    return ""


LEGACY = frozenset(
    {
        "forward_date", "forward_from", "forward_from_chat", "forward_from_message_id",
        "forward_sender_name", "forward_signature", "new_chat_member", "new_chat_participant",
        "left_chat_participant", "passport",
    }
)  # fmt: skip
"""Fields that Telegram sends beside those of today, and describes no more."""
