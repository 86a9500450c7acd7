from pathlib import Path

import pytest
from pydantic import ValidationError

from core import settings
from core.errors import ConfigurationError

SECRETS = {
    "jwt_secret": "a-secret-that-is-long-enough-to-sign-with",
    "smtp_password": "hunter2-smtp",
    "sending_api_token": "hunter2-token",
    "db_uri": "mongodb://belfry:hunter2-mongo@db.example.com/belfry",
    "redis_url": "redis://:hunter2-redis@cache.example.com/0",
}


def test_the_environment_and_its_names_are_those_of_the_requirements(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {
        "PORT": "8123",
        "EMAIL": "new@example.com",
        "DB_URI": "mongodb://db/bell",
        "SMTP_HOST": "mail.example.com",
        "SMTP_PORT": "2525",
        "SMTP_LOGIN": "ringer",
        "SMTP_PASSWORD": "rope",
        "SMTP_EMAIL": "bell@example.com",
        "SMTP_NAME": "Bell",
        "NOTIFICATION_LIMIT": "7",
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    read = settings.load(_env_file=None)
    assert (read.port, read.smtp_port, read.notification_limit) == (8123, 2525, 7)
    assert (read.email, read.db_uri) == ("new@example.com", "mongodb://db/bell")
    assert (read.smtp_host, read.smtp_login) == ("mail.example.com", "ringer")
    assert (read.smtp_email, read.smtp_name) == ("bell@example.com", "Bell")
    assert read.smtp_password.get_secret_value() == "rope"


def test_a_dotenv_file_in_the_working_directory_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=8124\nSMTP_NAME=Колокол\nUNKNOWN_TO_US=1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("SMTP_NAME", raising=False)
    read = settings.load()
    assert (read.port, read.smtp_name) == (8124, "Колокол")


def test_the_environment_wins_over_the_dotenv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=8124\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "8125")
    assert settings.load().port == 8125


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "0"),
        ("port", "hunter2"),
        ("smtp_port", "65536"),
        ("smtp_tls", "hunter2"),
        ("notification_limit", "0"),
        ("notification_limit", "501"),
        ("lease_seconds", "1"),
        ("lease_seconds", "nan"),
        ("sending_api_timeout_seconds", "51"),
        ("log_format", "hunter2"),
    ],
)
def test_a_bad_value_is_named_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(_env_file=None, **{name: value})
    assert str(caught.value).startswith(f"bad settings: {name.upper()}: ")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"PORT: .*; SMTP_PORT: "):
        settings.load(_env_file=None, port="x", smtp_port="y")


def test_settings_are_frozen() -> None:
    read = settings.load(_env_file=None)
    with pytest.raises(ValidationError):
        read.port = 1  # type: ignore[misc] # what is refused


def test_secrets_are_not_in_what_settings_look_like() -> None:
    read = settings.load(_env_file=None, **SECRETS)
    for looks in (repr(read), str(read)):
        assert "hunter2" not in looks
        assert "a-secret" not in looks


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in settings.Settings.model_fields.values())
