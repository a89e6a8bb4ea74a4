"""A store on a file system of a network is refused: two workers would do the same jobs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.stores.errors import StoreError
from casparian.core.stores.sqlite import connection
from casparian.core.stores.sqlite.filesystem import kind_by
from casparian.core.stores.store import open_store

MOUNTS = r"""
/dev/vda1 / ext4 rw 0 0
server:/export /mnt/share nfs4 rw 0 0
/dev/vdb /mnt/share/local ext4 rw 0 0
//host/with /mnt/two\040words cifs rw 0 0
tmpfs /mnt/hidden tmpfs rw 0 0
server:/b /mnt/hidden nfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/casparian.db", None),
        ("/mnt/share/casparian.db", "nfs4"),
        ("/mnt/share/a/b/casparian.db", "nfs4"),
        ("/mnt/shared/casparian.db", None),
        ("/mnt/share/local/casparian.db", None),
        ("/mnt/two words/casparian.db", "cifs"),
        ("/mnt/hidden/casparian.db", "nfs"),
    ],
)
def test_the_nearest_mount_tells(path: str, kind: str | None) -> None:
    assert kind_by(MOUNTS, Path(path)) == kind


def test_it_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "network_kind", lambda _: "nfs4")
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "deep"))
    with pytest.raises(StoreError, match="network") as caught:
        open_store(tmp_path / "deep" / "casparian.db")
    assert "local disk" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
