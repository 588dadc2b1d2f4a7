"""The operator's settings: the file that UNDERSTUDY_OPERATOR_SETTINGS names, and what it leads to."""

from __future__ import annotations

import os
from collections.abc import Mapping

from understudy_api.settings import OPERATOR_SETTINGS_VARIABLE, OperatorSettings, SettingsError

__all__ = ["OPERATOR_SETTINGS_VARIABLE", "OperatorSettings", "SettingsError", "load_settings"]


def load_settings(environment: Mapping[str, str] = os.environ) -> OperatorSettings:
    """The settings; SettingsError, in one line, when the file or one it names is missing or wrong."""
    settings = OperatorSettings.from_environment(environment)
    named = {"farm_key_file": settings.farm_key_file, "ray.token_file": settings.ray.token_file}
    named["director.token_file"] = settings.director.token_file
    optional = {
        "kubeconfig": settings.kubeconfig,
        "s3.ca_file": settings.s3.ca_file,
        "director.ca_file": settings.director.ca_file,
        "status_lists.ca_file": settings.status_lists.ca_file,
        "tracing.headers_file": settings.tracing.headers_file if settings.tracing else None,
        "tracing.ca_file": settings.tracing.ca_file if settings.tracing else None,
        "status_lists.tls_cert": settings.status_lists.tls_cert,
        "status_lists.tls_key": settings.status_lists.tls_key,
        "vault.ca_file": settings.vault.ca_file if settings.vault else None,
    }
    for field, path in {**named, **{name: path for name, path in optional.items() if path is not None}}.items():
        if not path.is_file():
            raise SettingsError(f"{environment[OPERATOR_SETTINGS_VARIABLE]}: {field}: no such file: {path}")
    return settings
