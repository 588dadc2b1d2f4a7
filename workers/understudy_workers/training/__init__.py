"""From a capture to a scored, signed twin."""

import os

# Torch's threads otherwise spin while they wait for each other: on busy cores that makes a step ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
