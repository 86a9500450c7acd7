"""Who reaches which port of a pod, and what its probes ask there (M16, M21)."""

from ipaddress import ip_address

from tests.kustomize import Object, get
from tests.test_kubernetes import BASE, EXAMPLE, container, each_deployment, labels_of, settings_of

MONITORING = "monitoring"
NAMESPACE = "kubernetes.io/metadata.name"


@each_deployment
def test_a_probe_asks_what_it_is_for(name: str) -> None:
    """One for life that asked the stores would have all processes killed while those are away."""
    port = {"api": "http", "worker": "health"}[name]
    live, ready = ({"path": f"/health/{which}", "port": port} for which in ("live", "ready"))
    probes = {probe: container(name)[f"{probe}Probe"]["httpGet"] for probe in PROBES}
    assert probes == {"startup": live, "liveness": live, "readiness": ready}


PROBES = ("startup", "liveness", "readiness")


def let_in(objects: list[Object]) -> set[tuple[str, str, str]]:
    """Process, port and namespace: a policy lets these through to ports of the pods that it chooses."""
    return {
        (name, port["port"], peer["namespaceSelector"]["matchLabels"][NAMESPACE])
        for it in objects
        if it["kind"] == "NetworkPolicy"
        for rule in it["spec"].get("ingress", [])
        for port in rule["ports"]
        for peer in rule["from"]
        for name in ("api", "worker")
        if it["spec"]["podSelector"]["matchLabels"].items() <= labels_of(name).items()
    }


def test_a_port_is_open_to_those_who_need_it_and_to_nobody_else() -> None:
    assert let_in(BASE) == {("api", "http", "ingress")}
    assert let_in(EXAMPLE) == {
        ("api", "http", "ingress-nginx"),
        ("api", "metrics", MONITORING),
        ("worker", "metrics", MONITORING),
    }


def test_metrics_are_looked_for_where_they_are() -> None:
    (end,) = get(EXAMPLE, "PodMonitor", "belfry")["spec"]["podMetricsEndpoints"]
    assert (end["port"], end["path"]) == ("metrics", "/metrics")


def test_every_port_listens_beyond_its_pod() -> None:
    """By default they are for the machine itself only."""
    settings = settings_of(EXAMPLE)
    for what in ("", "HEALTH_", "METRICS_"):
        assert ip_address(settings[f"{what}HOST"]).is_unspecified
