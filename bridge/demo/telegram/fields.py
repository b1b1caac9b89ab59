"""The Bot API's methods and objects that are used here, field by field.

Written from https://core.telegram.org/bots/api, independently of the fake and of the client. Each
line is a field: its name, its types (`A|B`, an array is `[A]`), and `?` where it may be missing.
"""

METHODS = {
    "getMe": "",
    "getWebhookInfo": "",
    "setWebhook": "url:String",
    "deleteWebhook": "drop_pending_updates:Boolean?",
    "getUpdates": "offset:Integer? limit:Integer? timeout:Integer? allowed_updates:[String]?",
    "setMyCommands": "commands:[BotCommand] language_code:String?",
    "getMyCommands": "language_code:String?",
    "sendMessage": """
        chat_id:Integer|String message_thread_id:Integer? text:String entities:[MessageEntity]?
        link_preview_options:LinkPreviewOptions? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?
        receiver_user_id:Integer?""",
    "sendMessageDraft": """
        chat_id:Integer message_thread_id:Integer? draft_id:Integer text:String?
        entities:[MessageEntity]? can_stop:Boolean? keep_on_stop:Boolean?""",
    "sendPhoto": """
        chat_id:Integer|String message_thread_id:Integer? photo:InputFile|String caption:String?
        caption_entities:[MessageEntity]? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?""",
    "sendVoice": """
        chat_id:Integer|String message_thread_id:Integer? voice:InputFile|String caption:String?
        caption_entities:[MessageEntity]? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?""",
    "sendAudio": """
        chat_id:Integer|String message_thread_id:Integer? audio:InputFile|String caption:String?
        caption_entities:[MessageEntity]? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?""",
    "sendVideo": """
        chat_id:Integer|String message_thread_id:Integer? video:InputFile|String caption:String?
        caption_entities:[MessageEntity]? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?""",
    "sendDocument": """
        chat_id:Integer|String message_thread_id:Integer? document:InputFile|String caption:String?
        caption_entities:[MessageEntity]? disable_notification:Boolean?
        reply_parameters:ReplyParameters? reply_markup:InlineKeyboardMarkup?""",
    "sendMediaGroup": """
        chat_id:Integer|String message_thread_id:Integer?
        media:[InputMediaAudio|InputMediaDocument|InputMediaPhoto|InputMediaVideo]
        disable_notification:Boolean? reply_parameters:ReplyParameters?""",
    "sendChatAction": "chat_id:Integer|String message_thread_id:Integer? action:String",
    "editMessageText": """
        chat_id:Integer|String message_id:Integer text:String entities:[MessageEntity]?
        link_preview_options:LinkPreviewOptions? reply_markup:InlineKeyboardMarkup?""",
    "editMessageCaption": """
        chat_id:Integer|String message_id:Integer caption:String? caption_entities:[MessageEntity]?
        reply_markup:InlineKeyboardMarkup?""",
    "editMessageReplyMarkup": """
        chat_id:Integer|String message_id:Integer reply_markup:InlineKeyboardMarkup?""",
    "deleteMessage": "chat_id:Integer|String message_id:Integer",
    "deleteMessages": "chat_id:Integer|String message_ids:[Integer]",
    "answerCallbackQuery": "callback_query_id:String text:String? show_alert:Boolean?",
    "getFile": "file_id:String",
    "getChat": "chat_id:Integer|String",
    "setMessageReaction": """
        chat_id:Integer|String message_id:Integer reaction:[ReactionTypeEmoji]? is_big:Boolean?""",
}

RETURNS = {
    "getMe": "User",
    "getWebhookInfo": "WebhookInfo",
    "getUpdates": "[Update]",
    "getMyCommands": "[BotCommand]",
    "sendMessage": "Message",
    "sendPhoto": "Message",
    "sendVoice": "Message",
    "sendAudio": "Message",
    "sendVideo": "Message",
    "sendDocument": "Message",
    "sendMediaGroup": "[Message]",
    "editMessageText": "Message",
    "editMessageCaption": "Message",
    "editMessageReplyMarkup": "Message",
    "getFile": "File",
    "getChat": "ChatFullInfo",
}
"""What a method answers; the others answer True."""

MEDIUM = "file_id:String file_unique_id:String file_size:Integer?"
INPUT_MEDIUM = "type:String media:String caption:String? caption_entities:[MessageEntity]?"
MEMBER = "status:String user:User"

