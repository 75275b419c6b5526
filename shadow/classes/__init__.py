"""What explains a difference, each class one short declared rule."""
