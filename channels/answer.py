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


def of_error(error: Exception, secrets: tuple[str, ...]) -> str:
    """What is kept of an error that nobody foresaw: its text may quote what it stumbled over."""
    # A text may quote it as Python does: in double quotes, or in single ones that are escaped.
    quoted = (
        repr(start + secret)[1 + len(start) : -1] for secret in secrets for start in ("", '"')
    )
    forms = {*secrets, *quoted}
    return kept(f"{type(error).__name__}: {error}", tuple(sorted(forms, key=len, reverse=True)))
