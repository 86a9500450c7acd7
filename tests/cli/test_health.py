"""`belfry health`: an exit code for probes that run commands."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

import belfry
from core.errors import Invalid, Unavailable
from local.ports import free_port

ANSWERS = {"/health/live": (200, b'{"status":"live"}'), "/health/ready": (503, b'{"mongo":false}')}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A process that lives and is not ready."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_lives_is_told_and_exits_zero(port: int) -> None:
    done = CliRunner().invoke(belfry.app, ["health", "--port", str(port)])
    assert (done.exit_code, done.output) == (0, '{"status":"live"}\n')


def test_the_port_of_a_worker_comes_from_its_setting(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTH_PORT", str(port))
    monkeypatch.setenv("HEALTH_HOST", "0.0.0.0")  # noqa: S104 - nothing is bound
    assert CliRunner().invoke(belfry.app, ["health", "--worker"]).exit_code == 0
    monkeypatch.setenv("HEALTH_PORT", "0")
    assert isinstance(CliRunner().invoke(belfry.app, ["health", "--worker"]).exception, Invalid)


def test_what_is_not_ready_fails_with_its_own_words(port: int) -> None:
    done = CliRunner().invoke(belfry.app, ["health", "--ready", "--port", str(port)])
    assert done.exit_code != 0
    assert '{"mongo":false}' in str(done.exception)


def test_what_does_not_answer_fails() -> None:
    done = CliRunner().invoke(belfry.app, ["health", "--port", str(free_port())])
    assert isinstance(done.exception, Unavailable)
