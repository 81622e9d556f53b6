"""Build the wheel that carries the binary.

`python build_wheel.py BINARY OUTDIR` writes `stend-VERSION-py3-none-PLATFORM.whl`. The same inputs give the same bytes:
entries are sorted and dated by SOURCE_DATE_EPOCH (1980-01-01 when it is not set). Needs nothing beyond the standard
library. As a PEP 517 backend it takes the binary that the environment variable STEND_BINARY names.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import re
import sys
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def field(name: str) -> str:
    """The value of a plain string in pyproject.toml; `tomllib` is missing before Python 3.11."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(rf'^{name} = "([^"]*)"', text, re.M)
    if not found:
        raise SystemExit(f"pyproject.toml has no {name}")
    return found[1]


def platform_tag(binary: Path) -> str:
    """The wheel's platform tag, from the binary itself."""
    head = binary.read_bytes()[:64]
    if head[:4] == b"\x7fELF":
        machine = {62: "x86_64", 183: "aarch64"}.get(int.from_bytes(head[18:20], "little"))
        if machine is None:
            raise SystemExit(f"{binary}: built for a processor that has no wheel tag here")
        # A static binary needs no C library; musl and glibc systems both run it.
        return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    if head[:2] == b"MZ":
        return "win_amd64"
    if head[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        arm = head[4:8] == b"\x0c\x00\x00\x01"
        return "macosx_11_0_arm64" if arm else "macosx_10_12_x86_64"
    raise SystemExit(f"{binary} is no executable for Linux, Windows or macOS")


def metadata() -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {field('name')}", f"Version: {field('version')}"]
    lines += [f"Summary: {field('description')}", f"Requires-Python: {field('requires-python')}"]
    lines += ["License: MIT OR Apache-2.0", "Description-Content-Type: text/markdown", ""]
    return "\n".join(lines) + "\n" + (HERE / "README.md").read_text(encoding="utf-8")


def build(binary: Path, outdir: Path) -> Path:
    """Write the wheel and return its path."""
    name, version, tag = field("name"), field("version"), platform_tag(binary)
    info = f"{name}-{version}.dist-info"
    exe = "stend.exe" if tag == "win_amd64" else "stend"
    files: dict[str, tuple[bytes, int]] = {}
    for path in sorted((HERE / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[path.relative_to(HERE / "src").as_posix()] = (path.read_bytes(), 0o644)
    files[f"{name}-{version}.data/scripts/{exe}"] = (binary.read_bytes(), 0o755)
    wheel = ["Wheel-Version: 1.0", "Generator: stend build_wheel", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{part}" for part in tag.split(".")]
    files[f"{info}/WHEEL"] = ("\n".join(wheel + [""]).encode(), 0o644)
    files[f"{info}/METADATA"] = (metadata().encode(), 0o644)
    files[f"{info}/entry_points.txt"] = (b"[pytest11]\nstend = stend.pytest_plugin\n", 0o644)

    def digest(data: bytes) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

    record = "".join(f"{path},sha256={digest(data)},{len(data)}\n" for path, (data, _) in files.items())
    files[f"{info}/RECORD"] = ((record + f"{info}/RECORD,,\n").encode(), 0o644)

    epoch = max(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")), 315532800)
    outdir.mkdir(parents=True, exist_ok=True)
    target = outdir / f"{name}-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, (data, mode) in files.items():
            entry = zipfile.ZipInfo(path, time.gmtime(epoch)[:6])
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return target


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """PEP 517."""
    binary = os.environ.get("STEND_BINARY")
    if not binary:
        raise SystemExit("set STEND_BINARY to the stend executable that the wheel is to carry")
    return build(Path(binary), Path(wheel_directory)).name


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(f"usage: {Path(sys.argv[0]).name} BINARY OUTDIR   (on {platform.system()})")
    print(build(Path(sys.argv[1]), Path(sys.argv[2])))
