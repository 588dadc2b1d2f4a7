"""The ledger: one hash chain per license of every reservation, use, royalty and refusal; pure, so that anybody can check it.

`entry` says what is written down, `account` what follows from it, `chain` how links hold on to each other, `merkle`, `note`
and `checkpoint` how all heads are sealed at once, `royalty` and `statement` what is owed to whom.
"""
