"""deploy/kubernetes says what Kubernetes understands, and what Belfry does."""

import subprocess
from typing import Any

import pytest
from pydantic import SecretStr

from core.settings import Settings, load
from tests import compose, kustomize, schemas, test_docs_metrics
from tests.kustomize import Object, containers, get, pod

OLDEST, NEWEST = "1.30", "1.37"
"""Versions of Kubernetes: pods pause before their stop by `sleep` from the first on."""
BASE = kustomize.build(kustomize.ROOT / "base")
EXAMPLE = kustomize.build(kustomize.ROOT / "overlays" / "example")
EVERY = [*BASE, *kustomize.everything()]
OTHERS = {"PodMonitor", "ScaledObject"}
"""Kinds of operators, of which the schemas know nothing."""
COMPOSE = {it.name: it for it in compose.our_services({"JWT_SECRET": "0" * 64})}
MARGIN_SECONDS = 15

each_object = pytest.mark.parametrize("it", EVERY, ids=lambda it: it["metadata"]["name"])
each_running = pytest.mark.parametrize(
    "it", [it for it in EVERY if pod(it)], ids=lambda it: it["metadata"]["name"]
)
each_deployment = pytest.mark.parametrize("name", ["api", "worker"])


def deployment(name: str) -> Object:
    return get(EXAMPLE, "Deployment", f"belfry-{name}")


def container(name: str) -> Object:
    (only,) = containers(deployment(name))
    return only


def settings_of(objects: list[Object]) -> dict[str, str]:
    (only,) = [it for it in objects if it["kind"] == "ConfigMap"]
    data: dict[str, str] = only["data"]
    return data


def labels_of(name: str) -> dict[str, str]:
    labels: dict[str, str] = deployment(name)["spec"]["template"]["metadata"]["labels"]
    return labels


@each_object
def test_an_object_is_one_that_kubernetes_takes(it: Object) -> None:
    if it["kind"] not in OTHERS:
        for version in (OLDEST, NEWEST):
            schemas.validate_kubernetes(it, version)


def test_nothing_stands_twice() -> None:
    names = [(it["kind"], it["metadata"]["name"]) for it in EXAMPLE]
    assert len(names) == len(set(names))


def test_secrets_come_from_outside() -> None:
    assert not [it for it in EVERY if it["kind"] == "Secret"]
    for name in settings_of(EXAMPLE):
        field = Settings.model_fields[name.lower()]
        assert field.annotation is not SecretStr
        assert field.repr, f"{name} may hold a password"


@pytest.mark.parametrize("objects", [BASE, EXAMPLE], ids=["base", "example"])
def test_settings_are_settings_with_values_that_they_take(objects: list[Object]) -> None:
    given = {name.lower(): value for name, value in settings_of(objects).items()}
    assert given.keys() <= Settings.model_fields.keys()
    assert load(_env_file=None, **given).model_fields_set >= given.keys()


@each_deployment
def test_settings_are_what_was_generated_and_the_secret_is_named(name: str) -> None:
    settings, secret = container(name)["envFrom"]
    assert get(EXAMPLE, "ConfigMap", settings["configMapRef"]["name"])
    assert secret == {"secretRef": {"name": "belfry"}}


def test_a_changed_setting_is_a_rollout() -> None:
    names = [at["metadata"]["name"] for at in EVERY if at["kind"] == "ConfigMap"]
    assert len(set(names)) == 2  # those of the base alone, and of the example


def test_migrations_have_the_settings_of_the_processes() -> None:
    (job,) = containers(get(EVERY, "Job", "belfry-migrate"))
    api = container("api")
    assert job["args"] == ["migrate"]
    assert job["image"] == "belfry"
    assert [*map(dict.keys, job["envFrom"])] == [*map(dict.keys, api["envFrom"])]


@each_deployment
def test_the_commands_are_those_of_compose(name: str) -> None:
    assert container(name)["args"] == COMPOSE[name].argv[1:]
    assert container(name)["image"] == "registry.example.com/belfry:0.1.0"


