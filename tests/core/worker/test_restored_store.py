"""After an older store was put back, what was done since is done again, and stands once."""

from __future__ import annotations

from casparian.core.queueing.unknown_sets import unknown_sets
from casparian.core.stores.backups import back_up_store, restore_store
from casparian.core.stores.store import open_store

from ...workshop import Workshop
from .conftest import READ


def test_jobs_done_since_a_backup_are_done_again_and_the_others_sets_are_found(tmp_path) -> None:
    path = tmp_path / "casparian.db"
    with open_store(path) as store:
        workshop = Workshop(tmp_path, store)
        workshop.parser(READ)
        known = workshop.job("name,age\nAda,36\n")
        back_up_store(str(path), tmp_path / "copy.db")
        later = workshop.job("name,age\nBo,17\n")
        workshop.drain()
        assert workshop.get(known).status == workshop.get(later).status == "completed"
        assert list(unknown_sets(store, workshop.root)) == []
    restore_store(str(path), tmp_path / "copy.db")
    with open_store(path) as store:
        workshop = Workshop(tmp_path, store)
        assert store.jobs.counts() == {"pending": 1}
        workshop.drain()
        assert workshop.get(known).status == "completed"
        assert workshop.table(known).to_pylist()[0]["name"] == "Ada"
        [unknown] = unknown_sets(store, workshop.root)
        assert unknown.name == later
        assert store.jobs.get(later) is None
