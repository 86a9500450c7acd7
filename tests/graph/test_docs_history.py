"""The page on the history keeps its word: its questions are answered."""

import re

import pytest

from tests.examples import DOCS
from tests.graph.conftest import Edge

QUESTIONS = re.findall(r"```graphql\n(.*?)```", (DOCS / "history.md").read_text(), re.DOTALL)


def test_there_are_questions() -> None:
    assert len(QUESTIONS) == 3


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_question_is_answered(edge: Edge, question: str) -> None:
    assert isinstance((await edge.data(question))["history"]["lines"], list)
