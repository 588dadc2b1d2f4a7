"""The farm's own identity: the key that licenses name and grants are signed with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.grant import Grant, TrainingGrant, sign_grant
from understudy_api.settings import OperatorSettings, SettingsError
from understudy_operator.core.state import FarmView


@dataclass(frozen=True)
class Farm:
    """The farm's private key and what others know it by."""

    view: FarmView
    key: OKPKey = field(repr=False)

    @classmethod
    def open(cls, settings: OperatorSettings) -> Farm:
        """The farm of the operator's settings; SettingsError when its key cannot be used."""
        key = _private_key(settings.farm_key_file)
        view = FarmView(
            thumbprint=token.thumbprint(key),
            buckets=settings.buckets,
            demands_capture_consent=settings.demand_capture_consent,
        )
        return cls(view, key)

    def seal(self, grant: Grant | TrainingGrant) -> str:
        """A grant signed with the farm's key."""
        return sign_grant(self.key, grant)


def _private_key(path: Path) -> OKPKey:
    try:
        key = token.load_key(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); `understudy up` writes it") from error
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    if not key.is_private:
        raise SettingsError(f"{path}: wanted a private key, got a public one; name the farm's own key")
    return key
