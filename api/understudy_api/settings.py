"""What a farm tells its processes: where things are and which files hold their keys.

`understudy up` writes one JSON file per plane (mode 0600) and names it in the environment. It holds addresses, S3
credentials and file names; signing keys and bearer tokens stay in the files it names. Where the planes run as pods the
file holds no secret at all: see settings_secrets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_serializer, model_validator

from understudy_api.item_log import KEEP_DAYS
from understudy_api.model import Model, fault_of
from understudy_api.settings_secrets import completed
from understudy_api.status_source import StatusSettings
from understudy_api.trace import TracingSettings

OPERATOR_SETTINGS_VARIABLE = "UNDERSTUDY_OPERATOR_SETTINGS"
POOL_SETTINGS_VARIABLE = "UNDERSTUDY_POOL_SETTINGS"
VAULT_SETTINGS_VARIABLE = "UNDERSTUDY_VAULT_SETTINGS"
EVERY_POOL = "*"
"""Among the vault's callers: all pools that are not named."""

S = TypeVar("S", bound=Model)
Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(Exception):
    """A settings file that is missing or wrong; the message is one line a person can act on."""


class S3Settings(Model):
    """One account on an S3 endpoint. `endpoint` is `host:port` without a scheme, as minio-py takes it."""

    endpoint: str
    access_key: str
    secret_key: SecretStr
    ca_file: Path | None = None
    """PEM bundle that vouches for the endpoint; None trusts the system's authorities."""
    secure: bool = True
    region: str = "us-east-1"

    @field_serializer("secret_key", when_used="json")
    def _reveal(self, secret: SecretStr) -> str:
        """JSON is the settings file itself; everywhere else the secret prints as stars."""
        return secret.get_secret_value()


class BucketNames(Model):
    """The farm's buckets. Only `outputs` is ever reachable from a job's spec, inside the job's own prefix."""

    outputs: str = "understudy-outputs"
    twins: str = "understudy-twins"
    staging: str = "understudy-staging"
    receipts: str = "understudy-receipts"
    ledger: str = "understudy-ledger"
    vault: str = "understudy-vault"
    """The vault's own log; no other account reaches it."""

    @property
    def private(self) -> frozenset[str]:
        """The farm's own buckets, which no job reads or writes."""
        return frozenset(self.model_dump().values()) - {self.outputs}


class DirectorEndpoint(Model):
    """How the operator reaches the director: `url` is `https://host:port`."""

    url: str
    token_file: Path
    ca_file: Path | None = None


class RayEndpoint(Model):
    """How the operator reaches Ray's Jobs API: `address` is `http://host:port` of the dashboard."""

    address: str
    token_file: Path


class ClassifierSettings(Model):
    """A service of the farm that judges sentences beside the term lists. Never named by a job."""

    url: str = Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])", max_length=512)
    """Where sentences are posted; plain HTTP on this machine alone. Redirects are not followed."""
    token_file: Path | None = None
    """Bearer token it asks for."""
    ca_file: Path | None = None
    deadline_seconds: float = Field(default=2.0, gt=0, le=30)
    """For each batch; a sentence without an answer by then needs a person."""
    patience_seconds: float = Field(default=120.0, gt=0, le=600)
    """For all sentences of a job."""


class VaultAddress(Model):
    """Where the vault is: `url` is `https://host:port`. Owners' acts are told to it by anybody: they are signed."""

    url: str
    ca_file: Path | None = None


class VaultEndpoint(VaultAddress):
    """How performers and trainers reach the vault."""

    token_file: Path
    """Token of the pool's service account, made for the vault alone; read anew for each request, since it is renewed."""


class RayPods(Model):
    """Pod templates (metadata and spec) of the nodes of RayClusters, as the chart writes them for its own Ray.

    A worker's first container finds its head and its size in RAY_HEAD, RAY_CPUS and RAY_GPUS,
    and its group in `kuberay.GROUP_VARIABLE`.
    """

    ray_version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")
    """Version of Ray in the render image."""
    head: dict[str, Any]
    worker: dict[str, Any]


class SettingsFile(Model):
    """What a process reads from the file that the environment names under `variable`."""

    variable: ClassVar[str]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a settings file; raises SettingsError."""
        return _load(cls, path)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the file that the environment names; raises SettingsError."""
        return _load(cls, _named(environment, cls.variable))


class OperatorSettings(SettingsFile):
    """Everything the operator's process is told. Kubernetes access is the kubeconfig's, never more."""

    variable: ClassVar[str] = OPERATOR_SETTINGS_VARIABLE

    kubeconfig: Path | None = None
    """None: the service account mounted into the pod."""
    farm: str
    """Thumbprint of the farm's key: the `aud` every license has to carry."""
    namespace: str = "understudy-system"
    """Where the operator keeps its Lease."""
    s3: S3Settings
    public_s3_url: str
    """The URL people reach the outputs bucket under, for links in status; `https://host:port`."""
    buckets: BucketNames = BucketNames()
    farm_key_file: Path
    """Private Ed25519 JWK that signs grants."""
    ray: RayEndpoint
    director: DirectorEndpoint
    pool_public_key_file: Path
    """Public JWK that every twin bundle has to be signed with."""
    demand_capture_consent: bool = False
    """True: no twin is trained without its owner's signed consent to the capture. One that is given is always checked."""
    vault: VaultAddress | None = None
    """None: no vault runs here, so it is told of no owner's act."""
    classifier: ClassifierSettings | None = None
    """None: the term lists alone judge."""
    status_lists: StatusSettings = StatusSettings()
    ray_pods: RayPods | None = None
    """None: no pool of this farm can be run by KubeRay."""
    tracing: TracingSettings | None = None
    metrics_host: str = "127.0.0.1"
    """Address that metrics are served on; a pod's have to be reached from outside it."""
    metrics_port: Port
    health_port: Port


