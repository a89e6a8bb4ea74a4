"""Loading a parser: from a file being edited (dev) or from a bundle's ZIP (prod).

Both ways the modules are imported from real files that stay while the run lasts, so tracebacks and
``pdb`` show the person's own lines, and siblings, data files, pickle and late imports work alike.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import keyword
import os
import re
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .failures import GuestFailure
from .fresh_source import FOLDER_VARIABLE, FreshSource, compile_ahead, read_fresh, real_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeGuard

_NAME_RE = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: A version is the name of a folder, and a word of commands: ``parser show sales@1.0.0``.
_VERSION_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_MAYBE_RELATIVE = re.compile(rb"from[\s\\]*\.")
_imported: dict[str, ModuleType] = {}
#: Folders that are first on ``sys.path``, and whose modules are read from their source.
_entered: set[str] = set()
#: Files that were seen to be what is imported by their plain names.
_found_ahead: set[str] = set()


@dataclass
class LoadedParser:
    """A parser ready to run: who it is, what it declares, and the call that parses."""

    name: str
    version: str | None
    topics: list[str]
    outputs: Any
    level: str
    """``parser`` (level 2), ``handler`` (its predecessor) or ``function`` (level 1)."""
    parse: Callable[[Any], Any]
    """Takes the context, returns or yields frames."""
    sink: str | None = None
    default_output: str | None = field(default=None)
    """The output of a frame without a name; None where several are declared."""


def extract(archive: str, folder: str) -> None:
    """Unpack a bundle's ZIP into ``folder``, refusing whatever would leave it.

    Raises:
        GuestFailure: a damaged archive, ``..``, an absolute name, a link, or more than the limits;
            or the folder can't be written, which says nothing of the archive.
    """
    import zipfile  # only for bundles, and it takes its time

    from .archive import reason_against

    try:
        with zipfile.ZipFile(archive) as bundle:
            entries = bundle.infolist()
            reason = reason_against(entries)
            if reason is not None:
                raise _corrupt(reason)
            for entry in entries:
                content = b"" if entry.is_dir() else bundle.read(entry)
                with unpacking():
                    _put(os.path.join(folder, entry.filename), content)
    except (GuestFailure, MemoryError):
        raise
    except Exception as error:  # a damaged ZIP raises whatever its unpacker happens to
        raise _corrupt(str(error) or type(error).__name__) from error


def _put(path: str, content: bytes) -> None:
    if path.endswith("/"):
        os.makedirs(path, exist_ok=True)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


@contextmanager
def unpacking() -> Iterator[None]:
    """Turn an error of the disk, met while a bundle is put there, into what the host tries again.

    Raises GuestFailure.
    """
    try:
        yield
    except OSError as error:
        raise GuestFailure(
            f"the parser's bundle can't be unpacked: {error}",
            kind="BundleNotUnpacked",
            cause="disk_full",
        ) from error


def _corrupt(reason: str) -> GuestFailure:
    return GuestFailure(
        f"the parser's archive is not usable: {reason}",
        kind="BundleCorrupt",
        hint="register the parser again",
        cause="bundle_corrupt",
    )


def import_parser(path: str) -> ModuleType:
    """Import the file ``path`` as a module, its folder first on ``sys.path`` as for a script.

    Args:
        path: absolute.

    Raises:
        Exception: whatever the module's own code raises.
    """
    known = _imported.get(path)
    if known is not None:
        return known  # this process serves several runs
    module = _imported[path] = _import_file(path)
    return module


def prepare(path: str) -> None:
    """Do ahead, for forks, what `import_parser` does before the parser's own code runs.

    What lies beside the file must be what the forks find there: a bundle, as it was unpacked.
    """
    folder, filename = os.path.split(path)
    _enter(folder)
    compile_ahead(folder)
    real_folder(folder)  # which is remembered
    module = filename.removesuffix(".py")
    re.compile(pattern_of(module))  # which `re` remembers
    PathFinder.find_spec(module, [folder])  # which remembers what lies there, until that changes
    if os.path.isfile(path) and _is_found(module, path) and not _wants_package(path):
        _found_ahead.add(path)


def _enter(folder: str) -> None:
    if folder not in _entered:
        _entered.add(folder)
        sys.path.insert(0, folder)
        read_fresh(folder)


def pattern_of(module: str) -> str:
    """What matches the name of a module and of those below it, as a filter of warnings has it."""
    return module.replace(".", r"\.")


def _import_file(path: str) -> ModuleType:
    folder, filename = os.path.split(path)
    stem = filename[:-3] if filename.endswith(".py") else filename
    _enter(folder)
    if path in _found_ahead and stem not in sys.modules:
        return importlib.import_module(stem)
    if _wants_package(path):
        return importlib.import_module(f"{_import_package(folder)}.{stem}")
    if filename == f"{stem}.py" and _is_found(stem, path):
        return importlib.import_module(stem)
    name = stem if stem.isidentifier() and stem not in sys.modules else f"casparian_parser_{stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=FreshSource(name, path))
    if spec is None or spec.loader is None:
        raise GuestFailure(f"{path} can't be imported as Python", kind="ParserNotLoadable")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def undone() -> Iterator[None]:
    """Afterwards no parser was ever imported: this process is as it was before."""
    path, hooks, finders = sys.path[:], sys.path_hooks[:], dict(sys.path_importer_cache)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for parser in _imported.values():
            sys.modules.pop(parser.__name__, None)
        _imported.clear()
        _entered.clear()
        os.environ.pop(FOLDER_VARIABLE, None)
        sys.path[:], sys.path_hooks[:] = path, hooks
        sys.path_importer_cache.clear()
        sys.path_importer_cache.update(finders)


def _is_found(name: str, path: str) -> bool:
    """Whether the file is what is imported by this name."""
    if not name.isidentifier() or name in sys.modules:
        return False
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.has_location or spec.origin is None:
        return False
    return os.path.samefile(spec.origin, path)


def _import_package(folder: str) -> str:
    """Import ``folder`` as a package, whatever else has its name; returns the name it got."""
    name = re.sub(r"\W", "_", os.path.basename(folder))
    if not name.isidentifier() or keyword.iskeyword(name) or name in sys.modules:
        name = f"casparian_parser_{name}"
    # Its parent goes last, where it shadows nothing, for the children that multiprocessing spawns.
    sys.path.append(os.path.dirname(folder))
    init = os.path.join(folder, "__init__.py")
    if os.path.exists(init):
        spec = importlib.util.spec_from_file_location(
            name, init, loader=FreshSource(name, init), submodule_search_locations=[folder]
        )
        assert spec is not None
        assert spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules[name] = package
        spec.loader.exec_module(package)
    else:
        package = ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package
    return name


def _wants_package(path: str) -> bool:
    """Whether the module uses relative imports, and so has to be imported as part of a package."""
    with open(path, "rb") as file:
        source = file.read()
    if not _MAYBE_RELATIVE.search(source):
        return False
    try:
        tree = ast.parse(source, filename=path)
    except (SyntaxError, ValueError):
        return False  # importing it says where, and better
    return any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


def find_parser(module: ModuleType) -> LoadedParser:
    """What in ``module`` is the parser.

    Raises:
        GuestFailure: there is none, or what it declares about itself is incomplete.
    """
    candidate = getattr(module, "Parser", None)
    if _is_class_of(candidate, module) and callable(getattr(candidate, "parse", None)):
        return _from_class(candidate, module)
    stem = os.path.basename(module.__file__ or module.__name__)
    stem = stem[:-3] if stem.endswith(".py") else stem
    handler = getattr(module, "Handler", None)
    if _is_class_of(handler, module):
        for method in ("parse", "execute", "consume"):
            if callable(getattr(handler, method, None)):
                return _ad_hoc(module, stem, getattr(handler(), method), "handler")
    function = getattr(module, "parse", None)
    if inspect.isfunction(function):
        return _ad_hoc(module, stem, function, "function")
    raise GuestFailure(
        "Parser must have Parser class, parse() function, or Handler class",
        kind="ParserNotFound",
        hint=f"define `def parse(path): ...` in {os.path.basename(module.__file__ or stem)}",
    )


def _is_class_of(candidate: Any, module: ModuleType) -> TypeGuard[type]:
    return inspect.isclass(candidate) and candidate.__module__ == module.__name__


def _from_class(cls: type, module: ModuleType) -> LoadedParser:
    name, version = getattr(cls, "name", None), getattr(cls, "version", None)
    if not isinstance(name, str) or not _NAME_RE.fullmatch(name):
        raise GuestFailure(
            f"{_where(module)}: `name` must be lower-case letters, digits and underscores, "
            f"beginning with a letter, at most 63; it is {name!r}",
            kind="ParserInvalid",
            hint='write `name = "sales"` in the class',
        )
    if not isinstance(version, str) or not _VERSION_RE.fullmatch(version):
        raise GuestFailure(
            f"{_where(module)}: `version` must be a text such as '1.0.0': letters, digits and "
            f". _ + -, beginning with a letter or a digit, at most 64; it is {_shown(version)}",
            kind="ParserInvalid",
            hint='write `version = "1.0.0"` in the class',
        )
    topics = getattr(cls, "topics", None)
    topics = [name] if topics is None else topics
    if not isinstance(topics, (list, tuple)) or not all(isinstance(t, str) for t in topics):
        raise GuestFailure(
            f"{_where(module)}: `topics` must be a list of texts; it is {topics!r}",
            kind="ParserInvalid",
            hint=f'write `topics = ["{name}"]` in the class',
        )
    outputs = getattr(cls, "outputs", None)
    default: str | None = name
    if isinstance(outputs, dict) and outputs and not any(_is_column(v) for v in outputs.values()):
        default = next(iter(outputs)) if len(outputs) == 1 else None
    instance = cls()
    return LoadedParser(
        name, version, list(topics), outputs, "parser", instance.parse, default_output=default
    )


def _where(module: ModuleType) -> str:
    return f"class Parser in {os.path.basename(module.__file__ or module.__name__)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:80]}… ({len(text)} characters)"


def _is_column(value: Any) -> bool:
    """Whether a value of ``outputs`` declares a column; the host judges the rest of it."""
    return isinstance(value, str) or (
        isinstance(value, dict) and isinstance(value.get("type"), str)
    )


def _ad_hoc(module: ModuleType, stem: str, call: Callable[[str], Any], level: str) -> LoadedParser:
    topic, sink = getattr(module, "TOPIC", None), getattr(module, "SINK", None)
    for label, value in (("TOPIC", topic), ("SINK", sink)):
        if value is not None and not isinstance(value, str):
            raise GuestFailure(f"{label} must be a text; it is {value!r}", kind="ParserInvalid")
    name = re.sub(r"[^a-z0-9_]+", "_", stem.lower()).strip("_")
    name = name if name[:1].isalpha() else f"p_{name}"
    output = topic if topic is not None else name[:63]
    return LoadedParser(
        name[:63],
        None,
        [topic] if topic is not None else [],
        None,
        level,
        lambda ctx: call(str(ctx.input_path)),
        sink=sink,
        default_output=output,
    )
