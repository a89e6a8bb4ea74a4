"""What a guest says of each way to fail."""

from __future__ import annotations

import errno

import pytest

from casparian.shim.failures import describe

from ..guest_python import GUEST_PYTHON


def test_an_error_has_its_place_and_the_parsers_own_lines(run_parser):
    run = run_parser("""
        def parse(path):
            yield [{"n": 1}]
            helper("x")

        def helper(text):
            return int(text)
    """)
    error = run.error
    assert run.result.status == "failed"
    assert run.result.exit_code == 1
    assert (error.kind, error.type, error.phase) == ("parser", "ValueError", "parse")
    assert error.message == "invalid literal for int() with base 10: 'x'"
    places = [(frame["line"], frame["function"], frame["source"]) for frame in error.traceback]
    assert places == [(4, "parse", 'helper("x")'), (7, "helper", "return int(text)")]
    assert error.traceback[-1]["file"].endswith("/parser.py")
    assert error.text.startswith("Traceback (most recent call last):")
    assert "bridge_shim.py" not in error.text
    assert "/shim/" not in error.text
    assert run.rows() == [{"n": 1}]


@pytest.mark.parametrize(
    ("statement", "type_name", "retryable"),
    [
        ("raise ValueError('connection timeout, please retry')", "ValueError", False),
        ("raise ConnectionResetError('gone')", "ConnectionResetError", True),
        ("raise BrokenPipeError('gone')", "BrokenPipeError", True),
        ("raise TimeoutError", "TimeoutError", True),
        ("raise MemoryError", "MemoryError", True),
        ("raise TransientError('later')", "TransientError", True),
        ("raise PermanentError('never')", "PermanentError", False),
        ("raise Never('never')", "Never", False),
        ("open('/no/such/file')", "FileNotFoundError", False),
        ("raise Odd('odd')", "Odd", False),
        ("raise GeneratorExit('odd')", "GeneratorExit", False),
        ("parse(path)", "RecursionError", False),
    ],
)
def test_the_type_decides_whether_to_try_again(run_parser, statement, type_name, retryable):
    run = run_parser(f"""
        from casparian_types import PermanentError, TransientError

        class Never(PermanentError, ConnectionError): pass
        class Odd(BaseException): pass

        def parse(path):
            {statement}
    """)
    assert (run.error.kind, run.error.type) == ("parser", type_name)
    assert run.error.retryable is retryable
    assert run.result.exit_code == (2 if retryable else 1)


@pytest.mark.parametrize("code", ["0", "3", "'a text'", ""])
def test_sys_exit_is_a_failure_whatever_its_code(run_parser, code):
    run = run_parser(f"import sys\n\ndef parse(path):\n    sys.exit({code})\n")
    assert (run.error.type, run.error.retryable) == ("SystemExit", False)
    assert run.error.message == f"the parser called sys.exit({code or None}) before it finished"
    assert run.result.exit_code == 1


def test_a_syntax_error_names_file_line_and_column(run_parser):
    run = run_parser("def parse(path):\n    return 1 +\n")
    assert (run.error.type, run.error.phase, run.error.retryable) == ("SyntaxError", "load", False)
    assert run.error.message.startswith("invalid syntax (")
    assert run.error.message.endswith("parser.py, line 2, column 15)")
    assert run.error.traceback[-1]["line"] == 2
    assert run.error.traceback[-1]["source"] == "return 1 +"


def test_a_missing_module_names_the_command_that_installs_it(run_parser):
    run = run_parser("import no_such_module.inner\n\ndef parse(path): pass\n")
    assert (run.error.type, run.error.phase) == ("ModuleNotFoundError", "load")
    assert run.error.hint == f"uv pip install --python {GUEST_PYTHON} no_such_module"


@pytest.mark.parametrize(
    ("program", "hint"),
    [
        ("pdftotext", "the program 'pdftotext' is not installed: apt install poppler-utils"),
        ("/opt/none/a.out", "the program 'a.out' is not installed, or not on the PATH"),
    ],
)
def test_a_missing_program_names_its_package(run_parser, tmp_path, program, hint):
    run = run_parser(
        f"import subprocess\n\ndef parse(path):\n    subprocess.run([{program!r}, path])\n",
        env={"PATH": str(tmp_path)},
    )
    assert (run.error.type, run.error.hint) == ("FileNotFoundError", hint)


def test_a_missing_folder_for_a_program_is_no_missing_program(run_parser):
    run = run_parser(
        "import subprocess\n\ndef parse(path):\n    subprocess.run(['true'], cwd='/no/folder')\n"
    )
    assert run.error.hint == ""


def test_an_exception_that_can_not_be_shown_is_reported_all_the_same(run_parser):
    run = run_parser("""
        class Broken(Exception):
            def __str__(self):
                raise RuntimeError("no text")

        def parse(path):
            raise Broken
    """)
    assert run.error.type == "Broken"
    assert run.error.message == "<Broken whose str() raises RuntimeError>"
    assert run.error.traceback[-1]["line"] == 7


def test_a_message_that_is_no_unicode_is_escaped(run_parser):
    run = run_parser("def parse(path):\n    open(b'/no/\\xff'.decode('utf8', 'surrogateescape'))\n")
    assert run.error.type == "FileNotFoundError"
    assert "\\udcff" in run.error.message
    run.error.text.encode()


def test_an_error_of_3_mb_is_cut(run_parser):
    run = run_parser("def parse(path):\n    raise ValueError('x' * 3_000_000)\n")
    assert run.error.type == "ValueError"
    assert 10_000 < len(run.error.message) < 100_000
    assert "3000000 characters in all" in run.error.message


def test_the_cause_of_an_error_is_told_with_it(run_parser):
    run = run_parser("""
        def parse(path):
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("no key") from error
    """)
    assert run.error.message == "no key"
    assert "KeyError: 'key'" in run.error.text
    assert "direct cause" in run.error.text


def test_what_is_no_frame_fails_while_it_is_serialised(run_parser):
    run = run_parser("def parse(path):\n    yield 5\n")
    assert (run.error.type, run.error.phase) == ("StructuralError", "serialise")


def test_an_async_parse_is_refused_with_what_to_write(run_parser):
    run = run_parser("async def parse(path):\n    return []\n")
    assert (run.error.type, run.error.phase) == ("ParserInvalid", "parse")
    assert "asyncio.run" in run.error.hint


def test_a_breakpoint_without_a_terminal_is_passed_over(run_parser):
    run = run_parser("def parse(path):\n    breakpoint()\n    return [{'n': 1}]\n")
    assert run.result.status == "completed"
    assert "parser.py:2 is passed over" in run.lines("warning")[0]


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EFBIG"])
def test_a_full_disk_a_quota_and_a_file_size_limit_are_the_same_trouble_of_the_machine(number):
    error = OSError(getattr(errno, number), "it is full")
    told = describe(error, phase="parse")
    assert (told["cause"], told["retryable"]) == ("disk_full", True)
