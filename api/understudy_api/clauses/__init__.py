"""The license rule, clause by clause: each file holds the clauses of one subject."""
