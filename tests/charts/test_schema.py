"""Values that are wrong: one line that says which, what was wanted and what was got."""

from __future__ import annotations

import pytest
from chart_site import CHART, helm

TRIAL = "minio.enabled=true,ray.enabled=true"

WRONG = [
    ("operator.replicas=two", "/operator/replicas", "want integer"),
    ("operator.replicas=-1", "/operator/replicas", "want 0"),
    ("operator.replica=2", "/operator", "additional properties 'replica' not allowed"),
    ("ray.enabled=please", "/ray/enabled", "want boolean"),
    ("s3.endpoint=https://s3.example", "/s3/endpoint", "does not match pattern"),
    ("s3.secret_key=hush", "/s3", "additional properties 'secret_key' not allowed"),
    ("pool.directorUrl=http://ray:8443", "/pool/directorUrl", "does not match pattern"),
    ("vault.transit.url=https://bao:8200", "/vault/transit", "missing property 'tokenSecret'"),
    ("vault.leaseSeconds=1", "/vault/leaseSeconds", "want 5"),
    ("secrets.pool=Not A Name", "/secrets/pool", "does not match pattern"),
    ("image.render.pullPolicy=Sometimes", "/image/render/pullPolicy", "value must be one of"),
    ("networkPolicy.s3.cidr=everywhere", "/networkPolicy/s3/cidr", "does not match pattern"),
    ("defaultPool.price.amount=much", "/defaultPool/price", "does not match pattern"),
    ("minio.size=big", "/minio/size", "does not match pattern"),
    ("runAs.user=0", "/runAs/user", "want 1"),
    ("colour=red", "", "additional properties 'colour' not allowed"),
]


@pytest.mark.parametrize(("value", "where", "message"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_value_is_named(value, where, message):
    done = helm("template", "understudy", str(CHART), "--set", f"{TRIAL},{value}")
    assert done.returncode == 1
    assert f"'{where}'" in done.stderr
    assert message in done.stderr
    assert "goroutine" not in done.stderr


MISSING = [
    ("ray.enabled=true", "s3.endpoint: wanted host:port of your S3, got none"),
    ("minio.enabled=true", "pool.directorUrl: wanted https://host:port of your Ray head, got none"),
    ("minio.enabled=true,pool.directorUrl=https://ray:8443", "pool.dashboardUrl: wanted http://host:port"),
]


@pytest.mark.parametrize(("values", "message"), MISSING, ids=["s3", "director", "dashboard"])
def test_what_has_to_be_chosen_is_asked_for(values, message):
    done = helm("template", "understudy", str(CHART), "--set", values)
    assert done.returncode == 1
    assert message in done.stderr
    assert "to try the farm out" in done.stderr
