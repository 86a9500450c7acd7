"""What is kept of a provider's answer: short, valid Unicode, and without our own secrets."""

from channels.channel import ANSWER_LIMIT


def kept(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The answer with every secret blotted out, cut to ANSWER_LIMIT characters.

    A provider may echo a credential. It is blotted out before the cut, which could halve it.
    """
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return text[:ANSWER_LIMIT].encode("utf-8", "replace").decode("utf-8")
