"""Characters that a model writes in halves: JSON may hold half of one, no store may. Pure."""


def joined(text: str, more: str) -> str:
    """Return a text with what comes next; where two halves of a character met, they are one."""
    if text and more and "\ud800" <= text[-1] <= "\udbff" and "\udc00" <= more[0] <= "\udfff":
        met = (text[-1] + more[0]).encode("utf-16", "surrogatepass").decode("utf-16")
        return text[:-1] + met + more[1:]
    return text + more


def whole(text: str) -> str:
    """Return a text with every half character replaced: no store and no provider takes one."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def but_half(text: str) -> str:
    """Return a text without the half of a character that it may end with."""
    return text[:-1] if text and "\ud800" <= text[-1] <= "\udbff" else text
