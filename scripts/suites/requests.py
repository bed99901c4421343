"""The requests of llhttp's or gunicorn's tests against the four contenders: where their verdicts differ, by kind.

Each request is sent whole, in single bytes, and between two good ones. The control pair must not differ in itself, must not
change its mind with the packets, and must not lose the reply to the good request before: exit code 1 if it does.
"""

import collections, json, pathlib, re, socket, subprocess, sys, threading

CONTENDERS = ["std-threads", "tokio-tasks", "actix-web", "tiny-http"]
CONTROLS = CONTENDERS[:2]
GOOD = b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"
LAST = b"GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
# How long no byte means that none will come. Local contenders answer within milliseconds.
QUIET = 0.3

Case = collections.namedtuple("Case", "place verdict sent")


def suite_of(checkout):
    """Whose checkout it is, and its cases."""
    for name, folder, cases in [("llhttp", "test/request", llhttp_cases), ("gunicorn", "tests/requests", gunicorn_cases)]:
        if (checkout / folder).is_dir():
            return name, list(cases(checkout / folder))
    sys.exit(f"peer-suites: neither test/request nor tests/requests in {checkout}: expected a checkout of llhttp or gunicorn")


def gunicorn_cases(folder):
    """Every request of the suite: its file's name, whether it is among the valid ones, and its bytes."""
    escapes = {"r": "\r", "n": "\n", "t": "\t", "0": "\0"}
    for file in sorted(folder.glob("*/*.http")):
        text = file.read_text("latin-1").replace("\n", "")
        text = re.sub(r"\\(x[0-9a-fA-F]{2}|[rnt0])", lambda found: escapes.get(found[1]) or chr(int(found[1][1:], 16)), text)
        verdict = "takes" if file.parent.name == "valid" else "refuses"
        yield Case(f"{file.parent.name}/{file.stem}", verdict, with_host(text.encode("latin-1")))


def llhttp_cases(folder):
    """Every request of the suite: where it stands, what llhttp says in strict mode, and its bytes."""
    pattern = r'<!-- meta=(\{.*?\}) -->\s*```http\n(.*?)```\s*```log\n(.*?)```'
    for file in sorted(folder.glob("*.md")):
        text = file.read_text()
        for match in re.finditer(pattern, text, re.S):
            meta = json.loads(match[1])
            if meta["type"] == "request" and not meta.get("skip") and "pause" not in meta:
                line = text[: match.start()].count("\n") + 1
                name = re.findall(r"^#+ (.*)$", text[: match.start()], re.M)[-1]
                yield Case(f"{file.name}:{line} {name}", verdict(match[3]), with_host(unescaped(match[2])))


def verdict(log):
    failure = re.search(r'error code=(\d+) reason="(.*?)"', log)
    if failure and failure[1] not in ("21", "22"):
        return "refuses"
    return "takes" if "message complete" in log else "waits"


def unescaped(text):
    """The bytes that the suite's notation stands for."""
    text = re.sub(r"\\\n", "", text.removesuffix("\n")).replace("\n", "\r\n")
    for escape, char in (("\\r", "\r"), ("\\n", "\n"), ("\\t", "\t"), ("\\f", "\f")):
        text = text.replace(escape, char)
    text = re.sub(r"\\x([0-9a-fA-F]+)", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"\\([0-7]{1,3})", lambda match: chr(int(match[1], 8)), text)
    text = re.sub(r"\$\{'(.*?)'\.repeat\((\d+)\)\}", lambda match: match[1] * int(match[2]), text)
    return text.encode("utf-8", "surrogateescape")


def with_host(sent):
    """With a host after each request line of HTTP/1.1, where there is none at all: neither suite asks for one."""
    if re.search(rb"^host\s*:", sent, re.I | re.M):
        return sent
    return re.sub(rb"(?m)^([A-Z-]+ \S+ HTTP/1\.1\r\n)", rb"\1host: a\r\n", sent)


def exchange(address, pieces):
    """The replies' statuses and how the connection ended: "open", "closed" or "reset"."""
    stream = socket.create_connection(address)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received, end = b"", "closed"
    try:
        for piece in pieces:
            stream.sendall(piece)
    except OSError:
        pass
    stream.settimeout(QUIET)
    try:
        while part := stream.recv(65536):
            received += part
    except TimeoutError:
        end = "open"
    except OSError:
        end = "reset"
    stream.close()
    statuses = re.findall(rb"HTTP/1\.[01] (\d\d\d)", received)
    statuses = [status.decode() for status in statuses if status != b"100"]
    return statuses, end


def kind(answer):
    """What the first reply says about the request; the contract's own 404 and 405 say that it was read as one."""
    statuses, end = answer
    if not statuses:
        return "waits" if end == "open" else "closes"
    return "takes" if statuses[0] in ("200", "404", "405") else "refuses" + (", open" if end == "open" else "")


def judge(name, binary, suite, results, faults):
    server = subprocess.Popen([binary, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        host, port = json.loads(server.stdout.readline())["address"].rsplit(":", 1)
        address = (host, int(port))
        for case in suite:
            whole = exchange(address, [case.sent])
            results[case, name] = kind(whole)
            split = exchange(address, [case.sent[at : at + 1] for at in range(len(case.sent))])
            if split != whole:
                faults.append((name, case, f"{whole} whole, {split} in single bytes"))
            between, _ = exchange(address, [GOOD + case.sent + LAST])
            if between[:1] != ["200"]:
                faults.append((name, case, f"the reply to the good request before is lost: {between}"))
            if server.poll() is not None:
                faults.append((name, case, "it has ended"))
                return
    finally:
        server.terminate()
        server.wait()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/peer-suites requests CHECKOUT")
    project, suite = suite_of(pathlib.Path(sys.argv[1]))
    subprocess.run(["cargo", "build", "-q"] + [f"--bin=server-{name}" for name in CONTENDERS], check=True)
    metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version=1"], check=True, stdout=subprocess.PIPE)
    binaries = pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "debug"
    results, faults = {}, []
    threads = [threading.Thread(target=judge, args=(name, binaries / f"server-{name}", suite, results, faults)) for name in CONTENDERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    groups = collections.defaultdict(list)
    for case in suite:
        groups[(case.verdict, *(results.get((case, name), "?") for name in CONTENDERS))].append(case.place)
    alike = sum(len(places) for verdicts, places in groups.items() if len(set(verdicts)) == 1)
    print(f"{len(suite)} requests, {alike} with one verdict of all.\n")
    print(f"| {project} | " + " | ".join(CONTENDERS) + " | requests | such as |\n" + "| --- " * (len(CONTENDERS) + 3) + "|")
    for verdicts, places in sorted(groups.items()):
        if len(set(verdicts)) > 1:
            print("| " + " | ".join(verdicts) + f" | {len(places)} | {'; '.join(places)} |")
    print()
    for name, case, fault in faults:
        print(f"{name}: {case.place}: {fault}")
    differing = [case for case in suite if len({results.get((case, name)) for name in CONTROLS}) > 1]
    for case in differing:
        print(f"the control pair differs: {case.place}")
    sys.exit(1 if differing or any(name in CONTROLS for name, _, _ in faults) else 0)


if __name__ == "__main__":
    main()
