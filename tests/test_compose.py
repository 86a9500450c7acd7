import re
from typing import Any

import pytest
from pydantic import SecretStr
from typer.core import TyperGroup
from typer.main import get_command

import belfry
from core.settings import Settings, load
from tests import compose, schemas

SECRET = {"JWT_SECRET": "0" * 64}
SERVICES: dict[str, dict[str, Any]] = compose.load(SECRET)["services"]

each_service = pytest.mark.parametrize("name", list(SERVICES))
each_of_ours = pytest.mark.parametrize(
    "service", list(compose.our_services(SECRET)), ids=lambda service: service.name
)


def test_the_file_is_valid_compose() -> None:
    schemas.validate("compose-spec", compose.load(SECRET))


def test_the_secret_is_required_and_the_error_says_how_to_make_one() -> None:
    with pytest.raises(compose.Missing, match="JWT_SECRET: run `make env`"):
        compose.load({})


def test_the_api_a_worker_and_the_emulator_are_ours() -> None:
    assert {service.name for service in compose.our_services(SECRET)} == {
        "api",
        "worker",
        "outside",
    }


@each_of_ours
def test_a_command_is_one_that_belfry_understands(service: compose.Service) -> None:
    group = get_command(belfry.app)
    assert isinstance(group, TyperGroup)
    _, *arguments = service.argv
    context = group.make_context("belfry", list(arguments))
    name, command, rest = group.resolve_command(context, arguments)
    assert command is not None
    command.make_context(name, rest, parent=context)


@each_of_ours
def test_every_variable_that_a_service_gets_is_a_setting(service: compose.Service) -> None:
    assert {name.lower() for name in service.environment} <= Settings.model_fields.keys()


@each_of_ours
def test_the_environment_of_a_service_makes_valid_settings(service: compose.Service) -> None:
    given = {name.lower(): value for name, value in service.environment.items()}
    assert load(**given).model_fields_set >= given.keys()


@each_of_ours
def test_a_secret_never_has_a_default_in_the_file(service: compose.Service) -> None:
    for name, value in service.environment.items():
        if Settings.model_fields[name.lower()].annotation is SecretStr:
            assert value == SECRET.get(name, "")


@each_service
def test_every_image_has_a_tag_other_than_latest(name: str) -> None:
    assert re.search(r":(?!latest$)[\w.-]+$", SERVICES[name]["image"])


@each_service
def test_no_port_is_open_beyond_loopback_by_default(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert "privileged" not in service


@each_service
def test_every_service_comes_back_and_says_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "healthcheck" in SERVICES[name]


def test_only_our_own_services_share_the_network_of_the_databases() -> None:
    document = compose.load(SECRET)
    assert document["networks"]["data"]["internal"]
    inside = {name for name, it in SERVICES.items() if "data" in it.get("networks", [])}
    assert inside == {"api", "worker", "mongo", "redis"}
    assert SERVICES["mongo"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_process_starts_after_what_it_needs_and_has_time_to_stop(name: str) -> None:
    needed = SERVICES[name]["depends_on"]
    assert {"mongo", "redis"} <= needed.keys()
    assert {at["condition"] for at in needed.values()} == {"service_healthy"}
    drain = Settings.model_fields["drain_seconds"].default
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain


def test_every_named_volume_is_declared() -> None:
    volumes = [volume for it in SERVICES.values() for volume in it.get("volumes", [])]
    assert {volume.split(":")[0] for volume in volumes} == compose.load(SECRET)["volumes"].keys()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("${SET}", "value"),
        ("${UNSET}", ""),
        ("${SET:-default}", "value"),
        ("${UNSET:-a?b=c://d}", "a?b=c://d"),
        ("${EMPTY:-default}", "default"),
        ("${SET:?needed}", "value"),
        ("$$SET costs $$5", "$SET costs $5"),
        ("${UNSET:-a}:${SET}", "a:value"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, wanted: str) -> None:
    assert compose.interpolate(text, {"SET": "value", "EMPTY": ""}) == wanted


@pytest.mark.parametrize("text", ["$SET", "${SET-default}", "${SET:+other}", "${A:-${B}}", "${"])
def test_an_interpolation_that_is_not_known_here_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="unknown here"):
        compose.interpolate(text, {"SET": "value"})


@pytest.mark.parametrize("name", ["EMPTY", "UNSET"])
def test_a_required_variable_without_a_value_is_an_error(name: str) -> None:
    with pytest.raises(compose.Missing, match=f"{name}: fill it in"):
        compose.interpolate(f"${{{name}:?fill it in}}", {"EMPTY": ""})