@each_running
def test_every_pod_is_confined(it: Object) -> None:
    said = pod(it)
    assert said["automountServiceAccountToken"] is False
    assert said["enableServiceLinks"] is False
    assert said["securityContext"]["runAsNonRoot"]
    ours = any("belfry" in one["image"] for one in containers(it))
    assert said["securityContext"]["runAsUser"] == (10001 if ours else 999)
    assert said["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert get(EXAMPLE, "ServiceAccount", said["serviceAccountName"])
    for one in containers(it):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert one["resources"]["requests"].keys() == {"cpu", "memory"}
        assert one["resources"]["limits"].keys() == {"memory"}


@each_deployment
def test_ports_are_those_that_the_settings_open(name: str) -> None:
    settings = settings_of(EXAMPLE)
    opened = {"http": settings["PORT"], "metrics": settings["METRICS_PORT"]}
    opened["health"] = settings["HEALTH_PORT"]
    for port in container(name)["ports"]:
        assert str(port["containerPort"]) == opened[port["name"]]


@each_deployment
def test_a_stopping_pod_has_time_to_drain(name: str) -> None:
    before = container(name).get("lifecycle", {}).get("preStop", {}).get("sleep", {"seconds": 0})
    drain = float(settings_of(EXAMPLE)["DRAIN_SECONDS"])
    grace = pod(deployment(name))["terminationGracePeriodSeconds"]
    assert grace >= before["seconds"] + drain + MARGIN_SECONDS


def selectors(objects: list[Object]) -> list[dict[str, str]]:
    """All labels by which pods are looked for."""
    found: list[dict[str, str]] = []
    for it in objects:
        match it:
            case {"kind": "Service", "spec": {"selector": labels}}:
                found.append(labels)
            case {"spec": {"selector": {"matchLabels": labels}}}:
                found.append(labels)
            case {"spec": {"podSelector": {"matchLabels": labels}}}:
                found.append(labels)
            case _:
                pass
        found += [at["labelSelector"]["matchLabels"] for at in spreads(it)]
    return found


def spreads(it: Object) -> list[Any]:
    return list(pod(it).get("topologySpreadConstraints", []))


def test_every_selector_finds_pods_and_no_other() -> None:
    pods = [labels_of(name).items() for name in ("api", "worker")]
    for labels in selectors(EXAMPLE):
        found = [it for it in pods if labels.items() <= it]
        assert len(found) == (1 if "app.kubernetes.io/component" in labels else 2), labels
    for name in ("api", "worker"):
        assert deployment(name)["spec"]["selector"]["matchLabels"] == labels_of(name)
        assert [at["labelSelector"]["matchLabels"] for at in spreads(deployment(name))] == [
            labels_of(name)
        ] * 2


def test_requests_come_from_the_ingress_by_the_service_to_the_api() -> None:
    service = get(EXAMPLE, "Service", "belfry")
    (rule,) = get(EXAMPLE, "Ingress", "belfry")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    (port,) = service["spec"]["ports"]
    assert path["backend"]["service"] == {"name": "belfry", "port": {"name": port["name"]}}
    assert port["targetPort"] in {at["name"] for at in container("api")["ports"]}
    assert service["spec"]["selector"] == labels_of("api")
    assert settings_of(EXAMPLE)["PUBLIC_URL"] == f"https://{rule['host']}"


def test_nothing_is_let_in_or_out_but_by_a_policy() -> None:
    closed = get(EXAMPLE, "NetworkPolicy", "belfry")["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    ports = {at["port"] for rule in closed["egress"] for at in rule["ports"]}
    assert ports == {53, 27017, 6379, 25, 465, 587, 443}
    assert int(settings_of(EXAMPLE)["SMTP_PORT"]) in ports


def test_every_deployment_is_scaled_by_exactly_one_and_may_lose_one() -> None:
    for objects, scalers in ((BASE, ["HorizontalPodAutoscaler"] * 2), (EXAMPLE, None)):
        scaled = {
            it["spec"]["scaleTargetRef"]["name"]: it["kind"]
            for it in objects
            if "scaleTargetRef" in it.get("spec", {})
        }
        wanted = scalers or ["HorizontalPodAutoscaler", "ScaledObject"]
        assert scaled == dict(zip(("belfry-api", "belfry-worker"), wanted, strict=True))
    for name in ("api", "worker"):
        assert "replicas" not in deployment(name)["spec"]
        assert get(EXAMPLE, "PodDisruptionBudget", f"belfry-{name}")["spec"]["maxUnavailable"] == 1


def test_workers_are_scaled_by_metrics_that_there_are() -> None:
    for trigger in get(EXAMPLE, "ScaledObject", "belfry-worker")["spec"]["triggers"]:
        test_docs_metrics.check(trigger["metadata"]["query"])


def test_the_backup_is_what_the_restore_reads() -> None:
    (dump,) = containers(get(EVERY, "CronJob", "belfry-backup"))
    (back,) = containers(get(EVERY, "Job", "belfry-restore"))
    assert (
        dump["image"]
        == back["image"]
        == compose.load({"JWT_SECRET": "x"})["services"]["mongo"]["image"]
    )
    assert dump["env"] == back["env"]
    for script in (dump["args"][0], back["args"][0]):
        read = subprocess.run(["bash", "-n"], input=script, text=True, check=False)
        assert read.returncode == 0
    for option in ("--gzip", "--archive="):
        assert option in dump["args"][0]
        assert option in back["args"][0]


def test_a_patch_of_a_kind_that_is_not_known_here_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown here"):
        kustomize.merged({"containers": []}, {"containers": [{"name": "api"}]})