class DirectorListener(Model):
    """Where the director listens and what it proves itself with."""

    host: str = "127.0.0.1"
    port: Port
    token_file: Path
    tls_cert: Path
    tls_key: Path


class ContentCredentials(Model):
    """The C2PA identity of this farm: a certificate chain, its key, and the root readers have to trust."""

    chain_file: Path
    key_file: Path
    root_file: Path


class PoolSettings(SettingsFile):
    """Everything director and performers are told. Inherited by every Ray worker through the environment."""

    variable: ClassVar[str] = POOL_SETTINGS_VARIABLE

    farm: str
    """Thumbprint of the farm's key: the `aud` every license has to carry."""
    s3: S3Settings
    buckets: BucketNames = BucketNames()
    director: DirectorListener
    bundle_key_file: Path
    """Private Ed25519 JWK that signs twin bundles."""
    bundle_public_key_file: Path
    farm_public_key_file: Path
    """Public JWK that grants have to be signed with."""
    vault: VaultEndpoint
    c2pa: ContentCredentials
    status_lists: StatusSettings = StatusSettings()
    cache_key_file: Path
    """32 random bytes: the HMAC key under take and clip digests."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Port
    work_dir: Path
    """Scratch space of performers and trainers; may be emptied whenever no pool runs."""
    item_log_days: int = Field(default=KEEP_DAYS, ge=1, le=3650)
    """How long the farm keeps what its pools logged about items."""
    tracing: TracingSettings | None = None


class TransitSettings(Model):
    """A Transit secrets engine (HashiCorp Vault, OpenBao) that keeps the keys of the twins' data keys."""

    url: str
    token_file: Path
    """Token of a policy that may use, create, configure and delete keys below `mount`; read anew for each request."""
    mount: str = Field(default="transit", pattern=r"^[a-zA-Z0-9][a-zA-Z0-9/_-]{0,127}$")
    namespace: str = ""
    """Value of X-Vault-Namespace; empty: none is sent."""
    ca_file: Path | None = None


class ApiServerEndpoint(Model):
    """How a service account reaches the API server: `url` is `https://host:port`."""

    url: str
    token_file: Path
    """Token of the service account; read anew for each request, since it is renewed."""
    ca_file: Path | None = None


class VaultSettings(SettingsFile):
    """Everything the vault's process is told. Exactly one of `keys_folder` and `transit` says where keys are kept."""

    variable: ClassVar[str] = VAULT_SETTINGS_VARIABLE

    apiserver: ApiServerEndpoint
    """Reviews the callers' tokens."""
    farm_public_key_file: Path
    """Public JWK whose thumbprint licenses carry as `aud`, and that grants have to be signed with."""
    signing_key_file: Path
    """Private Ed25519 JWK of the vault: signs leases and receipts of erasures."""
    callers: dict[str, str]
    """Name of a pool -> the user its performers are, `system:serviceaccount:<namespace>:<name>`; `*`: of pools not named."""
    s3: S3Settings
    bucket: str = BucketNames().vault
    keys_folder: Path | None = None
    """Folder of the embedded keyset: one file a twin, for its owner's eyes only."""
    transit: TransitSettings | None = None
    demand_capture_consent: bool = True
    """False: a twin is trained without its owner's consent to the capture too. One that is shown is always judged."""
    lease_seconds: int = Field(default=30, ge=5, le=900)
    """How long a performer may hold a key without hearing from the vault; then it ends itself."""
    host: str = "127.0.0.1"
    port: Port
    tls_cert: Path
    tls_key: Path

    @model_validator(mode="after")
    def _keys_are_kept_in_one_place(self) -> Self:
        if (self.keys_folder is None) == (self.transit is None):
            raise ValueError("wanted either keys_folder or transit")
        return self


def _named(environment: Mapping[str, str], variable: str) -> Path:
    value = environment.get(variable)
    if not value:
        raise SettingsError(f"{variable} is not set; let it name the settings file (`understudy up` writes one)")
    return Path(value)


def _load(kind: type[S], path: Path) -> S:
    try:
        return kind.model_validate_json(completed(path.read_bytes(), names_farm="farm" in kind.model_fields))
    except OSError as error:
        where = error.filename or path
        raise SettingsError(f"{where}: cannot be read ({error.strerror}); `understudy up` writes it") from error
    except ValidationError as error:
        raise SettingsError(f"{path}: {fault_of(error, 'the file')}; `understudy up` writes it anew") from error
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
