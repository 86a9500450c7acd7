"""A readable text made of HTML, for mail programs that show none and for channels without it.

The standard library's parser takes minutes for some 100 kB of broken markup; this reads each
character once.
"""

import re
from html import unescape

_UNSEEN = frozenset({"script", "style", "title"})
"""Their content is no markup, and nobody reads it."""
_BLOCKS = frozenset(
    str.split(
        "address article aside blockquote div dl dd dt fieldset figure footer form header hr li main "
        "nav ol pre section table tr ul"
    )
)
_PARAGRAPHS = frozenset(str.split("h1 h2 h3 h4 h5 h6 p"))
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_NO_TAG = re.compile(r"<(?![a-zA-Z/!?])")
_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'/])([^\s=\"'/]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"']++))"
)
_LONG_NUMBER = re.compile(r"&#(?=[0-9]{8})")
"""Of no character; Python refuses to read a number of thousands of digits."""
_SHOWN_AS_IT_IS = ("mailto:", "tel:")


def plain_text(html: str) -> str:
    """What a person would read: links with their addresses behind them, lists with dashes."""
    reader = _Reader()
    at = 0
    while at < len(html):
        at = _step(html, at, reader)
    return reader.text()


def _step(html: str, at: int, reader: "_Reader") -> int:
    """Read a text or a tag; where to go on. What is never closed reaches to the end."""
    if html[at] != "<" or _NO_TAG.match(html, at):
        end = html.find("<", at + 1)
        end = len(html) if end < 0 else end
        reader.read(_unescaped(html[at:end]))
        return end
    if html.startswith("<!--", at):
        return _behind(html, "-->", at + 4)
    found = _TAG.match(html, at)
    if found is None:  # a declaration, or no tag that anybody closes
        return _behind(html, ">", at) if html[at + 1 : at + 2] in ("!", "?", "/") else len(html)
    closes, name, attributes = bool(found[1]), found[2].lower(), found[3]
    if not closes and name in _UNSEEN:
        closing = re.compile(f"</{name}", re.IGNORECASE).search(html, found.end())
        return closing.start() if closing else len(html)
    reader.close(name) if closes else reader.open(name, attributes)
    return found.end()


def _behind(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


class _Reader:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._link: tuple[str, int] | None = None
        """The address of the link that is open, and the number of parts before it."""

    def text(self) -> str:
        lines = (_SPACE.sub(" ", line).strip() for line in "".join(self._parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def read(self, text: str) -> None:
        self._say(_SPACE.sub(" ", text))

    def open(self, name: str, attributes: str) -> None:
        if name == "br":
            self._parts.append("\n")
        elif name == "img":
            self._say(_attribute(attributes, "alt"))
        elif name == "a":
            self.close("a")  # a link in a link ends the first one
            self._link = (_attribute(attributes, "href"), len(self._parts))
        elif name in ("td", "th"):
            self._say(" ")
        else:
            self._break(name)
            self._say("- " if name == "li" else "")

    def close(self, name: str) -> None:
        if name != "a":
            self._break(name)
        elif self._link is not None:
            address, start = self._link
            self._link = None
            shown = "".join(self._parts[start:]).strip()
            if address.startswith(_SHOWN_AS_IT_IS):
                address = address.partition(":")[2]
            if address and not address.startswith("#") and address != shown:
                self._say(f" ({address})" if shown else address)

    def _say(self, text: str) -> None:
        idle = text == " " and "".join(self._parts[-1:]).endswith((" ", "\n"))
        if text and not idle:
            self._parts.append(text)

    def _break(self, name: str) -> None:
        if name in _PARAGRAPHS:
            self._parts.append("\n\n")
        elif name in _BLOCKS and not "".join(self._parts[-1:]).endswith("\n"):
            self._parts.append("\n")


def _attribute(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes):
        if found[1].lower() == name:
            return _SPACE.sub(" ", _unescaped(found[2] or found[3] or found[4] or "")).strip()
    return ""


def _unescaped(text: str) -> str:
    return unescape(_LONG_NUMBER.sub("&amp;#", text))
