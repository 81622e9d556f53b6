"""What the program is made of: a CycloneDX list of components, and the licences' texts.

Usage: sbom.py CARGO TARGET OUT; VERSION and SOURCE_DATE_EPOCH in the environment. Everything comes from Cargo.lock and from the
sources that cargo has fetched; the same commit gives the same bytes.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = re.compile(r"^(licen[cs]e|copying|notice|unlicense)", re.I)


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def tree(cargo: str, target: str) -> tuple[list[tuple[str, str]], dict[tuple[str, str], set[tuple[str, str]]]]:
    """The crates whose code is in the program, and which of them needs which. Procedural macros run only while it is built."""
    options = ["-p", "stend", "-e", "normal,no-proc-macro", "--target", target, "--prefix", "depth", "-f", " {p}"]
    needs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    above: list[tuple[str, str]] = []
    for line in run(cargo, "tree", "--locked", "--offline", *options).splitlines():
        depth, name, version = line.split()[:3]
        crate = (name, version.removeprefix("v"))
        del above[int(depth) :]
        if above:
            needs[above[-1]].add(crate)
        above.append(crate)
        needs.setdefault(crate, set())
    return sorted(needs), needs


def runtime(target: str) -> list[dict[str, object]]:
    """What is linked in beside crates."""
    rust = run("rustc", "--version").split()[1]
    parts = [("rust-std", rust, "MIT OR Apache-2.0", f"pkg:github/rust-lang/rust@{rust}")]
    if target.endswith("linux-gnu"):
        version = run("getconf", "GNU_LIBC_VERSION").split()[1]
        parts.append(("glibc", version, "LGPL-2.1-or-later", f"pkg:generic/glibc@{version}"))
    return [
        {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "licenses": [{"expression": licence}]}
        for name, version, licence, purl in parts
    ]


def checksums(lock: str) -> dict[tuple[str, str], str]:
    found = {}
    for package in lock.split("[[package]]"):
        fields = dict(re.findall(r'^(\w+) = "(.*)"$', package, re.M))
        if "checksum" in fields:
            found[fields["name"], fields["version"]] = fields["checksum"]
    return found


def main() -> None:
    cargo, target, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    version = os.environ["VERSION"]
    crates, needs = tree(cargo, target)
    metadata = json.loads(run(cargo, "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", target))
    packages = {(one["name"], one["version"]): one for one in metadata["packages"]}
    sums = checksums((ROOT / "Cargo.lock").read_text(encoding="utf-8"))

    def purl(crate: tuple[str, str]) -> str:
        return f"pkg:cargo/{crate[0]}@{crate[1]}"

    components = []
    for crate in crates:
        package = packages[crate]
        entry = {"type": "library", "bom-ref": purl(crate), "name": crate[0], "version": crate[1], "purl": purl(crate)}
        # Old manifests separate licences by a stroke.
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if crate in sums:
            entry["hashes"] = [{"alg": "SHA-256", "content": sums[crate]}]
        if package["repository"]:
            entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        components.append(entry)
    own = ("stend", version)
    main_component = {**next(one for one in components if one["bom-ref"] == purl(own)), "type": "application"}
    components = [one for one in components if one["bom-ref"] != purl(own)]
    moment = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    seed = hashlib.sha256((ROOT / "Cargo.lock").read_bytes()).hexdigest() + target + version
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": main_component,
            "properties": [{"name": "stend:target", "value": target}],
        },
        "components": components + runtime(target),
        "dependencies": [{"ref": purl(crate), "dependsOn": sorted(map(purl, needs[crate]))} for crate in crates],
    }
    (out / f"stend-{version}.cdx.json").write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    texts: dict[str, list[str]] = {}
    lines = ["stend is MIT OR Apache-2.0. It contains:", ""]
    for crate in crates:
        package = packages[crate]
        if package["source"] is None:
            continue
        lines.append(f"  {crate[0]} {crate[1]}  {package['license']}")
        for file in sorted(Path(package["manifest_path"]).parent.iterdir()):
            if file.is_file() and TEXT.match(file.name):
                text = file.read_text(encoding="utf-8", errors="replace").strip()
                texts.setdefault(text, []).append(f"{crate[0]} {crate[1]}")
    for part in runtime(target):
        lines.append(f"  {part['name']} {part['version']}  {part['licenses'][0]['expression']}")
    if target.endswith("linux-gnu"):
        lines += ["", "The GNU C library is linked statically. Its sources: https://sourceware.org/git/glibc.git."]
        lines += ["`make dist` in the sources of stend links the program again, with another version of it if you like."]
    for text, of in texts.items():
        lines += ["", "-" * 80, ", ".join(of), "-" * 80, "", text]
    (out / "THIRD-PARTY-LICENSES.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(components)} components, {len(texts)} texts of licences")


if __name__ == "__main__":
    main()
