"""`python -m migrate` is `cutover`."""

from migrate.cli import main

main()
