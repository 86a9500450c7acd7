"""Who reaches which port of a pod, and what its probes ask there (M16, M21)."""

from ipaddress import ip_address

from tests.kustomize import get
from tests.test_kubernetes import EXAMPLE, container, each_deployment, labels_of, settings_of

INGRESS, MONITORING = "ingress-nginx", "monitoring"
NAMESPACE = "kubernetes.io/metadata.name"


@each_deployment
def test_a_probe_asks_what_it_is_for(name: str) -> None:
    """One for life that asked the stores would have all processes killed while those are away."""
    port = {"api": "http", "worker": "health"}[name]
    live, ready = ({"path": f"/health/{which}", "port": port} for which in ("live", "ready"))
    probes = {probe: container(name)[f"{probe}Probe"]["httpGet"] for probe in PROBES}
    assert probes == {"startup": live, "liveness": live, "readiness": ready}


PROBES = ("startup", "liveness", "readiness")


def test_a_port_is_open_to_those_who_need_it_and_to_nobody_else() -> None:
    """A policy lets its namespaces through to ports of the pods that it chooses."""
    let_in = {
        (name, port["port"], peer["namespaceSelector"]["matchLabels"][NAMESPACE])
        for it in EXAMPLE
        if it["kind"] == "NetworkPolicy"
        for rule in it["spec"].get("ingress", [])
        for port in rule["ports"]
        for peer in rule["from"]
        for name in ("api", "worker")
        if it["spec"]["podSelector"]["matchLabels"].items() <= labels_of(name).items()
    }
    assert let_in == {
        ("api", "http", INGRESS),
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
