"""Keys lead to the API server's paths."""

from __future__ import annotations

import pytest

from understudy_operator.shell.key import Key

PATHS = [
    (Key("RenderJob", "acme", "a"), "/apis/understudy.dev/v1alpha1/namespaces/acme/renderjobs/a"),
    (Key("License", "talent", "spring"), "/apis/understudy.dev/v1alpha1/namespaces/talent/licenses/spring"),
    (Key("RenderPool", "", "default"), "/apis/understudy.dev/v1alpha1/renderpools/default"),
]


@pytest.mark.parametrize(("key", "path"), PATHS, ids=lambda one: str(one))
def test_paths(key: Key, path: str) -> None:
    assert key.path == path
    assert key.collection == path.rpartition("/")[0]


def test_of_an_object() -> None:
    pool = {"kind": "RenderPool", "metadata": {"name": "default"}}
    job = {"kind": "RenderJob", "metadata": {"name": "a", "namespace": "acme"}}
    assert Key.of(pool) == Key("RenderPool", "", "default")
    assert Key.of(job) == Key("RenderJob", "acme", "a")
    assert str(Key.of(job)) == "RenderJob/acme/a"
