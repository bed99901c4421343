"""The replies of other projects' tests: where loadgen and the installed curl differ, by kind.

Usage: scripts/peer-suites replies [--loadgen PROGRAM] [--own] [CHECKOUT...]

  CHECKOUT  a checkout of github.com/curl/curl or github.com/nodejs/llhttp
  --own     the replies of docs/REPLIES.md, held to its column of what curl makes of them

Every plain HTTP/1.x reply is sent whole to one request of each program, and then the connection is closed. Exit code 1 when a kind of
difference is not in the list of docs/REPLIES.md.
"""

import argparse
import base64
import json
import re
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "REPLIES.md"
LIMIT_S = 10


class Case(NamedTuple):
    name: str
    reply: bytes
    to_head: bool


class Verdict(NamedTuple):
    """`refusal` is None where the bytes were taken for a reply."""

    status: int
    body_bytes: int
    refusal: str | None


# Curl's files -----------------------------------------------------------------------------------------------------------------

ESCAPES = {"%spc%": " ", "%tab%": "\t", "%CR": "\r", "%LT": "<", "%GT": ">", "%AMP": "&"}


def expanded(text: str) -> bytes | None:
    """The text of a curl test with its escapes carried out; None where it depends on curl's build."""
    if "%if " in text:
        return None
    for escape, character in ESCAPES.items():
        text = text.replace(escape, character)
    text = re.sub(r"%repeat\[(\d+) x (.*?)\]%", lambda m: unescaped(m[2]).decode("latin-1") * int(m[1]), text, flags=re.S)
    text = re.sub(r"%b64\[(.*?)\]b64%", lambda m: base64.b64encode(unescaped(m[1])).decode(), text, flags=re.S)
    text = re.sub(r"%hex\[(.*?)\]hex%", lambda m: unescaped(m[1]).decode("latin-1"), text, flags=re.S)
    return text.encode("latin-1")


def unescaped(text: str) -> bytes:
    return re.sub(rb"%([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("latin-1"))


def curl_cases(folder: Path):
    files = [file for file in folder.iterdir() if re.fullmatch(r"test\d+", file.name)]
    for file in sorted(files, key=lambda file: int(file.name[4:])):
        text = file.read_bytes().decode("latin-1")
        servers = re.search(r"<server>\s*(.*?)\s*</server>", text, re.S)
        if not servers or servers[1].split() != ["http"]:
            continue
        command = re.search(r"<command[^>]*>(.*?)</command>", text, re.S)
        to_head = bool(command and re.search(r"(^|\s)(-I|--head)\b", command[1]))
        reply = re.search(r"<reply>(.*?)</reply>", text, re.S)
        for tag, attributes, content in re.findall(r"<(data\d*)([^>]*)>\n?(.*?)</\1>", reply[1] if reply else "", re.S):
            data = curl_data(attributes, content)
            if data:
                yield Case(f"{file.name} {tag}", data, to_head)


def curl_data(attributes: str, content: str) -> bytes | None:
    if 'base64="yes"' in attributes:
        return base64.b64decode(content)
    if 'hex="yes"' in attributes:
        return bytes.fromhex(re.sub(r"\s", "", content))
    data = expanded(content)
    if data is None:
        return None
    if 'nonewline="yes"' in attributes:
        data = data.removesuffix(b"\n")
    if 'crlf="yes"' in attributes:
        data = re.sub(rb"\r?\n", b"\r\n", data)
    elif 'crlf="headers"' in attributes:
        head, end, body = data.partition(b"\n\n")
        data = re.sub(rb"\r?\n", b"\r\n", head + end) + body
    return data


# Llhttp's files and our own ---------------------------------------------------------------------------------------------------


def llhttp_cases(folder: Path):
    for file in sorted(folder.glob("*.md")):
        text = file.read_bytes().decode("latin-1")
        blocks = re.findall(r'meta=\{"type": "response"[^\n]*-->\n+```http\n(.*?)\n?```', text, re.S)
        for number, block in enumerate(blocks, 1):
            block = re.sub(r"\\\n", "", block).replace("\n", "\r\n")
            escapes = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\f": "\f"}
            block = re.sub(r"\\[rntf]", lambda m: escapes[m[0]], block)
            block = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), block)
            yield Case(f"{file.stem} {number}", block.encode("latin-1"), False)


def rows(mark: str) -> list[list[str]]:
    table = DOCUMENT.read_text().split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark} -->")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def own_cases():
    for name, sent, *_ in rows("replies"):
        escaped = re.search(r"`(.*)`", sent)[1]
        reply = re.sub(r'\\(x..|.)', lambda m: byte_of(m[1]), escaped)
        yield Case(name, reply.encode("latin-1"), sent.startswith("to HEAD"))


def byte_of(escape: str) -> str:
    plain = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
    return plain.get(escape) or chr(int(escape[1:], 16))


# Serving and asking -----------------------------------------------------------------------------------------------------------


def serve_once(listener: socket.socket, reply: bytes):
    listener.settimeout(LIMIT_S)
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(LIMIT_S)
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(4096)
                if not piece:
                    return
                request += piece
            connection.sendall(reply)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    except OSError:
        # The client is free to go.
        pass


def asked(case: Case, command) -> subprocess.CompletedProcess:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve_once, args=(listener, case.reply), daemon=True)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        result = subprocess.run(command(url), capture_output=True, timeout=2 * LIMIT_S, check=False)
        server.join(LIMIT_S)
        return result


