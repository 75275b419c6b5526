from __future__ import annotations

import re

from gateway.store import schema


def test_no_table_or_index_is_declared_twice_in_one_step() -> None:
    """Each step makes each thing once, with `;` at the end of a line between statements, as the steps are cut."""
    for step in (schema.FIRST, schema.IDEMPOTENCY, schema.ROLLUPS):
        statements = [text.strip() for text in step.split(";\n") if text.strip()]
        names = [re.match(r"CREATE (?:TABLE|INDEX) (\w+)", text) for text in statements]
        assert all(names)
        assert len({name.group(1) for name in names if name}) == len(statements)
