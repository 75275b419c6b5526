"""Where stages live: flags with revision, history and compare-and-set."""