def by_curl(case: Case) -> Verdict:
    flags = ["--silent", "--http1.1", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"]
    result = asked(case, lambda url: ["curl", "--disable", *flags, *(["--head"] if case.to_head else []), url])
    status, body_bytes = result.stdout.split() or (b"0", b"0")
    refusal = f"curl: exit code {result.returncode}" if result.returncode else None
    return Verdict(int(status), int(body_bytes), refusal)


def by_loadgen(program: str, case: Case) -> Verdict:
    flags = ["-n", "1", "-c", "1", "-t", "1", "--timeout", "2s", "--expect-status", "2xx,3xx,4xx,5xx", "--json", "-"]
    method = "HEAD" if case.to_head else "GET"
    result = asked(case, lambda url: [program, url, "-X", method, *flags])
    try:
        measured = json.loads(result.stdout)
    except ValueError:
        return Verdict(0, 0, f"no result: {result.stderr.decode(errors='replace').strip()}")
    for status in measured.get("statuses", {}):
        findings = [check["finding"] for check in measured["certificate"]["checks"]]
        lengths = re.findall(r"all had ([\d,]+) bytes?\b", " ".join(findings))
        return Verdict(int(status), int(lengths[0].replace(",", "")) if lengths else 0, None)
    outcome = next(iter(measured["outcomes"]), "censored")
    first = measured.get("wrong_replies") or [{"finding": ""}]
    return Verdict(0, 0, f"{outcome}: {first[0]['finding']}".removesuffix(": "))


def difference(ours: Verdict, theirs: Verdict) -> tuple[str, str] | None:
    """The kind of a difference: what loadgen and curl say, without figures."""
    if ours.refusal and theirs.refusal:
        return None
    if ours.refusal or theirs.refusal:
        kind = (ours.refusal or "accepts", theirs.refusal or "accepts")
        return tuple(re.sub(r"\b(0x[0-9a-f]+|\d+ bytes?)\b", "N", side) if "missing" in side else side for side in kind)
    if ours.status != theirs.status:
        return ("another status", "another status")
    if ours.body_bytes != theirs.body_bytes:
        return ("another length of the body", "another length of the body")
    return None


def compare(source: str, cases: list[Case], program: str) -> set[tuple[str, str]]:
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda case: (by_loadgen(program, case), by_curl(case)), cases))
    kinds = defaultdict(list)
    for case, (ours, theirs) in zip(cases, verdicts):
        kind = difference(ours, theirs)
        if kind:
            kinds[kind].append(case.name)
    alike = len(cases) - sum(map(len, kinds.values()))
    print(f"{source}: {len(cases)} replies, {alike} with the same verdict, {len(kinds)} kinds of difference")
    if kinds:
        print("\n| loadgen | curl | replies | such as |\n| --- | --- | --- | --- |")
    for (ours, theirs), names in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        print(f"| {ours} | {theirs} | {len(names)} | {', '.join(names[:3])} |")
    print()
    return set(kinds)


def check_own(program: str) -> bool:
    documented = {row[0]: row[3] for row in rows("replies")}
    verdicts = {row[0]: row[2] for row in rows("replies")}
    holds = True
    for case in own_cases():
        found = by_curl(case)
        word = f"refuses ({found.refusal.split()[-1]})" if found.refusal else f"{found.status}, {found.body_bytes} bytes"
        if word != documented[case.name]:
            print(f"own: {case.name}: docs/REPLIES.md says that curl {documented[case.name]!r}, the installed one {word!r}")
            holds = False
        ours = by_loadgen(program, case)
        said = f"refused: {ours.refusal.split(': ', 1)[-1]}" if ours.refusal else f"{ours.status}, {ours.body_bytes} bytes"
        if said not in verdicts[case.name] and not said.startswith("refused: when the connection ended"):
            print(f"own: {case.name}: docs/REPLIES.md says that loadgen {verdicts[case.name]!r}, it {said!r}")
            holds = False
    print(f"own: {len(documented)} replies{' as documented' if holds else ''}\n")
    return holds


def cases_of(checkout: Path) -> tuple[str, list[Case]]:
    for source, folder, cases in [("curl", "tests/data", curl_cases), ("llhttp", "test/response", llhttp_cases)]:
        if (checkout / folder).is_dir():
            return source, list(cases(checkout / folder))
    sys.exit(f"peer-suites: neither tests/data nor test/response in {checkout}: expected a checkout of curl or llhttp")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loadgen", default=str(ROOT / "target" / "release" / "loadgen"))
    parser.add_argument("--own", action="store_true")
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT")
    arguments = parser.parse_args()
    if not arguments.checkouts and not arguments.own:
        parser.error("nothing to compare: give a checkout, or --own")
    version = subprocess.run(["curl", "--version"], capture_output=True, check=True).stdout.split()[1].decode()
    print(f"curl {version}\n")
    holds = check_own(arguments.loadgen) if arguments.own else True
    kinds: set[tuple[str, str]] = set()
    for checkout in arguments.checkouts:
        kinds |= compare(*cases_of(checkout), arguments.loadgen)
    known = {(row[0], row[1]) for row in rows("differences")}
    for ours, theirs in sorted(kinds - known):
        print(f"not in the list of docs/REPLIES.md: loadgen: {ours}; curl: {theirs}")
    return 0 if holds and kinds <= known else 1


if __name__ == "__main__":
    sys.exit(main())
