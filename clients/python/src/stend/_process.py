"""Find, start and stop the `stend` process."""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, Optional, Union

from ._client import Bench
from ._world import Moment, moment


class StartError(RuntimeError):
    """The bench did not start. The message holds what it printed."""


def executable() -> str:
    """The path of the `stend` executable: STEND_BINARY, the one installed with this package, or the one on PATH."""
    named = os.environ.get("STEND_BINARY")
    if named:
        if not os.access(named, os.X_OK):
            raise StartError(f"STEND_BINARY names {named}, which is no executable file")
        return named
    name = "stend.exe" if os.name == "nt" else "stend"
    for candidate in _installed(name):
        if os.access(candidate, os.X_OK):
            return candidate
    found = shutil.which("stend")
    if found:
        return found
    raise StartError("there is no `stend` executable: install the wheel for this platform, or set STEND_BINARY to one")


def _installed(name: str) -> Iterator[str]:
    """Where pip puts the program of a wheel."""
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if folder:
            yield os.path.join(folder, name)
    # Installed for a user, or with `--target` and `--prefix`: the list of installed files has the path.
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("stend") or []:
            if file.name == name and file.parent.name.lower() in ("bin", "scripts"):
                yield str(file.locate())
    # pip moves the program of a package that is installed with `--target`, and leaves the list as it was.
    yield str(Path(__file__).resolve().parent.parent / "bin" / name)


def _cannot_start(command: str, error: OSError) -> StartError:
    """Says what is wrong with a program that the system does not run."""
    why = f"cannot start {command}: {error.strerror or error}"
    if error.errno == errno.ENOEXEC or getattr(error, "winerror", None) in (193, 216):
        why += f"; it is no program for {platform.system()} on {platform.machine()}"
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            wheel = importlib.metadata.distribution("stend").read_text("WHEEL") or ""
            tags = ", ".join(re.findall(r"^Tag: py3-none-(.*)$", wheel, re.M))
            if tags:
                why += f" (the installed wheel is for {tags})"
        why += ". Install the wheel for this platform, or set STEND_BINARY to a program for it"
    elif error.errno == errno.ENOENT and os.path.exists(command):
        why += "; the file is there, so what it needs to run, its loader, is not: it was built for another system"
    return StartError(why)


def _remove(folder: str, owner: int) -> None:
    # A forked child, as multiprocessing makes them, leaves the files where they are.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def environment(control_url: str, token: Optional[str] = None) -> dict[str, str]:
    """What `stend env` prints for a bench. The files that it names are removed when this process ends."""
    folder = tempfile.mkdtemp(prefix="stend-env-")
    atexit.register(_remove, folder, os.getpid())
    command = [executable(), "env", control_url, "--shell", "dotenv"]
    # Where the program keeps the files of a user, on each system.
    own = {name: folder for name in ("XDG_DATA_HOME", "HOME", "LOCALAPPDATA")}
    if token:
        own["STEND_CONTROL_TOKEN"] = token
    try:
        printed = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, encoding="utf-8", timeout=30)
    except OSError as error:
        raise _cannot_start(command[0], error) from None
    if printed.returncode != 0:
        raise StartError(f"`{' '.join(command)}` failed:\n{printed.stderr}")
    found = re.findall(r'^(\w+)="(.*)"$', printed.stdout, re.M)
    variables = {name: re.sub(r"\\(.)", r"\1", value) for name, value in found}
    variables.pop("STEND_CONTROL_TOKEN", None)
    return variables


class Process:
    """A `stend serve` of one's own on free ports. It ends with `stop`, and when this process ends, however that happens."""

    def __init__(
        self,
        *args: str,
        world: Union[None, str, Path] = None,
        scenario: Union[None, str, Path] = None,
        seed: Optional[int] = None,
        clock: Optional[Moment] = None,
        strict: bool = False,
        token: Optional[str] = None,
        timeout: float = 10.0,
    ) -> None:
        command = [executable(), "serve", "--ephemeral", "--exit-on-eof"]
        self._folder = tempfile.TemporaryDirectory(prefix="stend-")
        ready = Path(self._folder.name) / "ready.json"
        self._log = Path(self._folder.name) / "stend.log"
        command += ["--ready-file", str(ready)]
        if world is not None:
            command += ["--world", str(world)]
        if scenario is not None:
            command += ["--scenario", str(scenario)]
        if seed is not None:
            command += ["--seed", str(seed)]
        if clock is not None:
            command += ["--clock", moment(clock)]
        if strict:
            command.append("--strict")
        command += args
        # Not an argument, which a list of processes would show.
        env = {**os.environ, "STEND_CONTROL_TOKEN": token} if token else None
        try:
            with open(self._log, "wb") as log:
                # The bench ends when its standard input closes: a parent that is killed leaves nothing behind.
                self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, env=env)
        except OSError as error:
            self._folder.cleanup()
            raise _cannot_start(command[0], error) from None
        until = time.monotonic() + timeout
        while not (ready.exists() and ready.stat().st_size):
            if self._child.poll() is not None or time.monotonic() > until:
                why = f"exit code {self._child.returncode}" if self._child.returncode is not None else f"no answer in {timeout} s"
                printed = self.output()
                self.stop()
                raise StartError(f"`{' '.join(command)}` did not start ({why}):\n{printed}")
            time.sleep(0.002)
        told = json.loads(ready.read_text(encoding="utf-8"))
        self.pid: int = told.pop("pid")
        self.version: str = told.pop("version")
        self.urls: dict[str, str] = told
        self.control_url: str = told["control"]

    def output(self) -> str:
        """What the process has printed so far."""
        with contextlib.suppress(OSError):
            return self._log.read_text(encoding="utf-8", errors="replace")
        return ""

    def stop(self, timeout: float = 5.0) -> int:
        """End the process and return its exit code."""
        if self._child.poll() is None:
            with contextlib.suppress(OSError):
                self._child.send_signal(signal.SIGTERM)
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()
        try:
            code = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait()
        with contextlib.suppress(OSError):
            self._folder.cleanup()
        return code


@contextlib.contextmanager
def serve(*args: str, token: Optional[str] = None, **options: Any) -> Iterator[Bench]:
    """Run a bench of one's own: `with stend.serve(seed=7) as bench: …`. Further arguments are options of `stend serve`."""
    token = token or os.environ.get("STEND_CONTROL_TOKEN")
    process = Process(*args, token=token, **options)
    try:
        yield Bench(process.control_url, token)
    finally:
        process.stop()
