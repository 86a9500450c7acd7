"""Builds deploy/kubernetes as kustomize does, as far as this repository needs."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1] / "deploy" / "kubernetes"
KNOWN = {
    *("apiVersion", "kind", "namespace", "resources", "components", "patches", "images"),
    *("configMapGenerator", "generatorOptions"),
}
WHOLE = {"ingress", "egress", "from", "ports", "rules", "tls", "hosts"}
"""Lists that a patch replaces; others are merged by keys that depend on the list."""

Object = dict[str, Any]


def build(folder: Path, objects: list[Object] | None = None) -> list[Object]:
    """The objects of a folder, in order; those that are given are changed by a component.

    Raises ValueError on what is not known here.
    """
    found = _gathered(folder, [] if objects is None else objects)
    return found if objects is not None else _hashed(found)


def get(objects: list[Object], kind: str, name: str) -> Object:
    """The one object of a kind and a name."""
    (found,) = [it for it in objects if (it["kind"], it["metadata"]["name"]) == (kind, name)]
    return found


def settings(path: Path) -> dict[str, str]:
    """The variables of an env file."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _gathered(folder: Path, objects: list[Object]) -> list[Object]:
    plan = _read(folder / "kustomization.yaml")[0]
    if unknown := plan.keys() - KNOWN:
        raise ValueError(f"{folder}: unknown here: {', '.join(sorted(unknown))}")
    for name in plan.get("resources", []):
        path = folder / name
        objects += _gathered(path, []) if path.is_dir() else _read(path)
    for generator in plan.get("configMapGenerator", []):
        _generate(folder, generator, plan.get("generatorOptions", {}), objects)
    for name in plan.get("components", []):
        objects = _gathered(folder / name, objects)
    for patch in plan.get("patches", []):
        text = patch["patch"] if "patch" in patch else (folder / patch["path"]).read_text()
        objects = _patched(objects, yaml.safe_load(text))
    for image in plan.get("images", []):
        _set_image(objects, image)
    if "namespace" in plan:
        _set_namespace(objects, plan["namespace"])
    return objects


def _read(path: Path) -> list[Object]:
    return [it for it in yaml.safe_load_all(path.read_text(encoding="utf-8")) if it]


def _generate(folder: Path, plan: Object, options: Object, objects: list[Object]) -> None:
    given = {key: value for env in plan["envs"] for key, value in settings(folder / env).items()}
    if plan.get("behavior", "create") == "merge":
        get(objects, "ConfigMap", plan["name"])["data"] |= given
    else:
        about = {"name": plan["name"], **options}
        objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": given})


def _patched(objects: list[Object], patch: Object) -> list[Object]:
    about = patch["kind"], patch["metadata"]["name"]
    target = get(objects, *about)
    if patch.get("$patch") == "delete":
        return [it for it in objects if it is not target]
    changed = merged(target, patch)
    return [changed if it is target else it for it in objects]


def merged(old: Any, new: Any, key: str = "") -> Any:
    """What a strategic merge makes of an object and a patch of it."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {name: merged(old.get(name), new[name], name) for name in new}
    if isinstance(new, list) and key not in WHOLE:
        raise ValueError(f"merging lists of {key}: unknown here")
    return new


def _set_image(objects: list[Object], image: dict[str, str]) -> None:
    for container in (at for it in objects for at in containers(it)):
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"


def _set_namespace(objects: list[Object], namespace: str) -> None:
    for it in objects:
        if it["kind"] != "Namespace":
            it["metadata"]["namespace"] = namespace


def _hashed(objects: list[Object]) -> list[Object]:
    """Names of settings with a hash of what is in them, also where they are referred to."""
    for it in [it for it in objects if it["kind"] == "ConfigMap"]:
        name = it["metadata"]["name"]
        digest = hashlib.sha256(json.dumps(it["data"], sort_keys=True).encode()).hexdigest()
        it["metadata"]["name"] = f"{name}-{digest[:10]}"
        for source in (
            at for one in objects for box in containers(one) for at in box.get("envFrom", [])
        ):
            if source.get("configMapRef") == {"name": name}:
                source["configMapRef"] = {"name": it["metadata"]["name"]}
    return objects


def everything() -> list[Object]:
    """The example, with all components; some stand twice."""
    apart = [build(path.parent, []) for path in ROOT.glob("components/*/*.yaml") if _alone(path)]
    by_hand = [it for path in ROOT.glob("*.yaml") for it in _read(path)]
    return [*build(ROOT / "overlays" / "example"), *by_hand, *(it for one in apart for it in one)]


def _alone(path: Path) -> bool:
    """Whether it is the plan of a component that changes nothing of others."""
    return path.name == "kustomization.yaml" and "patches" not in _read(path)[0]


def containers(it: Object) -> Iterator[Object]:
    """The containers of a deployment or a job."""
    yield from pod(it).get("containers", [])


def pod(it: Object) -> Object:
    """What an object says of its pods; nothing if it has none."""
    said = it.get("spec", {})
    said = said.get("jobTemplate", {}).get("spec", said)
    found: Object = said.get("template", {}).get("spec", {})
    return found
