"""What providers and servers said, word for word, and where it was published.

Without a link the source is the provider's own reference of errors, or the text stands in the
source of the server that is named.
"""

# ruff: noqa: E501, RUF001 - what they say is quoted as it is

from dataclasses import dataclass

from agents.litellm.errors import Kind, Piece


@dataclass(frozen=True, slots=True)
class Said:
    provider: str
    status: int
    text: str
    kind: Kind
    piece: Piece = ""
    source: str = "its reference of errors"


def _of(
    kind: Kind, piece: Piece, *texts: tuple[str, int, str] | tuple[str, int, str, str]
) -> tuple[Said, ...]:
    return tuple(Said(each[0], each[1], each[2], kind, piece, *each[3:]) for each in texts)


NO_MONEY = _of(
    "unusable",
    "",
    ("OpenAI", 429, "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs"),
    ("OpenAI", 429, "{'error': {'code': 'insufficient_quota'}}"),
    ("OpenAI", 429, "Your account is not active, please check your billing details on our website.", "github.com/BerriAI/litellm/issues/2743"),
    ("OpenAI", 429, "{'type': 'billing_not_active', 'param': None, 'code': 'billing_not_active'}", "github.com/BerriAI/litellm/issues/2743"),
    ("OpenAI", 400, "Billing hard limit has been reached"),
    ("DeepSeek", 402, "Insufficient Balance"),
    ("Moonshot", 429, "Your account org-… <ak-…> is suspended due to insufficient balance, please recharge your account or check your plan and billing details", "github.com/continuedev/continue/issues/11443"),
    ("Moonshot", 403, "Your account … is not active, organization … exceeded current quota, please check your plan and billing details','type': 'exceeded_current_quota_error'", "github.com/MoonshotAI/Kimi-K2/issues/5"),
    ("Anthropic", 400, "Your credit balance is too low to access the Anthropic API."),
    ("Anthropic", 400, "You have reached your specified API usage limits."),
    ("Alibaba", 400, "Arrearage: your account is overdue."),
    ("OpenRouter", 402, "This request requires more credits, or fewer max_tokens. You requested up to 16384 tokens, but can only afford 3919.", "github.com/Taewan-P/gpt_mobile/issues/284"),
    ("OpenRouter", 402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits", "github.com/open-assistant-org/open-assistant/issues/80"),
    ("OpenRouter", 402, "More credits are required to run this request. 128000 token capacity required, 19484 available.", "github.com/tailcallhq/forgecode/issues/571"),
    ("xAI", 429, "Your team 16f2151a has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.", "github.com/continuedev/continue/issues/10373"),
    ("Hugging Face", 402, "402 Client Error: Payment Required for url: https://router.huggingface.co/v1/chat/completions"),
)  # fmt: skip
TOO_LONG = _of(
    "overflow",
    "",
    ("OpenAI", 400, "This model's maximum context length is 8192 tokens.", "github.com/nalgeon/pokitoki/issues/12"),
    ("OpenAI", 400, "{'code': 'context_length_exceeded'}"),
    ("OpenAI", 400, "However, your messages resulted in 204308 tokens. Please reduce the length of the messages.", "github.com/webtimemachine/wtm2/issues/579"),
    ("OpenAI", 400, "Invalid 'input[0].content': string too long. Expected a string with maximum length 10485760, but got a string with length 62114761 instead.", "github.com/VectorlyApp/bluebox/issues/31"),
    ("OpenAI", 400, "{'param': 'input[0].content', 'code': 'string_above_max_length'}", "github.com/VectorlyApp/bluebox/issues/31"),
    ("OpenAI", 400, "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 428548 tokens."),
    ("OpenAI", 429, "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 48027.", "github.com/fork-dev/TrackerWin/issues/2595"),
    ("Groq", 413, "Request too large for model `llama` on tokens per minute (TPM): Limit 6000"),
    ("Anthropic", 413, "request_too_large: Request exceeds the maximum size"),
    ("Anthropic", 400, "prompt is too long: 209353 tokens > 199999 maximum", "github.com/entropy-research/Devon/issues/88"),
    ("Anthropic", 400, "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000"),
    ("xAI", 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens."),
    ("GitHub Models", 413, "Request body too large for gpt-4o model. Max size: 8000 tokens.", "github.com/cline/cline/issues/2115"),
    ("GitHub Models", 413, "{'code': 'tokens_limit_reached'}", "github.com/Aider-AI/aider/issues/2296"),
    ("vLLM", 400, "The decoder prompt (length 9000) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller than the number of text tokens."),
    ("vLLM", 400, "Input prompt (35247 tokens) is too long and exceeds limit of 1000", "github.com/vllm-project/vllm/issues/10440"),
    ("SGLang", 400, "The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
    ("LM Studio", 400, "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 23678>= n_ctx: 9472). Try to load the model with a larger context length, or provide a shorter input."),
    ("llama.cpp", 500, "the request exceeds the available context size. try increasing the context size or enable context shift", "github.com/ggml-org/llama.cpp/pull/15780"),
    ("llama.cpp", 400, "'type': 'exceed_context_size_error', 'n_prompt_tokens': 14429, 'n_ctx': 8192", "github.com/oobabooga/textgen/issues/7257"),
    ("llama-cpp-python", 500, "Requested tokens (516) exceed context window of 512", "github.com/rllm-team/rllm/issues/55"),
    ("Gemini", 400, "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).", "github.com/google-gemini/gemini-cli/issues/6678"),
    ("Kimi", 400, "Invalid request: Your request exceeded model token limit: 262144"),
    ("Moonshot", 400, "total message size 4195000 exceeds limit 4194304"),
    ("Copilot", 400, "prompt token count of 130412 exceeds the limit of 128000"),
    ("Copilot", 400, "{'code': 'model_max_prompt_tokens_exceeded'}"),
    ("Zhipu", 400, "Prompt exceeds max length"),
    ("TGI", 422, "Input validation error: `inputs` must have less than 4096 tokens. Given: 90000"),
    ("TGI", 422, "`inputs` tokens + `max_new_tokens` must be <= 32768. Given: 40000 `inputs` tokens", "github.com/barun-saha/slide-deck-ai/issues/44"),
    ("Cerebras", 400, "Current length is 9000 while limit is 8192"),
    ("Cohere", 400, "too many tokens: total number of tokens (prompt and prediction) cannot exceed 2048 - received 6354.", "github.com/cohere-ai/sandbox-topically/issues/4"),
    ("Bedrock", 400, "Input is too long for requested model.", "github.com/run-llama/llama_index/issues/14118"),
    ("Mistral", 400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"),
    ("Alibaba", 400, "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 258048]"),
    ("OpenRouter", 402, "Prompt tokens limit exceeded: 230799 > 91442. To increase, visit https://openrouter.ai/settings/keys and create a key with a higher monthly limit", "github.com/anomalyco/opencode/issues/12219"),
    ("Volcengine", 400, "Total tokens of image and text exceed max message tokens."),
)  # fmt: skip
REFUSED = _of(
    "refused",
    "",
    ("DeepSeek", 400, "Content Exists Risk", "github.com/deepseek-ai/awesome-deepseek-integration/issues/13"),
    ("Azure", 400, "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."),
    ("Azure", 400, "{'code': 'content_filter', 'innererror': {'code': 'ResponsibleAIPolicyViolation'}}"),
    ("OpenAI", 400, "{'code': 'content_policy_violation'}"),
    ("OpenAI", 400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
    ("Moonshot", 400, "The request was rejected because it was considered high risk"),
    ("Alibaba", 400, "{'type': 'data_inspection_failed'}", "github.com/666ghj/BettaFish/issues/449"),
    ("Alibaba", 400, "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.", "github.com/QwenLM/qwen-code/issues/2905"),
    ("Gemini", 400, "PROHIBITED_CONTENT"),
    ("Anthropic", 400, "Output blocked by content filtering policy"),
    ("OpenRouter", 403, 'openai/gpt-4o requires moderation. Your input was flagged for "sexual/minors" by moderation'),
    ("Zhipu", 400, "系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语"),
    ("Zhipu", 400, "System detected potentially unsafe or sensitive content in input or generation."),
    ("new-api", 400, "sensitive_words_detected"),
)  # fmt: skip
THOUGHTS = (
    *_of(
        "unfit",
        "reasoning",
        ("DeepSeek", 400, "Missing `reasoning_content` field in the assistant message at message index 1."),
        ("Moonshot", 400, "thinking is enabled but reasoning_content is missing in assistant tool call message"),
    ),
    *_of(
        "unfit",
        "thoughts",
        ("Groq", 400, "property 'reasoning_content' is unsupported"),
        ("Groq", 400, "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_details' is unsupported)]"),
        ("Anthropic", 400, "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`"),
        ("Anthropic", 400, "messages.1.content.0: Invalid `signature` in `thinking` block"),
        ("Anthropic", 400, "When thinking is disabled, an `assistant` message in the final position cannot contain `thinking`. To use thinking blocks, enable `thinking` in your request."),
        ("Gemini", 400, "Function call is missing a thought_signature in functionCall parts."),
    ),
)  # fmt: skip
TOOLS = _of(
    "unfit",
    "tools",
    ("OpenAI", 400, "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 150 instead."),
    ("OpenAI", 400, "Invalid schema for function 'far__pick': schema must have type 'object'"),
    ("OpenAI", 400, "Invalid 'tools[2].function.name': string does not match pattern."),
    ("OpenAI", 400, "Invalid value for tools: exceeds the maximum number of tools (128)"),
    ("Copilot", 400, "You may not include more than 128 tools in your request."),
    ("Groq", 400, "'tools' : maximum number of items is 128"),
    ("Groq", 400, "`tool calling` is not supported with this model"),
    ("Anthropic", 400, "tools.3.custom.input_schema: input_schema does not support oneOf"),
    ("Anthropic", 400, "tools: Tool names must be unique."),
    ("Gemini", 400, "GenerateContentRequest.tools[0].function_declarations[5].name: Invalid"),
    ("Gemini", 400, "Duplicate function declaration found: discovery_engine_search"),
    ("Kimi", 400, "function name read is duplicated"),
    ("Fireworks", 400, "tools[3]: function parameters are not valid JSON schema"),
    ("Ollama", 400, "registry.ollama.ai/library/gemma:2b does not support tools"),
    ("vLLM", 400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', "github.com/vllm-project/vllm/issues/9986"),
    ("OpenRouter", 404, "No endpoints found that support tool use."),
)  # fmt: skip
FILES = _of(
    "unfit",
    "files",
    ("OpenAI", 400, "Your input image may contain content that is not allowed by our safety system."),
    ("OpenAI", 400, "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp']."),
    ("OpenAI", 400, "{'code': 'invalid_image_format'}"),
    ("OpenAI", 400, "{'code': 'image_parse_error'}"),
    ("OpenAI", 400, "Invalid base64 image_url."),
    ("OpenAI", 400, "Invalid value: 'messages[0].content[1].file.file_data'. Expected a base64-encoded data URL with an application/pdf MIME type"),
    ("OpenAI", 400, "{'param': 'input', 'code': 'unsupported_file'}"),
    ("OpenRouter", 404, "No endpoints found that support image input"),
    ("llama.cpp", 500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    ("llama.cpp", 400, "Failed to load image or audio file"),
    ("DeepSeek", 400, "messages[1]: unknown variant `image_url`, expected `text`"),
    ("Bedrock", 400, "This model doesn't support the image field. Remove image and try again."),
    ("Ollama", 400, "this model is missing data required for image input"),
    ("Zhipu", 400, "messages.content.type is invalid, allowed values: ['text']"),
    ("vLLM", 400, "GLM-5.2 is not a multimodal model"),
    ("vLLM", 400, "At most 1 image(s) may be provided in one request."),
    ("vLLM", 400, "cannot identify image file <_io.BytesIO object at 0x7f>"),
    ("vLLM", 400, "image file is truncated (5 bytes not processed)"),
    ("Groq", 400, "Too many images provided. This model supports up to 5 images"),
    ("Groq", 400, "invalid image data"),
    ("Gemini", 400, "Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"),
    ("Gemini", 400, "Invalid value at 'contents[0].parts[1].inline_data.data' (TYPE_BYTES), Base64 decoding failed for \"x\""),
    ("Gemini", 400, "The document has no pages."),
    ("Anthropic", 400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum"),
    ("Anthropic", 400, "messages.0.content.1.image.source.base64.data: Could not process image"),
    ("Anthropic", 400, "messages.0.content.0.document.source.base64.data: The PDF specified was not valid."),
    ("Anthropic", 400, "messages.0.content.0.pdf: Could not process PDF"),
)  # fmt: skip

SAID = (*NO_MONEY, *TOO_LONG, *REFUSED, *THOUGHTS, *TOOLS, *FILES)
