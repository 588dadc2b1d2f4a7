"""What a settings file may leave to mounted Secrets, so that it holds none itself and can be a ConfigMap.

`s3.credentials_folder` stands for `s3.access_key` and `s3.secret_key`: a folder with the files `accessKey` and
`secretKey`, as Kubernetes mounts a Secret. A missing `farm` is the thumbprint of the farm's key that the settings name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from understudy_api import token

_FOLDER: Final = "credentials_folder"
_ACCOUNT: Final = {"access_key": "accessKey", "secret_key": "secretKey"}
_FARM_KEYS: Final = ("farm_public_key_file", "farm_key_file")


def completed(text: bytes, *, names_farm: bool) -> bytes:
    """Settings as JSON, with what they leave out read from the files they name; text that is no object stays as it is.

    Raises OSError for a file that cannot be read, ValueError for a key that is none.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if not isinstance(found, dict):
        return text
    s3 = found.get("s3")
    if isinstance(s3, dict) and _FOLDER in s3:
        folder = Path(str(s3[_FOLDER]))
        found["s3"] = {name: value for name, value in s3.items() if name != _FOLDER} | read_account(folder)
    if names_farm and "farm" not in found:
        found |= _farm(found)
    return json.dumps(found).encode()


def read_account(folder: Path) -> dict[str, str]:
    """`access_key` and `secret_key` of a mounted Secret. Raises OSError naming the file that is missing."""
    return {name: (folder / file).read_text().strip() for name, file in _ACCOUNT.items()}


def _farm(found: dict[str, Any]) -> dict[str, str]:
    named = next((str(found[name]) for name in _FARM_KEYS if name in found), None)
    return {} if named is None else {"farm": token.thumbprint(token.load_key(Path(named).read_text()))}
