"""The image of operator, vault and command line."""

import pytest
from built_image import BuiltImage

pytestmark = pytest.mark.kind
MOST_BYTES = 250_000_000


def test_it_is_small(operator_image: BuiltImage) -> None:
    assert operator_image.inspect()["Size"] <= MOST_BYTES


@pytest.mark.parametrize(
    ("module", "variable"),
    [("understudy_operator", "UNDERSTUDY_OPERATOR_SETTINGS"), ("understudy_vault", "UNDERSTUDY_VAULT_SETTINGS")],
)
def test_a_process_without_settings_says_so_in_one_line(operator_image: BuiltImage, module: str, variable: str) -> None:
    done = operator_image.run("python", "-m", module)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert variable in line


def test_the_operator_is_what_it_runs(operator_image: BuiltImage) -> None:
    done = operator_image.run()
    assert done.returncode == 1
    assert done.stderr.startswith("operator: ")


@pytest.mark.parametrize("command", ["understudy", "kubectl-understudy"])
def test_the_command_line_helps(operator_image: BuiltImage, command: str) -> None:
    done = operator_image.run(command, "--help")
    assert done.returncode == 0, done.stderr
    assert "license" in done.stdout


def test_it_writes_keys_where_it_may(operator_image: BuiltImage) -> None:
    done = operator_image.run("sh", "-c", "understudy keys new /tmp/key.jwk && cat /tmp/key.jwk")
    assert done.returncode == 0, done.stderr
    assert '"OKP"' in done.stdout


def test_nothing_heavy_is_in_it(operator_image: BuiltImage) -> None:
    code = "import importlib.util as u; print([m for m in ('torch', 'ray', 'numpy', 'av', 'onnxruntime') if u.find_spec(m)])"
    assert operator_image.python(code) == "[]"


def test_every_kind_of_the_kubernetes_client_loads(operator_image: BuiltImage) -> None:
    """Its modules are kept as bytecode without docstrings; they have to work as they did."""
    code = (
        "from kubernetes import client\n"
        "api, spec = client.ApiClient(), client.V1LeaseSpec(holder_identity='me', lease_duration_seconds=15)\n"
        "lease = client.V1Lease(metadata=client.V1ObjectMeta(name='x'), spec=spec)\n"
        "print(api.sanitize_for_serialization(lease)['spec'], [getattr(client, name).__name__ for name in dir(client) if 'V1Pod' == name])\n"
        "client.CoordinationV1Api(api), client.CoreV1Api(api)"
    )
    assert operator_image.python(code) == "{'holderIdentity': 'me', 'leaseDurationSeconds': 15} ['V1Pod']"
