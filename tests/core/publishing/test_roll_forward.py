"""A job's output is there whole, once, or not at all, whatever is killed, frozen or doubled."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from casparian.core.publishing import roll_forward as module
from casparian.core.publishing.exchange import ExchangeUnsupported, exchange
from casparian.core.publishing.manifest import (
    MANIFEST,
    SET,
    STAGING,
    Manifest,
    StagedOutput,
    UnpublishableError,
)
from casparian.core.publishing.replaced import fence_of
from casparian.core.publishing.roll_forward import (
    Publisher,
    SetVanished,
    roll_forward,
    sweep_staging,
)
from casparian.core.publishing.steps import (
    Claim,
    OnDisk,
    Published,
    Put,
    Superseded,
    TakeOut,
    Vanished,
    after,
)
from casparian.core.sinks.errors import SinkError
from casparian.core.stores.standing_sets import StandingSet

OUTPUTS = (StagedOutput("sales", 5, 1, "sales.parquet", None),)


@pytest.fixture(autouse=True, scope="module")
def _unsynced() -> Iterator[None]:
    """Whether it outlives a power cut is not what is looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("sync_folder", "sync_changed_folder"):
            patch.setattr(module, name, lambda folder: None)
        yield


def manifest_of(root: Path, fence: int, job_id: str = "ab12", **other: Any) -> Manifest:
    return Manifest(
        job_id, fence, "sales", "1.0", "beef", None, "/in.csv", "cafe", str(root), OUTPUTS, **other
    )


def write_set(folder: Path, manifest: Manifest) -> None:
    folder.mkdir(parents=True)
    (folder / "sales.parquet").write_text(f"{manifest.job_id} rows of fence {manifest.fence}")
    (folder / MANIFEST).write_text(manifest.as_json())


def stage(manifest: Manifest) -> None:
    write_set(manifest.staging / SET, manifest)


def rows(folder: Path) -> str | None:
    file = folder / "sales.parquet"
    return file.read_text() if file.exists() else None


def published_sets(root: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(root)) for path in root.glob(f"sales/*/*/{MANIFEST}"))


class Publishing(RuleBasedStateMachine):
    """Several processes publish one set, look and act in any order, and die in between."""

    most_publishers = 3

    @initialize(older=st.booleans(), replaces=st.sampled_from(["", "here", "elsewhere", "both"]))
    def begin(self, older: bool, replaces: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="publishing-"))
        self.root, self.other_root = self.folder / "root", self.folder / "other"
        self.older = older
        self.manifest = manifest_of(self.root, 2)
        self.replaced = []
        for root in (self.root, self.other_root):
            if replaces in ("both", "here" if root == self.root else "elsewhere"):
                place = root / "sales/0.9/cd34"
                write_set(place, manifest_of(root, 7, "cd34"))
                self.replaced.append(StandingSet("cd34", 7, str(place)))
        if older:
            write_set(self.manifest.place, manifest_of(self.root, 1))
        stage(self.manifest)
        self.made = 0
        self.publishers = [self.publisher() for _ in range(self.most_publishers)]
        self.steps: list[Any] = [None] * self.most_publishers
        self.seen: list[Any] = [None] * self.most_publishers
        self.was_published = False

    def publisher(self) -> Publisher:
        self.made += 1
        publisher = Publisher(self.manifest, self.replaced, name=str(self.made))
        publisher.make_room()
        return publisher

    def teardown(self) -> None:
        if not hasattr(self, "root"):
            return
        if not self.was_published:
            assert roll_forward(self.manifest, self.replaced), "whoever comes last can finish it"
        self.holds_the_new_set()
        sweep_staging(str(self.manifest.staging))
        assert published_sets(self.other_root) == []
        assert published_sets(self.root) == ["sales/1.0/ab12"], "once, and nothing that it replaces"
        shutil.rmtree(self.folder)

    @rule(one=st.integers(0, 2))
    def look_and_decide(self, one: int) -> None:
        self.decide(one, self.publishers[one].look())

    def decide(self, one: int, disk: OnDisk) -> None:
        step = self.publishers[one].decide(disk)
        assert not isinstance(step, Vanished | Superseded)
        self.steps[one], self.seen[one] = step, disk
        if isinstance(step, Published):
            self.was_published = True

    @rule(one=st.integers(0, 2))
    def act_on_what_was_seen_then(self, one: int) -> None:
        step, self.steps[one] = self.steps[one], None
        if isinstance(step, TakeOut | Claim | Put):
            publisher = self.publishers[one]
            if publisher.do(step) and (known := publisher.after(step, self.seen[one])) is not None:
                self.decide(one, known)  # it goes on without another look

    @rule(one=st.integers(0, 2))
    def die(self, one: int) -> None:
        self.publishers[one] = self.publisher()
        self.steps[one] = None

    @precondition(lambda self: self.was_published)
    @rule()
    def sweep_what_is_left(self) -> None:
        sweep_staging(str(self.manifest.staging))

    @invariant()
    def what_is_visible_is_whole(self) -> None:
        if not hasattr(self, "root"):
            return
        fence = fence_of(self.manifest.place, "ab12")
        if self.was_published:
            self.holds_the_new_set()
        elif fence is None:
            assert not self.manifest.place.exists()
            assert not self.older, "readers always find the older set, or the new one"
        else:
            assert rows(self.manifest.place) == f"ab12 rows of fence {fence}"

    def holds_the_new_set(self) -> None:
        assert rows(self.manifest.place) == "ab12 rows of fence 2"


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class WithoutClaims(Publishing):
    """All publishers put the set by the same name."""

    def publisher(self) -> Publisher:
        publisher = super().publisher()
        publisher._own_name = SET
        return publisher


