"""Moving flags: what is allowed, who is held, who has taken it over."""
