"""The files of deploy/: valid by their own schemas, agreeing with each other and with the app."""

import copy
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from core.images import MAX_BYTES
from tests.conftest import ROOT
from tests.deploy.site import DEPLOY, NAMES, instructions

yaml = pytest.importorskip("yaml", reason="PyYAML, of the development requirements, is not installed")

NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [one for one in KUBERNETES if one["kind"] == kind]
    return found


def headers() -> dict[str, str]:
    """What nginx.conf adds to every answer, but for the cookie."""
    values: dict[str, str] = {}
    for name, text in re.findall(r'^ *set \$(\w+) "(.*)";', NGINX, re.MULTILINE):
        values[name] = re.sub(r"\$(\w+)", lambda match: values[match[1]], text)
    added = re.findall(r'^ *add_header (\S+) "?(.*?)"? always;', NGINX, re.MULTILINE)
    return {name: re.sub(r"^\$(\w+)$", lambda match: values[match[1]], value) for name, value in added[:-1]}


def test_the_image_holds_the_app_and_runs_it_as_nobody():
    copied = [line.split()[0] for line in instructions("COPY")]
    assert all((ROOT / path).exists() for path in copied)
    assert sorted(copied) == sorted(
        ["requirements.txt", "streamlit_app.py", ".streamlit/config.toml", "assets", "core", "pages"]
    )
    let_in = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(let_in) == sorted(copied)
    (user,) = instructions("USER")
    assert user.split(":")[0] == str(of_kind("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"])
    assert int(user.split(":")[0]) > 0


def test_hadolint_has_nothing_to_say():
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint, of the development requirements, is not installed")
    done = subprocess.run(["hadolint", str(DEPLOY / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_kubernetes_knows_every_field(version: str):
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for document in KUBERNETES:
        validator.validate(document, version, strict=True)
    wrong = copy.deepcopy(of_kind("Deployment"))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(validator.ValidationError):
        validator.validate(wrong, version, strict=True)


def test_compose_knows_every_field():
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(DEPLOY / "compose.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_replicas_have_the_addresses_that_nginx_asks():
    given = {
        name: f"{service['networks']['inside']['ipv4_address']}:8501"
        for name, service in COMPOSE["services"].items()
        if name != "nginx"
    }
    assert given == NAMES
    for name, address in NAMES.items():
        assert f"~{address}$ {name};" in NGINX
        assert re.search(rf"upstream {name} {{\s+server {address} ", NGINX)


def test_limits_agree():
    (limit,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(limit) * 1024**2 >= MAX_BYTES + 2**20  # Streamlit's own allowance for the form around the file
    annotations = of_kind("Ingress")["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{limit}m"
    container = of_kind("Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["memory"] == "1536Mi"
    assert COMPOSE["services"]["first"]["mem_limit"] == "1536m"


def test_the_ingress_sends_the_same_headers():
    assert of_kind("ConfigMap")["data"] == headers()
    assert len(headers()) == 4
