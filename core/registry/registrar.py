"""Registering a parser, step by step; the store changes with the last one only."""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from casparian.core.bundles import BUNDLE_LIMIT, build_bundle, contents, project_folder
from casparian.core.bundles.kinds import LOCK, PROJECT
from casparian.core.contract.files import find_contract_file, resolve_contract
from casparian.core.contract.parse import parse_outputs
from casparian.core.contract_diff import ContractDiff, diff_contracts
from casparian.core.events import Batch
from casparian.core.gatekeeper import is_allowed, look_at, missing_imports
from casparian.core.inputs import input_files
from casparian.core.registry.candidates import ad_hoc
from casparian.core.registry.elsewhere import not_in
from casparian.core.registry.errors import RegistrationError
from casparian.core.registry.unpacked import unpacked
from casparian.core.sinks.staged import place_note
from casparian.core.stores.errors import ParserExistsError
from casparian.core.stores.parsers import NewParser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.core.bundles import Bundle, LeftOut
    from casparian.core.contract.model import Contract
    from casparian.core.events import Event, Hello, Log
    from casparian.core.gatekeeper import Finding
    from casparian.core.registry.candidates import Candidate
    from casparian.core.registry.known import Known
    from casparian.core.registry.unpacked import Conditions, Unpacked
    from casparian.core.run_report import RunReport

_MENDED: Final = "its bundle in the store was damaged; it is whole again"
Status = Literal["registered", "unchanged"]
Step = Literal["bundle", "code", "environment", "imports", "load", "samples", "contract", "store"]
"""What is done with a parser on its way into the store, in this order."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of a parser, and what may be done to the store."""

    force: bool = False
    """Whether a version may get other content."""
    skip_validation: bool = False
    """Whether it is not run on its samples."""
    strict: bool = False
    """Whether what the gatekeeper finds is refused, ``allowed`` aside."""
    allowed: tuple[str, ...] = ()
    bundle_limit: int = BUNDLE_LIMIT


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What registering takes from outside.

    ``python_of`` gives the interpreter for a folder with ``pyproject.toml`` and ``uv.lock``, and
    the parser's name for people. ``confirm`` is asked before a contract is broken: the parser's
    name, the version that readers know, and what changes. ``say`` is told what is being done,
    ``on_step`` which step of it begins.
    """

    python_of: Callable[[Path, str], Path]
    conditions: Conditions
    confirm: Callable[[str, str, ContractDiff], bool]
    say: Callable[[str], None] = lambda _: None
    on_step: Callable[[Step], None] = lambda _: None
    on_log: Callable[[Log], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Registration:
    """A parser that is in the store now, and all that was found on the way."""

    path: Path
    status: Status
    name: str
    version: str
    topics: tuple[str, ...]
    contract_hash: str | None
    bundle: Bundle
    replaced: bool = False
    """Whether this version had other content before."""
    previous: str | None = None
    """The version that was the latest before, with which its contract was compared."""
    findings: tuple[Finding, ...] = ()
    changes: ContractDiff | None = None
    samples: tuple[RunReport, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What lies in its folder and is not in the bundle."""
        return self.bundle.left_out


@dataclass(slots=True)
class Registrar:
    """Registers parsers one after the other; a refused one leaves the store as it was."""

    known: Known
    rules: Rules
    around: Surroundings
    _names: dict[str, Path] = field(default_factory=dict)

    def register(self, candidate: Candidate) -> Registration:
        """Register a parser, or raise the CasparianError that says why not."""
        self.around.on_step("bundle")
        bundle = build_bundle(
            candidate.folder,
            entrypoint=candidate.entrypoint,
            shared=candidate.shared,
            without=candidate.without,
            limit=self.rules.bundle_limit,
        )
        files = contents(bundle.archive)
        self.around.on_step("code")
        _check_lock(candidate, files[LOCK])
        findings = tuple(look_at(files))
        self._judge(candidate, findings)
        there = self.known.of_hash(bundle.source_hash)
        if there is not None:
            self._take_name(there.name, candidate)
            mended = self.known.restore(bundle.source_hash, bundle.archive)
            return Registration(
                candidate.path,
                "unchanged",
                there.name,
                there.version,
                there.topics,
                there.contract_hash,
                bundle,
                findings=findings,
                warnings=(_MENDED,) if mended else (),
            )
        with unpacked(bundle.archive, bundle.entrypoint) as copy:
            return _Attempt(self, candidate, bundle, findings, copy).register()

    def _judge(self, candidate: Candidate, findings: Sequence[Finding]) -> None:
        refused = [one for one in findings if not is_allowed(one.name, self.rules.allowed)]
        if not self.rules.strict or not refused:
            return
        lines = [f"{candidate.label}: its code reaches beyond files and rows (--strict):"]
        lines += [f"  {one.sentence}" for one in refused]
        allow = " ".join(f"--allow {name}" for name in dict.fromkeys(one.name for one in refused))
        raise RegistrationError("\n".join(lines), hint=f"if it is to do so: {allow}")

    def _take_name(self, name: str, candidate: Candidate) -> None:
        """See that no two parsers of one command have the same name."""
        other = self._names.setdefault(name, candidate.path)
        if other != candidate.path:
            raise RegistrationError(
                f"{candidate.label}: its name is {name!r}, which is that of {other} as well",
                hint="give each parser a name of its own",
            )


