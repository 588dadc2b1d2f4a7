"""The synthetic presenter: a drawn head that speaks, so that a twin can be trained from footage of nobody."""
