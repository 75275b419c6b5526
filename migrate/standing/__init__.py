"""Where routes stand, as rows and tables."""
