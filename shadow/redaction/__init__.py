"""What is taken out before anything is stored."""
