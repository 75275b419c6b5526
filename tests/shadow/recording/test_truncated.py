from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from shadow.recording.truncated import where_it_breaks
from tests.apps.recordings import entry, har

WHOLE = har(entry(), entry(text="grüße"), entry()).decode()


def test_a_cut_names_entry_byte_and_what_can_be_read() -> None:
    """A HAR cut within its second entry says so, with the byte where it ends."""
    cut = WHOLE[: WHOLE.rindex('{"startedDateTime"') - 40]
    assert where_it_breaks(cut) == (
        f"truncated at byte {len(cut.encode())}, in entry 1; 1 exchanges before it can be read"
    )


def test_broken_json_within_an_entry_is_located() -> None:
    """A broken value is told from a truncation."""
    at = WHOLE.index('"time"')
    broken = WHOLE[:at] + "?" + WHOLE[at:]
    assert where_it_breaks(broken) == f"broken JSON at byte {at}, in entry 0; 0 exchanges before it can be read"


def test_a_break_after_the_entries_counts_them_all() -> None:
    """Rubbish behind the list does not hide that every exchange was read."""
    assert where_it_breaks(WHOLE[:-1]).endswith("3 exchanges before it can be read")


def test_a_break_before_the_entries_says_so() -> None:
    """Without a list of entries no exchange is promised."""
    assert "before the first exchange" in where_it_breaks('{"log": ')


@given(st.integers(1, len(WHOLE) - 1))
def test_every_cut_gets_one_line(length: int) -> None:
    """Wherever a HAR is cut there is a single line, and it never promises more exchanges than there were."""
    line = where_it_breaks(WHOLE[:length])
    assert "\n" not in line
    assert sum(f"{n} exchanges" in line for n in range(4)) == (1 if '"entries": [' in WHOLE[:length] else 0)


def test_the_sample_is_json() -> None:
    """The uncut sample is a document with three entries."""
    assert len(json.loads(WHOLE)["log"]["entries"]) == 3
