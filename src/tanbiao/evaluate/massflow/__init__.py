"""Facts of mass flow as derived tables; `flows` is the door."""