class _Attempt:
    """One parser on its way into the store."""

    def __init__(
        self,
        registrar: Registrar,
        candidate: Candidate,
        bundle: Bundle,
        findings: tuple[Finding, ...],
        copy: Unpacked,
    ) -> None:
        self._registrar = registrar
        self._known, self._rules = registrar.known, registrar.rules
        self._around = registrar.around
        self._candidate = candidate
        self._bundle = bundle
        self._findings = findings
        self._copy = copy
        self._warnings: list[str] = []

    def register(self) -> Registration:
        candidate, label = self._candidate, self._candidate.label
        self._around.on_step("environment")
        self._around.say(f"{label}: preparing its environment")
        # Not the copy's folder: what uv says of it is to be of use to who reads it.
        project = project_folder(candidate.folder, candidate.shared)
        python = self._around.python_of(project, label)
        self._around.on_step("imports")
        self._check_imports(python)
        self._around.on_step("load")
        self._around.say(f"{label}: loading it")
        hello = self._copy.hello(
            python, self._around.conditions, shown=label, source=candidate.folder
        )
        if hello.level != "parser" or hello.version is None:
            raise ad_hoc(candidate.folder / candidate.entrypoint, hello.level)
        self._registrar._take_name(hello.parser, candidate)
        contract = resolve_contract(
            hello.outputs, find_contract_file(self._copy.parser), parser_name=hello.parser
        )
        self._compare_versions(hello)
        before = self._known.of_version(hello.parser, hello.version)
        if before is not None and not self._rules.force:
            raise ParserExistsError(
                f"{label}: {hello.parser} {hello.version} is registered already, with other "
                "content",
                hint="raise `version` in class Parser, or replace it with --force",
            )
        self._around.on_step("samples")
        samples = self._try_samples(python)
        self._around.on_step("contract")
        previous = self._known.latest(hello.parser)
        changes = None
        if previous is not None:
            changes = _changes(previous.contract, contract, hello.parser)
            if changes.verdict == "breaking":
                self._ask(label, hello.parser, previous.version, changes)
        self._around.on_step("store")
        self._insert(hello, contract)
        return Registration(
            candidate.path,
            "registered",
            hello.parser,
            hello.version,
            hello.topics,
            None if contract is None else contract.hash,
            self._bundle,
            replaced=before is not None,
            previous=None if previous is None else previous.version,
            findings=self._findings,
            changes=changes,
            samples=samples,
            warnings=tuple(self._warnings),
        )

    def _check_imports(self, python: Path) -> None:
        left_out = {one.path: one.reason for one in self._bundle.left_out}
        missing = missing_imports(
            contents(self._bundle.archive),
            self._bundle.entrypoint,
            lambda names: not_in(python, names),
            left_out=left_out,
        )
        if missing:
            lines = [f"{self._candidate.label}: what it imports is not there:"]
            lines += [f"  {one.sentence}" for one in missing]
            raise RegistrationError(
                "\n".join(lines),
                hint="put its module into the folder, or its package into the project: uv add NAME",
            )

    def _compare_versions(self, hello: Hello) -> None:
        """Warn if ``pyproject.toml`` has a version of its own: the parser's is what counts."""
        if not self._candidate.has_own_project:
            return
        project = tomllib.loads((self._copy.project / PROJECT).read_text("utf-8"))
        version = project.get("project", {}).get("version")
        if isinstance(version, str) and version != hello.version:
            self._warnings.append(
                f"pyproject.toml says version {version}, the parser {hello.version}: "
                "the parser's is taken"
            )

    def _try_samples(self, python: Path) -> tuple[RunReport, ...]:
        folder = self._candidate.samples
        if self._rules.skip_validation or not folder.is_dir():
            return ()
        reports = []
        sinks: dict[str, str] = {}

        def note_sink(event: Event) -> None:
            if isinstance(event, Batch) and event.sink is not None:
                sinks[event.output] = event.sink

        for path in input_files([str(folder)]):
            self._around.say(f"{self._candidate.label}: trying it on {path.name}")
            report = self._copy.run(
                python, path, self._around.conditions, self._around.on_log, note_sink
            )
            if report.status not in ("completed", "completed_with_warnings"):
                raise _failed_sample(self._candidate, report)
            if report.rows_quarantined:
                self._warnings.append(
                    f"{path.name}: {report.rows_quarantined:,} of "
                    f"{report.rows + report.rows_quarantined:,} rows would be quarantined: "
                    f"{report.quarantine[0].reasons[0].message}"
                )
            reports.append(report)
        notes = (place_note(output, sink) for output, sink in sinks.items())
        self._warnings += filter(None, notes)
        return tuple(reports)

    def _ask(self, label: str, name: str, version: str, changes: ContractDiff) -> None:
        if not self._around.confirm(name, version, changes):
            lines = [f"{label}: its contract breaks that of {name} {version}:"]
            lines += [
                f"  {'.'.join(filter(None, (one.output, one.column)))}: {one.sentence}"
                for one in changes.changes
                if one.verdict == "breaking"
            ]
            raise RegistrationError(
                "\n".join(lines), hint="if readers of its outputs are ready for it: --yes"
            )

    def _insert(self, hello: Hello, contract: Contract | None) -> None:
        assert hello.version is not None
        new = NewParser(
            hello.parser,
            hello.version,
            self._bundle.source_hash,
            self._bundle.lockfile_hash,
            self._bundle.entrypoint,
            hello.topics,
            None if contract is None else json.dumps(contract.canonical(), ensure_ascii=False),
            None if contract is None else contract.hash,
            self._bundle.archive,
        )
        self._known.insert(new, force=self._rules.force)


