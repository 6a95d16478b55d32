"""The container files stay in step with the product: no engine is needed to see a wrong setting or an open port."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pacs.settings import PREFIX, Settings

DOCKER = Path(__file__).resolve().parents[2] / "docker"
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


class _Loader(yaml.SafeLoader):
    """Knows compose's merge tags."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("!override", _mapping)


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((DOCKER / name).read_text(encoding="utf-8"), _Loader)
    return loaded


def instructions() -> list[tuple[str, str]]:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_every_setting_in_the_container_files_exists() -> None:
    used = set(
        re.findall(
            r"\bFILMLESS_[A-Z0-9_]+", (DOCKER / "Dockerfile").read_text() + (DOCKER / "compose.yaml").read_text()
        )
    )
    assert used - SETTINGS - {"FILMLESS_VERSION"} == set()


def test_the_image_runs_without_root_and_from_pinned_bases() -> None:
    found = instructions()
    users = [argument for word, argument in found if word == "USER"]
    assert users == ["filmless"]
    bases = [argument.split()[0] for word, argument in found if word == "FROM"]
    assert bases
    assert all(re.fullmatch(r"[a-z]+:\d[\w.]*-[\w-]+", base) for base in bases)


def test_the_image_installs_only_hashed_requirements() -> None:
    for word, argument in instructions():
        if word != "RUN":
            continue
        for command in re.findall(r"pip install[^&]*", argument):
            assert "--require-hashes" in command or "--no-index" in command
        assert "curl" not in argument
        assert "apt-get" not in argument
        assert "sudo" not in argument


def test_every_copied_path_exists() -> None:
    root = DOCKER.parent
    for word, argument in instructions():
        if word == "COPY" and "--from" not in argument:
            *sources, _ = argument.split()
            for source in sources:
                if source not in {"viewer/package-lock.json", "README.md"}:
                    assert (root / source).exists(), source


def test_commands_of_the_services_exist() -> None:
    from pacs.process import Kind  # noqa: PLC0415 - read where it is compared

    kinds = {
        service["command"][2]
        for service in compose()["services"].values()
        if service.get("command", [""])[:2] == ["pacs", "serve"]
    }
    assert kinds == {kind.value for kind in Kind}


def test_only_proxy_and_dicom_are_reachable_from_outside() -> None:
    services = compose()["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"proxy", "dicom"}
    outside = {name for name, service in services.items() if "outside" in service["networks"]}
    assert outside == {"proxy", "dicom"}
    assert compose()["networks"]["inside"]["internal"] is True


def test_the_object_store_offers_only_s3_to_the_others() -> None:
    command = compose()["services"]["objects"]["command"][0]
    assert "-ip.bind=127.0.0.1" in command
    assert "-s3.ip.bind=0.0.0.0" in command


@pytest.mark.parametrize("name", ["web", "dicom", "worker", "migrate"])
def test_our_services_are_locked_down(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_variable_has_a_default_or_is_demanded() -> None:
    text = (DOCKER / "compose.yaml").read_text()
    for variable in re.findall(r"(?<!\$)\$\{([^}]*)\}", text):
        assert ":-" in variable or ":?" in variable, variable
    declared = set(re.findall(r"^#?([A-Z0-9_]+)=", (DOCKER / "example.env").read_text(), re.MULTILINE))
    demanded = set(re.findall(r"\$\{([A-Z0-9_]+):\?", text))
    assert demanded <= declared


def test_references_between_services_hold() -> None:
    services = compose()["services"]
    for service in services.values():
        for needed in service.get("depends_on", {}):
            assert needed in services
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in compose()["volumes"], source
    assert set(compose("compose.s3.yaml")["services"]) <= set(services)
