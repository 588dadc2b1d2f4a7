"""What a director is made of, without Ray: orders, schedule, fair share, receipts, delivery, HTTP."""
