"""Any save of what belongs to the parser starts one run; nothing else does."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

from casparian.core.dev_session.events import RunStarted, Watching

IMPORTING = """
import json
from pathlib import Path

import words

def parse(path):
    data = json.loads((Path(__file__).parent / "data" / "map.json").read_text())
    return [{"word": words.WORD + data["end"]}]
"""


def importing(bench):
    """A parser of several files, beside others."""
    bench.write(IMPORTING)
    bench.write("WORD = 'one'\n", "words.py")
    bench.write('{"end": "."}', "data/map.json")
    bench.write("def parse(path):\n    return []\n", "other_parser.py")


def test_modules_data_files_and_the_contract_belong_to_the_parser(bench):
    importing(bench)
    bench.start()
    bench.until_says("one.")
    module = bench.write("WORD = 'two'\n", "words.py")
    assert bench.until_says("two.").result.reason == "change"
    assert bench.started(2).changed == (module,)
    bench.write('{"end": "!"}', "data/map.json")
    bench.until_says("two!")
    contract = bench.write('[columns]\nword = "int64"\n', "contract.toml")
    result = bench.result(4)
    assert bench.started(4).changed == (contract,)
    assert result.report.rows_quarantined == 1
    contract.unlink()
    assert bench.result(5).report.rows_quarantined == 0


def test_what_was_not_imported_touched_files_and_caches_start_nothing(bench):
    importing(bench)
    bench.start()
    bench.until_says("one.")
    bench.write("def parse(path):\n    return [1]\n", "other_parser.py")
    bench.write("x = 1\n", ".hidden.py")
    bench.write("x = 1\n", "__pycache__/words.py")
    bench.write('home = "/"\n', ".venv/lib/module.py")
    os.utime(bench.parser)
    bench.replace(IMPORTING)  # saved as it was
    bench.replace("WORD = 'two'\n", "words.py")  # all before it was seen when this is seen
    bench.until_says("two.")
    assert len(bench.told.of(RunStarted)) == 2


def test_a_sibling_that_was_missing_starts_a_run_when_it_is_written(bench):
    bench.write("import missing\n\ndef parse(path):\n    return [{'word': missing.WORD}]\n")
    bench.start()
    assert bench.result().report.error.type == "ModuleNotFoundError"
    bench.write("WORD = 'there'\n", "missing.py")
    bench.until_says("there")


def test_a_checkout_of_twenty_files_ends_with_a_run_of_them_all(bench):
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(bench.folder)]

    def commit(word):
        for number in range(20):
            bench.write(f"WORD = {word!r}\n", f"parts/part{number}.py")
        bench.write(
            "import importlib\n\ndef parse(path):\n"
            "    parts = {importlib.import_module(f'parts.part{n}').WORD for n in range(20)}\n"
            "    return [{'word': '+'.join(sorted(parts))}]\n"
        )
        subprocess.run([*git, "add", "parser.py", "parts"], check=True)
        subprocess.run([*git, "commit", "-qm", word], check=True)

    subprocess.run([*git, "init", "-q", "-b", "one"], check=True)
    commit("one")
    subprocess.run([*git, "checkout", "-q", "-b", "two"], check=True)
    commit("two")
    bench.start()
    bench.until_says("two")
    subprocess.run([*git, "checkout", "-q", "one"], check=True)
    bench.until_says("one")
    assert bench.ended()[-1].is_newest


def test_a_folder_that_goes_and_comes_back_is_watched_again(bench):
    folder = bench.folder / "inner"
    bench.write("def parse(path):\n    return [{'word': 'inner'}]\n", "inner/parser.py")
    session = bench.start()
    bench.result()
    session.set_parser(folder / "parser.py")
    bench.until_says("inner")
    away = bench.folder / "away"
    folder.rename(away)
    assert bench.result(3).report.status == "failed"
    shutil.copytree(away, folder)
    assert bench.result(4).report.status == "completed"
    bench.write("def parse(path):\n    return [{'word': 'again'}]\n", "inner/parser.py")
    bench.until_says("again")


def test_while_watching_is_paused_a_save_starts_nothing_until_it_goes_on(bench):
    session = bench.start(watching=False)
    bench.result()
    bench.says("second")
    bench.told.wait(lambda: bench.watching().pending)
    assert bench.watching().paused
    assert len(bench.told.of(RunStarted)) == 1
    session.pause_watching(False)
    bench.until_says("second")
    assert bench.watching() == Watching(paused=False)
    session.pause_watching(True)
    bench.says("third")
    bench.told.wait(lambda: bench.watching().pending)
    bench.says("second")  # as it was: there is nothing to be run
    bench.told.wait(lambda: not bench.watching().pending)
    session.pause_watching(False)
    session.run()
    bench.result(3)
    assert [event.reason for event in bench.told.of(RunStarted)] == ["start", "change", "asked"]


def test_a_save_by_renaming_is_a_save_of_the_parser_and_of_the_shown_sample(bench):
    def save(path, text):
        written = path.with_name(".new")
        written.write_text(text)
        written.replace(path)

    bench.write("def parse(path):\n    return [{'word': open(path).read()}]\n")
    sample = bench.sample(text="one")
    bench.start(sample)
    bench.until_says("one")
    for word in ("two", "three"):
        save(sample, word)
        bench.until_says(word)
    for word in ("four", "five"):
        save(bench.parser, f"def parse(path):\n    return [{{'word': {word!r}}}]\n")
        bench.until_says(word)


def test_a_parser_that_writes_into_its_own_folder_does_not_run_for_ever(bench, monkeypatch):
    monkeypatch.setattr("casparian.core.dev_session.watcher._RESTLESS", 4)
    bench.write(
        """
        import time
        from pathlib import Path

        def parse(path):
            (Path(__file__).parent / "cache.json").write_text(str(time.time_ns()))
            time.sleep(0.1)
            return [{"word": "done"}]
        """
    )
    bench.start()
    bench.told.wait(lambda: "cache.json" in bench.watching().problem, within=60)
    bench.until_says("done")
    assert len(bench.told.of(RunStarted)) == 4
    bench.says("other")
    bench.until_says("other")
    assert bench.watching().problem == ""


def test_without_the_systems_help_changes_are_looked_for(bench, monkeypatch):
    def refuses(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inotify_simple.INotify.add_watch", refuses)
    bench.start()
    bench.result()
    bench.told.wait(lambda: "max_user_watches" in bench.watching().problem)
    bench.says("second")
    bench.until_says("second")


def test_a_session_with_nothing_to_do_does_nothing(bench, spare):
    bench.start()
    bench.result()
    before, told = time.process_time(), len(bench.told.events)
    time.sleep(1.0)  # it is measured what happens in this time
    assert time.process_time() - before < 0.1
    assert len(bench.told.events) == told
