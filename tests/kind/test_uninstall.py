"""What is left of a farm when its chart is uninstalled; runs last, and ends the farm of the other tests."""

from __future__ import annotations

import pytest
from chart_site import NAMESPACE
from live_farm import BRAND
from operator_site import until
from pod_farm import PodFarm

pytestmark = [pytest.mark.kind, pytest.mark.timeout(300)]


def test_uninstalling_leaves_kinds_objects_and_keys_and_nothing_else(licensed: PodFarm) -> None:
    jobs = [one["metadata"]["name"] for one in licensed.kubectl.every("renderjobs", "-n", BRAND)]
    assert jobs
    licensed.helm("uninstall", "understudy", "--wait", "--timeout", "4m")
    kinds = "pods,services,deployments,statefulsets,configmaps,roles,rolebindings,serviceaccounts,networkpolicies"
    ours = ("-n", NAMESPACE, "-l", "app.kubernetes.io/instance=understudy", "-o", "name")
    until(lambda: licensed.run("get", kinds, *ours).split(), lambda left: not left, 90)
    assert [one["metadata"]["name"] for one in licensed.kubectl.every("renderjobs", "-n", BRAND)] == jobs
    assert licensed.run("get", "pvc", "-n", NAMESPACE, "-o", "name").split()
