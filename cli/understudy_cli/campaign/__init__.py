"""The demo campaign: its owner, its licenses, its three jobs, and the report at the end."""
