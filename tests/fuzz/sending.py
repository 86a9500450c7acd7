"""Sends one operation by one of the ways there are, and brings what came of it."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.fuzz.bending import Bent

PROTOCOL = Subprotocol("graphql-transport-ws")
PATIENCE = 40.0
FIRST_WORD_SECONDS = 0.3
"""How long a subscription may stay silent before it is completed: many have nothing to say."""
WAYS = ("post", "get", "socket", "stream")
_QUIET = logging.getLogger("tests.fuzz.sockets")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False  # the library complains of how we treat its sockets
MODERN = "application/graphql-response+json"


@dataclass(frozen=True)
class Asked:
    """An operation, as whom and how."""

    field: str
    role: str
    way: str
    bent: Bent
    accept: str = MODERN

    @property
    def payload(self) -> dict[str, Any]:
        """What a client sends."""
        said: dict[str, Any] = {"query": self.bent.query}
        return said if self.bent.variables is None else {**said, "variables": self.bent.variables}


@dataclass
class Answer:
    """What came back: a status of HTTP (None on a socket), and results, one or many."""

    status: int | None
    media_type: str = ""
    results: list[Any] = field(default_factory=list)
    closed: int | None = None
    """The code by which a socket was closed on us."""


class Sender:
    """The ways to one API. Each thread has a connection of its own, which it keeps."""

    def __init__(self, port: int, headers: dict[str, dict[str, str]]) -> None:
        self._port = port
        self._headers = headers
        self._mine = threading.local()
        self._all: list[HTTPConnection] = []

    def send(self, asked: Asked) -> Answer:
        """Ask; raises OSError, HTTPException or TimeoutError where no answer comes."""
        match asked.way:
            case "socket":
                return self._by_socket(asked)
            case "stream":
                return self._by_stream(asked)
            case "get":
                return self._by_get(asked)
            case _:
                return self._by_post(asked)

    def close(self) -> None:
        """End all connections; what is sent after opens new ones."""
        for line in self._all:
            line.close()

    def line(self, role: str) -> ClientConnection:
        """A socket that has not yet said hello."""
        return connect(
            f"ws://127.0.0.1:{self._port}/graphql",
            subprotocols=[PROTOCOL],
            max_size=None,
            compression=None,
            additional_headers=self._headers[role],
            logger=_QUIET,
        )

    def _by_post(self, asked: Asked) -> Answer:
        return self._exchange("POST", "/graphql", self._said(asked), json.dumps(asked.payload))

    def _by_get(self, asked: Asked) -> Answer:
        said = {"query": asked.bent.query}
        if asked.bent.variables is not None:
            said["variables"] = json.dumps(asked.bent.variables)
        query = urlencode(said, errors="replace")
        return self._exchange("GET", f"/graphql?{query}", self._said(asked))

    def _said(self, asked: Asked) -> dict[str, str]:
        plain = {"Content-Type": "application/json", "Accept": asked.accept}
        return {**plain, **self._headers[asked.role]}

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> Answer:
        kept: HTTPConnection | None = getattr(self._mine, "line", None)
        if kept is None:
            kept = self._mine.line = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            self._all.append(kept)
        try:
            kept.request(method, path, body, headers)
            return read(kept.getresponse())
        except (OSError, HTTPException):
            kept.close()  # it connects again by itself
            raise

    def _by_stream(self, asked: Asked) -> Answer:
        line = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        headers = {**self._said(asked), "Accept": "text/event-stream"}
        try:
            line.request("POST", "/graphql", json.dumps(asked.payload), headers)
            response = line.getresponse()
            if response.getheader("Content-Type", "").startswith("text/event-stream"):
                return Answer(response.status, "text/event-stream", list(_events(line, response)))
            return read(response)
        finally:
            line.close()

    def _by_socket(self, asked: Asked) -> Answer:
        answer = Answer(None)
        try:
            with self.line(asked.role) as line:
                line.send('{"type": "connection_init"}')
                line.recv(PATIENCE)
                line.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked.payload}))
                live = asked.field.startswith("Subscription.")
                answer.results += _heard(line, FIRST_WORD_SECONDS if live else PATIENCE)
        except ConnectionClosed as closed:
            answer.closed = closed.rcvd.code if closed.rcvd else 0
        return answer


@contextmanager
def sending(port: int, headers: dict[str, dict[str, str]]) -> Iterator[Sender]:
    """A sender, whose connections end with the block."""
    sender = Sender(port, headers)
    try:
        yield sender
    finally:
        sender.close()


def read(response: HTTPResponse) -> Answer:
    """The answer that a response is."""
    media_type = (response.getheader("Content-Type") or "").split(";")[0]
    raw = response.read()
    try:
        results = [json.loads(raw)] if raw else []
    except ValueError:
        results = [raw.decode(errors="replace")]
    return Answer(response.status, media_type, results)


def _heard(line: ClientConnection, seconds: float) -> Iterator[Any]:
    """The results of operation 1 until it ends, or says nothing for a time and is completed."""
    with suppress(TimeoutError):
        for _ in range(20):
            said = json.loads(line.recv(seconds))
            if said["type"] == "complete":
                return
            payload = said["payload"]
            yield {"errors": payload} if said["type"] == "error" else payload
            if said["type"] == "error":
                return
    line.send('{"type": "complete", "id": "1"}')
    line.send('{"type": "ping"}')
    while json.loads(line.recv(PATIENCE))["type"] != "pong":
        pass


def _events(line: HTTPConnection, response: HTTPResponse) -> Iterator[Any]:
    """The results of a stream, until it ends or says nothing for a time."""
    assert line.sock is not None or response.fp is not None
    with suppress(TimeoutError):
        if line.sock is not None:
            line.sock.settimeout(FIRST_WORD_SECONDS)
        for _ in range(60):
            said = response.readline()
            if not said or said.startswith(b"event: complete"):
                return
            if said.startswith(b"data: {"):
                yield json.loads(said[len(b"data: ") :])
