import pytest

from tests.docs import shell

SCRIPT = r"""
# A comment; with a | pipe.
export TOKEN=$(belfry token --role admin) # and another
ID="$(cat 'a file' | sed -n 's/^id\t//p')" belfry read "$ID" 2>/dev/null >> log &&
  make up
for each in a b; do echo "$each"; done
cat > welcome.toml <<'END' && ls
rm -rf nothing of this (runs
END
until grep -q x bell.log; do sleep 2; done &
curl -d '{"a": 1}' \
  http://127.0.0.1
greet() { echo hello; }
"""


def test_every_command_is_found() -> None:
    assert [*shell.commands(SCRIPT)] == [
        ["belfry", "token", "--role", "admin"],
        ["export", "TOKEN=$ANSWER"],
        ["cat", "a file"],
        ["sed", "-n", r"s/^id\t//p"],
        ["belfry", "read", "$ID"],
        ["make", "up"],
        ["echo", "$each"],
        ["cat"],
        ["ls"],
        ["grep", "-q", "x", "bell.log"],
        ["sleep", "2"],
        ["curl", "-d", '{"a": 1}', "http://127.0.0.1"],
        ["greet"],
        ["echo", "hello"],
    ]


def test_functions_are_told_apart() -> None:
    assert shell.functions(SCRIPT) == {"greet"}


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown here"):
        [*shell.commands("echo 'a quote without an end")]
