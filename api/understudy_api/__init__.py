"""The words both planes share: resources, tokens, orders, receipts and the one license rule. Pure: no I/O, no clock."""
