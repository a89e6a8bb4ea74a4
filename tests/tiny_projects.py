"""Projects with a lock that costs uv nothing: their "pyarrow" is a wheel of one line."""

from __future__ import annotations

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from casparian.core.environments import Environment, prepare_environment

VERSION = "99.0"


@dataclass
class Place:
    """A project with its wheels, and a CASPARIAN_HOME."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def venvs(self) -> Path:
        return self.home / "venvs"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def prepare(self, project: Path | None = None, **options) -> Environment:
        return prepare_environment(
            project or self.project, parser="sales", home=self.home, **options
        )

    def write(
        self,
        name: str = "project",
        *,
        package: str = "pyarrow",
        requires_python: str = ">=3.10",
        marker: str = "",
        extra: str = "",
    ) -> Path:
        """A project that needs one package, of the folder ``wheels`` beside it."""
        project = self.folder / name
        project.mkdir(exist_ok=True)
        wheels = self.folder / "wheels"  # an absolute path, for a bundle is unpacked elsewhere
        also = f" ; {marker}" if marker else ""
        (project / "pyproject.toml").write_text(
            f'[project]\nname = "tiny"\nversion = "1"\nrequires-python = "{requires_python}"\n'
            f'dependencies = ["{package}=={VERSION}{also}"]\n{extra}\n'
            f'[tool.uv]\nno-index = true\nfind-links = ["{wheels}"]\n'
        )
        here = f', marker = "{marker}"' if marker else ""
        (project / "uv.lock").write_text(
            f'version = 1\nrevision = 3\nrequires-python = "{requires_python}"\n\n'
            f'[[package]]\nname = "{package}"\nversion = "{VERSION}"\n'
            f'source = {{ registry = "{wheels}" }}\n'
            f'wheels = [\n    {{ path = "{wheel_name(package)}" }},\n]\n\n'
            '[[package]]\nname = "tiny"\nversion = "1"\nsource = { virtual = "." }\n'
            f'dependencies = [\n    {{ name = "{package}"{here} }},\n]\n\n'
            "[package.metadata]\n"
            f'requires-dist = [{{ name = "{package}"{here}, specifier = "=={VERSION}" }}]\n'
        )
        return project

    def remote(self) -> Path:
        """A project whose only package is behind a port where nobody listens."""
        project = self.write("remote")
        lock = project / "uv.lock"
        text = lock.read_text().replace(
            f'"{self.folder / "wheels"}"', '"http://127.0.0.1:9/simple"'
        )
        place = f'url = "http://127.0.0.1:9/{wheel_name("pyarrow")}", hash = "sha256:{"0" * 64}"'
        lock.write_text(text.replace(f'path = "{wheel_name("pyarrow")}"', place))
        return project


def wheel_name(package: str) -> str:
    return f"{package}-{VERSION}-py3-none-any.whl"


def write_wheel(folder: Path, package: str) -> Path:
    """A package of one module that knows its version."""
    info = f"{package}-{VERSION}.dist-info"
    files = {
        f"{package}/__init__.py": f"__version__ = {VERSION!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(text)}\n"
    folder.mkdir(exist_ok=True)
    path = folder / wheel_name(package)
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(name, text)
    return path


def make_place(folder: Path) -> Place:
    """A project that needs pyarrow, in a folder."""
    write_wheel(folder / "wheels", "pyarrow")
    made = Place(folder)
    made.write()
    return made
