"""`python -m migrate` is `cutover`."""

from migrate.entry import main

main()
