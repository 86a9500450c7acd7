"""Every fenced block of code in the documentation, found as Markdown has them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block, and where it stands."""

    page: str
    """From the root of the repository."""
    line: int
    """Of its fence, from 1."""
    info: str
    """What follows the fence."""
    text: str

    @property
    def language(self) -> str:
        """The first word after the fence; empty if there is none."""
        return self.info.split(" ", maxsplit=1)[0]

    def __str__(self) -> str:
        """The place, as editors take it."""
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in order; ValueError for one that never ends."""
    name, lines = (
        page.relative_to(ROOT).as_posix(),
        iter(enumerate(page.read_text().split("\n"), 1)),
    )
    for number, line in lines:
        if not (opening := _FENCE.match(line)):
            continue
        inside: list[str] = []
        for _, following in lines:
            if following.strip() == opening["fence"]:
                break
            inside.append(following)
        else:
            raise ValueError(f"{name}:{number}: this block never ends")
        yield Block(name, number, opening["info"].strip(), dedent("\n".join([*inside, ""])))


EVERY = [block for page in PAGES for block in blocks(page)]


def of(*languages: str) -> list[Block]:
    """All blocks in some languages."""
    return [block for block in EVERY if block.language in languages]


def pairs() -> Iterator[tuple[Block, Block]]:
    """Each block with the one that follows on its page."""
    return ((one, next_) for one, next_ in pairwise(EVERY) if one.page == next_.page)


def answers(language: str, info: str) -> dict[Block, str]:
    """What blocks in a language are answered, where that is the next block and its fence says so."""
    return {
        asked: said.text
        for asked, said in pairs()
        if (asked.language, said.info) == (language, info)
    }


def like(told: object, said: object) -> bool:
    """Whether something said is what was told; `...` in a text that was told stands for anything."""
    match told, said:
        case dict(), dict():
            return told.keys() == said.keys() and all(like(told[key], said[key]) for key in told)
        case list(), list():
            return len(told) == len(said) and all(map(like, told, said))
        case str(), str():
            pattern = ".*".join(map(re.escape, told.split("...")))
            return re.fullmatch(pattern, said, re.DOTALL) is not None
        case _:
            return told == said