def stored_contract(text: str | None, name: str) -> Contract | None:
    """Return the contract that a store keeps as text."""
    return (
        None
        if text is None
        else parse_outputs(json.loads(text)["outputs"], parser_name=name, where="the store")
    )


def _changes(stored: str | None, new: Contract | None, name: str) -> ContractDiff:
    """Compare with what readers know; to have no contract is to promise nothing."""
    from casparian.core.contract.model import Contract
    from casparian.core.contract_diff import Change

    old = stored_contract(stored, name)
    if old is None and new is not None:
        sentence = "there was no contract: what passed may now be quarantined"
        return ContractDiff((Change("", "", "contract", "tightening", None, {}, sentence),))
    if old is not None and new is None:
        sentence = "the contract is gone: types are inferred, and nothing is quarantined"
        return ContractDiff((Change("", "", "contract", "breaking", {}, None, sentence),))
    return diff_contracts(old or Contract(()), new or Contract(()))


def _check_lock(candidate: Candidate, lock: bytes) -> None:
    try:
        packages = tomllib.loads(lock.decode()).get("package", [])
        names = {package["name"] for package in packages}
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise RegistrationError(
            f"{candidate.label}: its uv.lock can't be read: {error}",
            hint="take it away, and make it again: uv lock",
        ) from error
    if "pyarrow" not in names:
        raise RegistrationError(
            f"{candidate.label}: its uv.lock has no pyarrow, which every parser needs",
            hint="uv add pyarrow",
        )


def _failed_sample(candidate: Candidate, report: RunReport) -> RegistrationError:
    error = report.error
    told = "it was interrupted" if error is None else f"{error.type}: {error.message}"
    lines = [f"{candidate.label}: it fails on its sample {report.input_path.name}: {told}"]
    if error is not None and error.traceback:
        last = error.traceback[-1]
        # Where the bundle was unpacked means nothing any more.
        lines.append(f"  at {last['file'].rpartition('/bundle/')[2]}:{last['line']}")
    lines += [f"  {row.reasons[0].message}" for row in report.quarantine[:3]]
    hints = [error.hint] if error is not None and error.hint and error.kind == "parser" else []
    words = ["casparian", "run", str(candidate.path), str(report.input_path), "--whatif"]
    untried = ["casparian", "parser", "register", str(candidate.path), "--skip-validation"]
    hints += [f"see all of it: {shlex.join(words)}", f"register it untried: {shlex.join(untried)}"]
    return RegistrationError("\n".join(lines), hint="; ".join(hints))
