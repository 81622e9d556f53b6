"""Build the wheel that carries the binary.

`python build_wheel.py BINARY OUTDIR [--sbom FILE] [--notices FILE]` writes `stend-VERSION-py3-none-PLATFORM.whl`. The same inputs
give the same bytes: entries are sorted and dated by SOURCE_DATE_EPOCH (1980-01-01 when it is not set). Needs nothing beyond the
standard library. As a PEP 517 backend it takes the binary that the environment variable STEND_BINARY names.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = 315532800  # 1980-01-01: a zip file can tell no earlier time


def field(name: str) -> str:
    """The value of a plain string in pyproject.toml; `tomllib` is missing before Python 3.11."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(rf'^{name} = "([^"]*)"', text, re.M)
    if not found:
        raise SystemExit(f"pyproject.toml has no {name}")
    return found[1]


def elf_tag(binary: Path, data: bytes) -> str:
    """The tag of a program for Linux."""
    if data[4:6] != b"\x02\x01":
        raise SystemExit(f"{binary}: expected a program of 64 bits, little-endian")
    machine = {62: "x86_64", 183: "aarch64"}.get(int.from_bytes(data[18:20], "little"))
    if machine is None:
        raise SystemExit(f"{binary}: built for a processor that has no wheel tag here; expected x86-64 or arm64")
    table, size, count = (int.from_bytes(data[a:b], "little") for a, b in ((32, 40), (54, 56), (56, 58)))
    kinds = [int.from_bytes(data[at : at + 4], "little") for at in range(table, table + size * count, size)]
    if 3 not in kinds:  # PT_INTERP: no loader, so it is static, needs no C library and runs with glibc and musl alike
        return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    if b"/ld-musl-" in data:
        return f"musllinux_1_2_{machine}"
    newest = max((tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(2\.\d+)", data)), default=(2, 17))
    return f"manylinux_{newest[0]}_{newest[1]}_{machine}"


def platform_tag(binary: Path, data: bytes) -> str:
    """The wheel's platform tag, from the binary itself."""
    if data[:4] == b"\x7fELF":
        return elf_tag(binary, data)
    if data[:2] == b"MZ":
        header = int.from_bytes(data[60:64], "little")
        machine = {0x8664: "win_amd64", 0xAA64: "win_arm64"}.get(int.from_bytes(data[header + 4 : header + 6], "little"))
        if machine:
            return machine
    if data[:4] == b"\xcf\xfa\xed\xfe":
        machine = {0x01000007: "macosx_10_12_x86_64", 0x0100000C: "macosx_11_0_arm64"}.get(int.from_bytes(data[4:8], "little"))
        if machine:
            return machine
    raise SystemExit(f"{binary} is no program for Linux, Windows or macOS on x86-64 or arm64")


def metadata(licences: list[str]) -> str:
    lines = ["Metadata-Version: 2.4", f"Name: {field('name')}", f"Version: {field('version')}"]
    lines += [f"Summary: {field('description')}", f"Requires-Python: {field('requires-python')}"]
    lines += ["License-Expression: MIT OR Apache-2.0", *(f"License-File: {name}" for name in licences)]
    lines += ["Description-Content-Type: text/markdown", ""]
    return "\n".join(lines) + "\n" + (HERE / "README.md").read_text(encoding="utf-8")


def build(binary: Path, outdir: Path, sbom: Path | None = None, notices: Path | None = None) -> Path:
    """Write the wheel and return its path."""
    program = binary.read_bytes()
    name, version, tag = field("name"), field("version"), platform_tag(binary, program)
    info = f"{name}-{version}.dist-info"
    exe = "stend.exe" if tag.startswith("win") else "stend"
    files: dict[str, tuple[bytes, int]] = {}
    for path in sorted((HERE / "src").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[path.relative_to(HERE / "src").as_posix()] = (path.read_bytes(), 0o644)
    files[f"{name}-{version}.data/scripts/{exe}"] = (program, 0o755)
    wheel = ["Wheel-Version: 1.0", "Generator: stend build_wheel", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{part}" for part in tag.split(".")]
    files[f"{info}/WHEEL"] = ("\n".join(wheel + [""]).encode(), 0o644)
    licences = [HERE.parent.parent / name for name in ("LICENSE-MIT", "LICENSE-APACHE")] + ([notices] if notices else [])
    licences = [path for path in licences if path.exists()]
    for path in licences:
        files[f"{info}/licenses/{path.name}"] = (path.read_bytes(), 0o644)
    if sbom:
        files[f"{info}/sboms/{sbom.name}"] = (sbom.read_bytes(), 0o644)
    files[f"{info}/METADATA"] = (metadata([path.name for path in licences]).encode(), 0o644)
    files[f"{info}/entry_points.txt"] = (b"[pytest11]\nstend = stend.pytest_plugin\n", 0o644)

    def digest(data: bytes) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

    record = "".join(f"{path},sha256={digest(data)},{len(data)}\n" for path, (data, _) in files.items())
    files[f"{info}/RECORD"] = ((record + f"{info}/RECORD,,\n").encode(), 0o644)

    epoch = max(int(os.environ.get("SOURCE_DATE_EPOCH", OLDEST)), OLDEST)
    outdir.mkdir(parents=True, exist_ok=True)
    target = outdir / f"{name}-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, (data, mode) in files.items():
            entry = zipfile.ZipInfo(path, time.gmtime(epoch)[:6])
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return target


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """PEP 517."""
    binary = os.environ.get("STEND_BINARY")
    if not binary:
        raise SystemExit("set STEND_BINARY to the stend program that the wheel is to carry, or install the wheel of `make dist`")
    return build(Path(binary), Path(wheel_directory)).name


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the wheel that carries the stend program.")
    parser.add_argument("binary", type=Path)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--sbom", type=Path, help="a list of the program's components, put into the wheel")
    parser.add_argument("--notices", type=Path, help="the licences of those, put into the wheel")
    args = parser.parse_args()
    print(build(args.binary, args.outdir, args.sbom, args.notices))
