"""Documents that nobody asks for again take no memory."""

import gc
import weakref

from core.settings import load
from graph.prepared import prepare
from graph.schema import schema


def test_a_document_that_is_dropped_is_freed_at_once() -> None:
    query = "query ($n: Int = 2) { clients(first: $n) { nodes { id ...F } } } fragment F on Client { phone }"
    made = prepare(schema._schema, query, load(_env_file=None), suggest=True)
    left = weakref.ref(made.document)
    gc.collect()  # what validation has left behind, which is young and soon found
    gc.disable()
    try:
        del made
        assert left() is None
    finally:
        gc.enable()
