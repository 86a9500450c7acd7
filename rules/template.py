"""Templates of what is sent: declared variables, wordings by locale, and what fills them (T1, T3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice
from typing import Protocol

from core.errors import Invalid, Problem
from rules import locale as locales
from rules import position, render, variable
from rules.plain_text import plain_text
from rules.variable import Variable, hint

UNSUBSCRIBE_NAME = "unsubscribeUrl"
"""The one variable that every template has: the address at which its recipient opts out."""
UNSUBSCRIBE = "belfry-unsubscribe-6c3c0e8f5d0a9a53f5a1b2e4"
"""What it is filled with, for `linked` to replace by the recipient's own address."""

MOST_LOCALES, MOST_VARIABLES = 50, 100
LONGEST_SUBJECT = 200
"""Characters of a subject once it is filled; its template may have five times as many."""
MOST_FLAWS = 50
"""Of a template, told at once: to find what was meant by a name takes milliseconds."""
LARGEST = 500_000
"""Characters of all wordings together."""
TEXT, HTML, SUBJECT, CONTEXT = "text", "html", "subject", "context"


@dataclass(frozen=True, slots=True)
class Variant:
    """What a template says in one locale: at least one of text and HTML, in Jinja2."""

    subject: str
    text: str = ""
    html: str = ""


class Contents(Protocol):
    """A template as far as filling it goes."""

    @property
    def default_locale(self) -> str: ...  # noqa: D102

    @property
    def variants(self) -> Mapping[str, Variant]: ...  # noqa: D102

    @property
    def variables(self) -> Sequence[Variable]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Words:
    """What is sent, in the locale that was found; `html` may be empty."""

    locale: str
    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake in a template or in a context; line and column count from 1, None where unknown."""

    part: str
    """subject, text, html, context, or the path of a field of the template."""
    message: str
    line: int | None = None
    column: int | None = None
    variable: str | None = None
    locale: str | None = None
    code: Problem = Problem.INVALID

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else ""
        where += f", column {self.column}" if self.line and self.column else ""
        return f"{where}: {self.message}" if where else self.message


class Flawed(Invalid):
    """A template can't be filled; it has all that is wrong."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("; ".join(f"{flaw.part}: {flaw}" for flaw in flaws), flaws[0].code)
        self.flaws = tuple(flaws)


def fill(contents: Contents, locale: str | None, context: object) -> Words:
    """The template's words for a recipient; raises Flawed with every mistake, and nothing else.

    Without the locale there stands in the same language, then the template's default.
    """
    found = locales.nearest(locale, contents.variants, contents.default_locale)
    values, flaws = variable.fitting(contents.variables, context, reserved=UNSUBSCRIBE_NAME)
    if flaws:
        raise Flawed([Flaw(CONTEXT, said, variable=name) for name, said in flaws])
    filled, mistakes = _fill(contents.variants[found], values | {UNSUBSCRIBE_NAME: UNSUBSCRIBE})
    if mistakes:
        raise Flawed([_flaw(part, mistake, found) for part, mistake in mistakes])
    return Words(found, filled[SUBJECT], filled[TEXT], filled[HTML])


def linked(said: str, url: str, *, html: bool = False) -> str:
    """What was filled, with the recipient's address to opt out at; an empty `url` leaves none."""
    return said.replace(UNSUBSCRIBE, escape(url) if html else url) if UNSUBSCRIBE in said else said


def check(contents: Contents) -> list[Flaw]:
    """What is wrong with a template that is to be kept: everything, or the first 50."""
    return list(islice(_flaws(contents), MOST_FLAWS))


def _flaws(contents: Contents) -> Iterator[Flaw]:
    yield from _sizes(contents)
    for at, name, field, said in variable.mistakes(contents.variables, UNSUBSCRIBE_NAME):
        yield Flaw(f"variables.{at}.{field}", said, variable=name)
    declared = {each.name for each in contents.variables}
    for locale, variant in contents.variants.items():
        yield from _check_variant(locale, variant, declared)


