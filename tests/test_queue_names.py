"""Jobs are enqueued by name, so that services need not import them; the names must meet."""

import ast
import inspect
from collections.abc import Iterator

import pytest

from jobs.worker import FUNCTIONS
from tests.calls import calls

JOBS = {job.__name__: job for job in FUNCTIONS}


def wakes() -> Iterator[ast.Call]:
    """Every call of a queue's `wake` in the code."""
    for _, call in calls("wake"):
        match call.func:
            case ast.Attribute(value=queue) if ast.unparse(queue).endswith("queue"):
                yield call
            case _:
                pass


WAKES = list(wakes())


def name_of(call: ast.Call) -> str:
    match call.args:
        case [ast.Constant(value=str(name)), *_]:
            return name
        case _:
            raise AssertionError(f"{ast.unparse(call)}: name the job by a literal")


def test_every_name_that_is_enqueued_is_a_job_and_every_job_is_enqueued() -> None:
    assert {name_of(call) for call in WAKES} == JOBS.keys()
    assert len(JOBS) == len(FUNCTIONS)


@pytest.mark.parametrize("call", WAKES, ids=ast.unparse)
def test_a_job_takes_what_it_is_enqueued_with(call: ast.Call) -> None:
    job = JOBS[name_of(call)]
    given = call.args[1:]
    assert not any(isinstance(argument, ast.Starred) for argument in given)
    inspect.signature(job).bind("ctx", *given)


@pytest.mark.parametrize("job", FUNCTIONS, ids=lambda job: str(job.__name__))
def test_a_job_is_a_coroutine(job: object) -> None:
    assert inspect.iscoroutinefunction(job)
