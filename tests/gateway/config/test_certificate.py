from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from gateway.config.certificate import check_pair, load_pair
from gateway.core.errors import ConfigError
from gateway.core.listening import Tls
from tests.apps.certificates import written


def test_a_pair_that_fits_is_taken(tmp_path: Path) -> None:
    """Certificate and key are loaded into the context, and checked without one."""
    tls = written(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_pair(context, tls)
    check_pair(tls)
    assert len(context.get_ca_certs()) == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tls: Path(tls.certificate).unlink(), "tls.pem cannot be read: No such file or directory; it must be"),
        (lambda tls: Path(tls.key).write_text("nonsense"), "cannot be used: it is no PEM; write a PEM certificate"),
    ],
)
def test_what_is_wrong_is_one_line(spoil: object, said: str, tmp_path: Path) -> None:
    """The line begins with the place in the file, names the paths, and says what to write."""
    tls = written(tmp_path)
    spoil(tls)  # type: ignore[operator]
    with pytest.raises(ConfigError) as error:
        check_pair(tls, "shadow: tls")
    assert str(error.value).startswith("shadow: tls: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_key_of_another_certificate_and_a_locked_one_are_told(tmp_path: Path) -> None:
    """Both are named as what they are."""
    (tmp_path / "other").mkdir()
    one, other = written(tmp_path), written(tmp_path / "other")
    with pytest.raises(ConfigError, match="the key is not the certificate's"):
        check_pair(Tls(one.certificate, other.key))
    with pytest.raises(ConfigError, match="locked by a passphrase"):
        check_pair(written(tmp_path, passphrase=b"secret"))
