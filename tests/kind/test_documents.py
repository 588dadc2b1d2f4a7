"""What docs/ tells people to type on a cluster works; docs/install.md is followed by the fixture `farm`, docs/first-campaign.md by `licensed`."""

from __future__ import annotations

import pytest
from pod_farm import Desk, PodFarm

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]


@pytest.mark.parametrize("document", ["upgrade.md", "air-gapped.md"])
def test_a_document_can_be_followed(licensed: PodFarm, desk: Desk, document: str) -> None:
    desk.follow(document)
