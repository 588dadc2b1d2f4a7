"""The owner's page: what was made of a twin, what it earned, what waits for an answer; read from the ledger."""
