import pytest

from core.errors import BelfryError, Checklist, FieldError, Invalid, InvalidInput, Problem


def shout(raw: str) -> str:
    if not raw:
        raise Invalid("say something", Problem.BLANK)
    return raw.upper()


def test_a_checklist_hands_on_what_the_rule_makes() -> None:
    checks = Checklist()
    assert checks.take("word", shout, "ding") == "DING"
    assert checks.errors == ()
    checks.close()


def test_a_checklist_tells_every_mistake_in_order() -> None:
    checks = Checklist()
    assert checks.take("word", shout, "") is None
    checks.add("other", "is odd")
    with pytest.raises(InvalidInput) as caught:
        checks.close()
    assert caught.value.errors == (
        FieldError("word", "say something", Problem.BLANK),
        FieldError("other", "is odd", Problem.INVALID),
    )
    assert str(caught.value) == "word: say something; other: is odd"


def test_a_checklist_hides_no_error_that_a_rule_does_not_know() -> None:
    def broken(raw: str) -> str:
        raise ZeroDivisionError(raw)

    with pytest.raises(ZeroDivisionError):
        Checklist().take("word", broken, "ding")


def test_an_error_without_a_message_says_what_its_class_says() -> None:
    assert str(BelfryError()) == "Something went wrong."
    assert str(BelfryError("the bell is cracked")) == "the bell is cracked"


def test_every_error_has_a_code_of_its_own_or_of_a_kind() -> None:
    # Those of `core/errors.py`: other rooms have errors of their own, if they were imported.
    ours = [each for each in BelfryError.__subclasses__() if each.__module__ == "core.errors"]
    codes = {error.__name__: error.code for error in ours}
    assert codes == {
        "Invalid": "BAD_USER_INPUT",
        "InvalidInput": "BAD_USER_INPUT",
        "Unauthenticated": "UNAUTHENTICATED",
        "Forbidden": "FORBIDDEN",
        "Unavailable": "UNAVAILABLE",
        "TooComplex": "TOO_COMPLEX",
        "UnknownDocument": "PERSISTED_QUERY_NOT_FOUND",
        "NoDocuments": "PERSISTED_QUERY_NOT_SUPPORTED",
        "NotTrusted": "DOCUMENT_NOT_TRUSTED",
        "RateLimited": "RATE_LIMITED",
        "TimedOut": "TIMEOUT",
        "TooManyOperations": "TOO_MANY_OPERATIONS",
        "ConfigurationError": "CONFIGURATION",
    }