def _sizes(contents: Contents) -> Iterator[Flaw]:
    if contents.default_locale not in contents.variants:
        message = f"there is no variant for it; give one with the locale {contents.default_locale}"
        yield Flaw("defaultLocale", message)
    for part, many, most in (
        ("variants", contents.variants, MOST_LOCALES),
        ("variables", contents.variables, MOST_VARIABLES),
    ):
        if len(many) > most:
            yield Flaw(part, f"give at most {most}, not {len(many)}", code=Problem.TOO_MANY)
    size = sum(len(each.subject + each.text + each.html) for each in contents.variants.values())
    if size > LARGEST:
        message = f"have {size:,} characters together; at most {LARGEST:,} are kept"
        yield Flaw("variants", message, code=Problem.TOO_LONG)


def _check_variant(locale: str, variant: Variant, declared: set[str]) -> Iterator[Flaw]:
    if not variant.subject.strip():
        yield Flaw(SUBJECT, "must not be empty", locale=locale, code=Problem.BLANK)
    if len(variant.subject) > 5 * LONGEST_SUBJECT:
        message = f"shorten it to {5 * LONGEST_SUBJECT:,} characters"
        yield Flaw(SUBJECT, message, locale=locale, code=Problem.TOO_LONG)
    if not (variant.text.strip() or variant.html.strip()):
        message = "give a text, or HTML of which a text is made"
        yield Flaw(TEXT, message, locale=locale, code=Problem.BLANK)
    for part, source in ((SUBJECT, variant.subject), (TEXT, variant.text), (HTML, variant.html)):
        try:
            used = render.variables(source, html=part == HTML)
        except Invalid as error:
            yield _flaw(part, error, locale)
            continue
        allowed = declared if part == SUBJECT else declared | {UNSUBSCRIBE_NAME}
        places: dict[str, position.Position] | None = None
        for name in sorted(used):
            if message := _objection(source, name, allowed):
                places = position.of_names(source, used) if places is None else places
                line, column = places.get(name) or (None, None)
                yield Flaw(part, message, line, column, name, locale)


def _objection(source: str, name: str, allowed: set[str]) -> str:
    if name not in allowed:
        if name == UNSUBSCRIBE_NAME:
            return f"`{name}` is for text and HTML only"
        return f"`{name}` is not declared; {hint(name, allowed) or 'add it to the variables'}"
    if name == UNSUBSCRIBE_NAME and not render.is_shown_as_it_is(source, name):
        return f"write it as {{{{ {name} }}}}, with no filter and as part of nothing else"
    return ""


def _fill(
    variant: Variant, values: Mapping[str, object]
) -> tuple[dict[str, str], list[tuple[str, Invalid]]]:
    filled = {SUBJECT: "", TEXT: "", HTML: ""}
    mistakes: list[tuple[str, Invalid]] = []
    for part, rule in ((SUBJECT, _subject), (HTML, _html), (TEXT, _text)):
        try:
            filled[part] = rule(variant, values, filled)
        except Invalid as error:
            mistakes.append((part, error))
    return filled, mistakes


def _subject(variant: Variant, values: Mapping[str, object], _: dict[str, str]) -> str:
    # One line: what a value breaks would break the header.
    said = render.render(variant.subject, values).replace("\0", " ")
    subject = " ".join(said.split())
    if not subject:
        raise Invalid("is empty once it is filled", Problem.BLANK)
    if len(subject) > LONGEST_SUBJECT:
        message = f"is {len(subject)} characters long once filled; shorten it to {LONGEST_SUBJECT}"
        raise Invalid(message, Problem.TOO_LONG)
    return subject


def _html(variant: Variant, values: Mapping[str, object], _: dict[str, str]) -> str:
    return render.render(variant.html, values, html=True) if variant.html.strip() else ""


def _text(variant: Variant, values: Mapping[str, object], filled: dict[str, str]) -> str:
    if variant.text.strip():
        text = render.render(variant.text, values)
    else:
        text = plain_text(filled[HTML]) or filled[SUBJECT]
    if not text.strip():
        raise Invalid("is empty once it is filled", Problem.BLANK)
    return text


def _flaw(part: str, error: Invalid, locale: str) -> Flaw:
    if isinstance(error, render.Fault):
        name = variable.undefined(error.what)
        return Flaw(part, error.what, error.line, error.column, name, locale, error.problem)
    return Flaw(part, str(error), locale=locale, code=error.problem)