def a_sleeper_wakes_late(machine: Publishing) -> None:
    """Two are about to put the set; one does, and sees it there; then the other wakes."""
    machine.begin(older=True, replaces=False)
    for one in (0, 1):
        while not isinstance(machine.steps[one], Put):
            machine.act_on_what_was_seen_then(one)
            machine.look_and_decide(one)
    machine.act_on_what_was_seen_then(0)
    machine.look_and_decide(0)
    machine.act_on_what_was_seen_then(1)
    machine.what_is_visible_is_whole()
    machine.teardown()


def test_it_is_the_claim_that_keeps_a_sleeper_from_putting_the_older_set_back() -> None:
    a_sleeper_wakes_late(Publishing())
    with pytest.raises(AssertionError):
        a_sleeper_wakes_late(WithoutClaims())


def test_both_sets_are_there_at_every_moment_of_an_exchange(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    (one / "a").touch()
    other.mkdir()
    exchange(one, other)
    assert (other / "a").exists()
    assert not (one / "a").exists()
    with pytest.raises(FileNotFoundError):
        exchange(one, tmp_path / "nothing")


def test_a_file_system_that_cannot_exchange_gets_the_new_set_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(one: Path, other: Path) -> None:
        raise ExchangeUnsupported

    monkeypatch.setattr(module, "exchange", unsupported)
    manifest = manifest_of(tmp_path, 2)
    write_set(manifest.place, manifest_of(tmp_path, 1))
    stage(manifest)
    assert roll_forward(manifest)
    assert rows(manifest.place) == "ab12 rows of fence 2"


def test_a_newer_set_of_the_job_is_never_replaced_by_an_older_one(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    write_set(manifest.place, manifest_of(tmp_path, 3))
    stage(manifest)
    assert not roll_forward(manifest)
    assert rows(manifest.place) == "ab12 rows of fence 3"


def test_a_staged_set_that_somebody_removed_is_told(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    with pytest.raises(SinkError, match="is not there now") as away:
        roll_forward(manifest)
    assert away.value.retryable, "its disk may be mounted again"
    (tmp_path / ".staging").mkdir()
    with pytest.raises(SetVanished, match="gone") as caught:
        roll_forward(manifest)
    assert "casparian job requeue ab12" in caught.value.hint


def test_publishing_twice_changes_nothing(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    stage(manifest)
    assert roll_forward(manifest)
    assert roll_forward(manifest)
    assert rows(manifest.place) == "ab12 rows of fence 2"


@pytest.mark.parametrize(("older", "looks"), [(False, 1), (True, 3)])
def test_whoever_publishes_alone_looks_once_unless_an_older_set_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: bool, looks: int
) -> None:
    seen: list[OnDisk] = []
    look = Publisher.look
    monkeypatch.setattr(Publisher, "look", lambda self: seen.append(look(self)) or seen[-1])
    manifest = manifest_of(tmp_path, 2)
    if older:
        write_set(manifest.place, manifest_of(tmp_path, 1))
    stage(manifest)
    assert roll_forward(manifest)
    assert rows(manifest.place) == "ab12 rows of fence 2"
    assert len(seen) == looks


def test_what_follows_a_claim_or_a_rename_is_known_only_where_nothing_older_is() -> None:
    staged, nothing = OnDisk({SET: 2}, None), OnDisk({}, None)
    claimed = after(Claim(SET), staged, 2, own_name="set.a")
    assert claimed == OnDisk({"set.a": 2}, None)
    assert after(Put(exchange=False), claimed, 2, own_name="set.a") == OnDisk({}, 2)
    assert after(Claim("set.b"), OnDisk({"set.b": 2}, None), 2, own_name="set.a") is None
    assert after(Claim(SET), OnDisk({SET: 2}, 1), 2, own_name="set.a") is None
    assert after(Put(exchange=True), OnDisk({"set.a": 2}, 1), 2, own_name="set.a") is None
    assert after(TakeOut(), nothing, 2, own_name="set.a") is None


def test_a_manifest_says_the_same_after_it_was_stored(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    assert Manifest.from_json(manifest.as_json()) == manifest


def test_a_manifest_of_an_earlier_version_is_read_without_what_it_replaces(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    text = json.dumps({**json.loads(manifest.as_json()), "replaces": "x", "replaces_place": "a/b"})
    assert Manifest.from_json(text) == manifest


def replaced_set(root: Path, fence: int = 7) -> StandingSet:
    place = root / "sales/0.9/cd34"
    write_set(place, manifest_of(root, fence, "cd34"))
    return StandingSet("cd34", fence, str(place))


def test_a_replaced_set_below_another_root_leaves_nothing_behind(tmp_path: Path) -> None:
    old = replaced_set(tmp_path / "old")
    manifest = manifest_of(tmp_path / "new", 2)
    stage(manifest)
    assert roll_forward(manifest, [old])
    assert published_sets(tmp_path / "old") == []
    assert not any((tmp_path / "old" / ".staging").iterdir())


def test_a_set_that_was_published_anew_since_is_not_the_one_to_be_replaced(tmp_path: Path) -> None:
    old = replaced_set(tmp_path)
    manifest = manifest_of(tmp_path, 2)
    stage(manifest)
    assert roll_forward(manifest, [replace(old, fence=6)])
    assert published_sets(tmp_path) == ["sales/0.9/cd34", "sales/1.0/ab12"]


def test_nothing_is_taken_out_for_a_set_that_is_gone(tmp_path: Path) -> None:
    old = replaced_set(tmp_path / "old")
    (tmp_path / "new" / ".staging").mkdir(parents=True)
    with pytest.raises(SetVanished):
        roll_forward(manifest_of(tmp_path / "new", 2), [old])
    assert published_sets(tmp_path / "old") == ["sales/0.9/cd34"]


def test_a_root_that_is_away_keeps_the_new_set_staged_until_it_is_back(tmp_path: Path) -> None:
    old = replaced_set(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "away")
    manifest = manifest_of(tmp_path / "new", 2)
    stage(manifest)
    with pytest.raises(SinkError, match="no such folder now") as caught:
        roll_forward(manifest, [old])
    assert f"mkdir -p {tmp_path / 'old'}" in caught.value.hint
    (tmp_path / "away").rename(tmp_path / "old")
    assert roll_forward(manifest, [old])
    assert published_sets(tmp_path / "old") == []


@pytest.mark.parametrize("name", ["../../x", "/etc", "..", ".", "", "a/b", "x" * 256, "a\0b"])
def test_nothing_is_published_outside_its_output_root_whatever_a_store_says(
    tmp_path: Path, name: str
) -> None:
    root = tmp_path / "deep" / "down" / "root"
    for odd in ({"parser": name}, {"parser_version": name}, {"parser": STAGING}):
        manifest = replace(manifest_of(root, 1), **odd)
        stage(manifest)
        with pytest.raises(UnpublishableError, match="can't be the name of a folder"):
            roll_forward(manifest)
        assert [path.name for path in root.iterdir()] == [STAGING]
        shutil.rmtree(manifest.staging)


def test_where_no_place_can_be_made_for_a_set_none_gives_way_to_it(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, 2)
    stage(manifest)
    older = tmp_path / "sales/0.9/cd34"
    write_set(older, manifest_of(tmp_path, 7, "cd34"))
    manifest.place.parent.write_text("a file")
    with pytest.raises(SinkError, match="is a file, not a folder") as told:
        roll_forward(manifest, [StandingSet("cd34", 7, str(older))])
    assert not isinstance(told.value, UnpublishableError), "somebody can move it away"
    assert rows(older) == "cd34 rows of fence 7"
