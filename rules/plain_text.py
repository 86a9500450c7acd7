"""A readable text made of HTML, for mail programs that show none and for channels without it."""

import re
from html.parser import HTMLParser

from core.errors import Invalid

_UNSEEN = frozenset({"head", "script", "style", "template", "title"})
_BLOCKS = frozenset(
    str.split(
        "address article aside blockquote div dl dd dt fieldset figure footer form header hr li main "
        "nav ol pre section table tr ul"
    )
)
_PARAGRAPHS = frozenset(str.split("h1 h2 h3 h4 h5 h6 p"))
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SHOWN_AS_IT_IS = ("mailto:", "tel:")


def plain_text(html: str) -> str:
    """What a person would read: links with their addresses behind them, lists with dashes.

    Raises Invalid for what Python's parser gives up on.
    """
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except Exception as error:  # noqa: BLE001 # It asserts what broken markup doesn't keep.
        raise Invalid(f"no text can be made of this HTML: {error}"[:200]) from None
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []
        """Addresses of the links that are open, each with the parts that stood before it."""

    def text(self) -> str:
        lines = (_SPACE.sub(" ", line).strip() for line in "".join(self._parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "img":
            self._say(dict(attrs).get("alt") or "")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._parts)))
        elif tag in ("td", "th"):
            self._say(" ")
        else:
            self._break(tag)
            self._say("- " if tag == "li" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            shown = "".join(self._parts[start:]).strip()
            if address.startswith(_SHOWN_AS_IT_IS):
                address = address.partition(":")[2]
            if address and not address.startswith("#") and address != shown:
                self._say(f" ({address})" if shown else address)
        else:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        self._say(_SPACE.sub(" ", data))

    def _say(self, text: str) -> None:
        idle = text == " " and "".join(self._parts[-1:]).endswith((" ", "\n"))
        if text and not idle and not self._unseen:
            self._parts.append(text)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._parts.append("\n\n")
        elif tag in _BLOCKS and not "".join(self._parts[-1:]).endswith("\n"):
            self._parts.append("\n")