TYPES = {
    "Update": """
        update_id:Integer message:Message? edited_message:Message? callback_query:CallbackQuery?
        my_chat_member:ChatMemberUpdated? message_reaction:MessageReactionUpdated?
        stopped_message_generation:MessageGenerationStopped?""",
    "MessageGenerationStopped": "chat:Chat message_thread_id:Integer? draft_id:Integer",
    "MessageReactionUpdated": """
        chat:Chat message_id:Integer user:User? date:Integer old_reaction:[ReactionTypeEmoji]
        new_reaction:[ReactionTypeEmoji]""",
    "User": """
        id:Integer is_bot:Boolean first_name:String last_name:String? username:String?
        language_code:String? can_join_groups:Boolean? can_read_all_group_messages:Boolean?
        supports_inline_queries:Boolean?""",
    "Chat": """
        id:Integer type:String title:String? username:String? first_name:String? last_name:String?
        is_forum:Boolean? is_direct_messages:Boolean?""",
    "DirectMessagesTopic": "topic_id:Integer user:User?",
    "Message": """
        message_id:Integer message_thread_id:Integer?
        direct_messages_topic:DirectMessagesTopic? from:User? sender_chat:Chat? date:Integer
        chat:Chat forward_origin:MessageOrigin? is_topic_message:Boolean?
        is_automatic_forward:Boolean? reply_to_message:Message? quote:TextQuote? via_bot:User?
        edit_date:Integer? media_group_id:String? author_signature:String? text:String?
        entities:[MessageEntity]? animation:Animation? audio:Audio? document:Document?
        photo:[PhotoSize]? sticker:Sticker? video:Video? video_note:VideoNote? voice:Voice?
        caption:String? caption_entities:[MessageEntity]? contact:Contact? dice:Dice? poll:Poll?
        venue:Venue? location:Location? new_chat_members:[User]? left_chat_member:User?
        new_chat_title:String? migrate_to_chat_id:Integer? migrate_from_chat_id:Integer?
        forum_topic_created:ForumTopicCreated? reply_markup:InlineKeyboardMarkup?
        link_preview_options:LinkPreviewOptions?""",
    "MessageEntity": """
        type:String offset:Integer length:Integer url:String? user:User? language:String?
        custom_emoji_id:String?""",
    "TextQuote": "text:String position:Integer is_manual:Boolean? entities:[MessageEntity]?",
    "MessageOrigin": "MessageOriginUser|MessageOriginHiddenUser|MessageOriginChannel",
    "MessageOriginUser": "type:String date:Integer sender_user:User",
    "MessageOriginHiddenUser": "type:String date:Integer sender_user_name:String",
    "MessageOriginChannel": "type:String date:Integer chat:Chat message_id:Integer",
    "InaccessibleMessage": "chat:Chat message_id:Integer date:Integer",
    "CallbackQuery": """
        id:String from:User message:Message|InaccessibleMessage? chat_instance:String
        data:String?""",
    "ChatMemberUpdated": """
        chat:Chat from:User date:Integer old_chat_member:ChatMember new_chat_member:ChatMember""",
    "ChatMember": "ChatMemberMember|ChatMemberLeft|ChatMemberBanned",
    "ChatMemberMember": MEMBER,
    "ChatMemberLeft": MEMBER,
    "ChatMemberBanned": f"{MEMBER} until_date:Integer",
    "ForumTopicCreated": "name:String icon_color:Integer",
    "PhotoSize": f"{MEDIUM} width:Integer height:Integer",
    "Voice": f"{MEDIUM} duration:Integer mime_type:String?",
    "Audio": f"{MEDIUM} duration:Integer title:String? file_name:String? mime_type:String?",
    "Video": f"""
        {MEDIUM} width:Integer height:Integer duration:Integer file_name:String?
        mime_type:String?""",
    "VideoNote": f"{MEDIUM} length:Integer duration:Integer",
    "Animation": f"""
        {MEDIUM} width:Integer height:Integer duration:Integer file_name:String?
        mime_type:String?""",
    "Document": f"{MEDIUM} file_name:String? mime_type:String?",
    "Sticker": f"""
        {MEDIUM} type:String width:Integer height:Integer is_animated:Boolean is_video:Boolean
        emoji:String?""",
    "File": f"{MEDIUM} file_path:String?",
    "Location": "latitude:Float longitude:Float",
    "Venue": "location:Location title:String address:String",
    "Contact": "phone_number:String first_name:String last_name:String? user_id:Integer?",
    "Dice": "emoji:String value:Integer",
    "InlineKeyboardMarkup": "inline_keyboard:[[InlineKeyboardButton]]",
    "InlineKeyboardButton": "text:String callback_data:String?",
    "ReplyParameters": "message_id:Integer allow_sending_without_reply:Boolean?",
    "LinkPreviewOptions": "is_disabled:Boolean?",
    "BotCommand": "command:String description:String",
    "ReactionTypeEmoji": "type:String emoji:String",
    "ChatFullInfo": """
        id:Integer type:String title:String? username:String? first_name:String? last_name:String?
        is_forum:Boolean? accent_color_id:Integer max_reaction_count:Integer
        accepted_gift_types:AcceptedGiftTypes""",
    "AcceptedGiftTypes": """
        unlimited_gifts:Boolean limited_gifts:Boolean unique_gifts:Boolean
        premium_subscription:Boolean gifts_from_channels:Boolean""",
    "WebhookInfo": """
        url:String has_custom_certificate:Boolean pending_update_count:Integer""",
    "InputMediaPhoto": INPUT_MEDIUM,
    "InputMediaVideo": INPUT_MEDIUM,
    "InputMediaAudio": INPUT_MEDIUM,
    "InputMediaDocument": f"{INPUT_MEDIUM} disable_content_type_detection:Boolean?",
}
