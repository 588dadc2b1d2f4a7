"""From a capture to a scored, signed twin bundle."""
