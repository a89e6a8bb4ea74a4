"""What a supervisor and a runner say to each other comes over as it was said."""

from __future__ import annotations

import socket

from casparian.core.stores.standing_sets import StandingSet
from casparian.core.worker.messages import (
    Cancel,
    JobFailed,
    Lines,
    Message,
    Progress,
    Publish,
    PublishFailed,
    Staged,
    Stopped,
    Task,
    Visible,
    encode,
)

TASK = Task(
    job_id="job",
    fence=2,
    parser="sales",
    parser_version="1.0.0",
    source_hash="s" * 64,
    entrypoint="parser.py",
    contract='{"outputs": "é\\n"}',
    contract_hash=None,
    input_path="/in/a\nb.csv",
    input_hash="i" * 64,
    bundle="/home/bundle.zip",
    project="/home/project",
    log="/home/log",
    root="/out",
    database=None,
    python="/usr/bin/python3",
    home="/home",
    offline=False,
    timeout=1.5,
    quarantine_threshold=0.5,
    max_quarantine_rows=10_000,
    lineage=True,
    pass_env=("A", "B"),
    resource_limits={"CPU": 3},
    reuse=16,
)


def test_messages_come_over_as_they_were_said_in_their_order() -> None:
    said: list[Message] = [
        TASK,
        Publish("{}", (StandingSet("old", 1, "/out/old"),)),
        Cancel(),
        Progress(1, None),
        Staged("{}", 3, 1),
        Stopped(),
        JobFailed("parser_error", "no\nrows", details={"traceback": [{"line": 1}]}, quarantined=3),
        Visible(),
        PublishFailed("gone", "", vanished=True),
    ]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(map(encode, said)))
        heard = Lines(theirs).receive()
        assert heard is not None
        assert list(heard) == said
