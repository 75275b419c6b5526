from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.errors import ConfigError, UsageError
from migrate import presets
from migrate.presets.write import replace_values

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shipped_preset_is_a_good_table(tmp_path: Path) -> None:
    """It loads as written, comments and all."""
    path = tmp_path / "deep" / "cutover.yaml"
    presets.write(path)
    assert path.read_text() == presets.preset_text("inferia")
    assert load_table(path, {}).platform == "inferia"
    assert presets.names() == ["inferia"]


def test_addresses_are_put_in_where_they_stand(tmp_path: Path) -> None:
    """Everything else stays to the character."""
    path = tmp_path / "cutover.yaml"
    values = {
        "services.filtration.legacy": "http://127.0.0.1:41000",
        "gateway.listen": "127.0.0.1:0",
        "gateway.build": 'two # parts: "x"',
    }
    presets.write(path, "inferia", values)
    table = load_table(path, {})
    assert table.services["filtration"].legacy == "http://127.0.0.1:41000"
    assert (table.policy.listen, table.policy.build) == ("127.0.0.1:0", 'two # parts: "x"')
    before, after = presets.preset_text().splitlines(), path.read_text().splitlines()
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 3


@pytest.mark.parametrize("key", ["services.nobody.legacy", "services", "gateway.cors.origins", "", "version.x"])
def test_a_key_without_a_single_value_is_refused(key: str) -> None:
    """It is named."""
    with pytest.raises(UsageError, match="no single value"):
        replace_values(presets.preset_text(), {key: "x"})


def test_an_unknown_preset_suggests_the_nearest() -> None:
    """Or lists what there is."""
    with pytest.raises(UsageError, match="did you mean inferia"):
        presets.preset_text("infera")
    with pytest.raises(UsageError, match="there are"):
        presets.preset_text("../../etc/passwd")


def test_a_file_that_stands_in_the_way_is_kept(tmp_path: Path) -> None:
    """Beside the new one; nothing to keep is no problem."""
    path = tmp_path / "cutover.yaml"
    assert presets.keep(path) is None
    path.write_text("mine")
    kept = presets.keep(path)
    assert kept == tmp_path / "cutover.yaml.bak"
    assert kept.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Both when keeping and when writing."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot be written"):
        presets.write(tmp_path / "file" / "cutover.yaml")
    with pytest.raises(ConfigError, match="cannot be kept"):
        presets.keep(tmp_path / "file" / "cutover.yaml")
