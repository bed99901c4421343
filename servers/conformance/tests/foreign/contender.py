"""A contender in another language: http.server, a thread per connection, the contract as plain data."""

import argparse, hashlib, http.server, json, os, re, resource, secrets, signal, sys, threading, time

TEXT, BINARY, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"
NONCE, LOCK = secrets.token_hex(8), threading.Lock()
# Who it says it is, and with --silent it counts requests and tells nothing else of itself.
OPTIONS = argparse.ArgumentParser()
OPTIONS.add_argument("--listen", required=True)
OPTIONS.add_argument("--name", default="foreign")
OPTIONS.add_argument("--model", default="sync")
OPTIONS.add_argument("--silent", action="store_true")
ME = OPTIONS.parse_args()
# Name: pattern, largest value (of ms in µs), and what a refusal says is expected.
PARAMETERS = {
    "ms": (r"[0-9]+(\.[0-9]{1,3})?", 60_000_000, "a decimal from 0 to 60000 with at most 3 digits after the point"),
    "blocking": (r"[01]", 1, "0 or 1"),
    "rounds": (r"[0-9]+", 10_000_000, "a whole number from 0 to 10000000"),
    "run": (r"inline|pool|single", 0, "inline, pool or single"),
    "bytes": (r"[0-9]+", 1 << 20, "a whole number from 0 to 1048576"),
}
ENDPOINTS = {"hello": [], "wait": ["ms", "blocking"], "cpu": ["rounds", "run"], "mixed": ["ms", "rounds", "run"],
             "upstream": ["ms"], "payload": ["bytes"], "echo": [], "health": [], "stats": []}
COUNTS = dict.fromkeys([*ENDPOINTS, "refusals"], 0)


class Refused(Exception):
    """Status, text and, for 405, headers."""


def number(name, value):
    whole, _, digits = value.partition(".")
    return 0 if name == "run" else int(whole) * 1000 + int(digits.ljust(3, "0")) if name == "ms" else int(whole)


def parse(method, target):
    target = re.sub(r"^http://[^/?@]+(?=/)", "", target, flags=re.I)
    path, _, query = target.partition("?")
    if path[:1] != "/" or path[1:] not in ENDPOINTS:
        raise Refused(404, "unknown path: expected one of " + ", ".join("/" + name for name in ENDPOINTS))
    if method != (allowed := "POST" if path == "/echo" else "GET"):
        raise Refused(405, f"wrong method: {path} answers {allowed}", {"allow": allowed})
    taken, values = ENDPOINTS[path[1:]], {}
    for key, _, value in (pair.partition("=") for pair in query.split("&") if query):
        if key not in taken:
            raise Refused(400, f"unknown parameter: {path} takes {', '.join(taken) or 'none'}")
        if key in values:
            raise Refused(400, f"parameter {key} given twice: expected it once")
        pattern, largest, grammar = PARAMETERS[key]
        if not re.fullmatch(pattern, value) or number(key, value) > largest:
            raise Refused(400, f"bad parameter {key}: expected {grammar}")
        values[key] = number(key, value)
    for key in [key for key in taken if key not in values and key not in ("blocking", "run")]:
        raise Refused(400, f"missing parameter {key}: expected {PARAMETERS[key][2]}")
    return path[1:], values


def answer(name, values, body):
    if name == "upstream":
        raise Refused(502, "no upstream: start the contender with --upstream ADDRESS")
    if name == "echo":
        return BINARY, body
    if name == "payload":
        return BINARY, (b"abcdefghijklmnopqrstuvwxyz" * (values["bytes"] // 26 + 1))[:values["bytes"]]
    if name == "health":
        return JSON, {"contender": ME.name, "version": sys.version, "model": ME.model, "nonce": NONCE, "settings": {}}
    if name == "stats":
        if ME.silent:
            return JSON, {"requests": {name: COUNTS[name] for name in ENDPOINTS}}
        used = resource.getrusage(resource.RUSAGE_SELF)
        return JSON, {"requests": {name: COUNTS[name] for name in ENDPOINTS}, "refusals": COUNTS["refusals"],
                      "cpu_user_us": int(used.ru_utime * 1e6), "cpu_system_us": int(used.ru_stime * 1e6)}
    time.sleep(values.get("ms", 0) / 1e6)
    digest = bytes(32)
    for _ in range(values.get("rounds", 0)):
        digest = hashlib.sha256(digest).digest()
    lines = [f"waited {values['ms']} us\n"] if "ms" in values else []
    return TEXT, "".join(lines + [digest.hex() + "\n"] if "rounds" in values else lines or ["hello\n"])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1

    def serve(self):
        try:
            body = self.rfile.read(self.length())
            name, values = parse(self.command, self.path)
            with LOCK:
                COUNTS[name] += 1
            self.reply(200, *answer(name, values, body), {})
        except Refused as refused:
            with LOCK:
                COUNTS["refusals"] += 1
            status, text, *headers = refused.args
            self.reply(status, TEXT, text + "\n", *headers or [{}])

    def length(self):
        """The body's length; a refusal ends the connection, since nobody knows where the next request begins."""
        keep, self.close_connection = self.close_connection, True
        lengths = [length.strip(" \t") for length in self.headers.get_all("content-length", ["0"])]
        if len(self.path) > 8192:
            raise Refused(414, "target too long: at most 8192 bytes")
        if not re.fullmatch(r"([Hh][Tt][Tt][Pp]://[^/?@]+)?/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*", self.path):
            raise Refused(400, "bad request: malformed target")
        if len(self.headers) > 64:
            raise Refused(431, "head too large: at most 16384 bytes and 64 fields")
        hosts = self.headers.get_all("host", [""] if self.request_version == "HTTP/1.0" else [])
        if len(hosts) != 1 or not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%-]*)(:[0-9]*)?", hosts[0]):
            raise Refused(400, "bad request: expected one host, without blanks, user info or path")
        if "transfer-encoding" in self.headers or len(lengths) > 1 or not re.fullmatch("[0-9]+", lengths[0]):
            raise Refused(400, "bad request: unsupported transfer-encoding or content-length")
        if int(lengths[0]) > 1 << 20:
            raise Refused(413, "body too large: at most 1048576 bytes")
        self.close_connection = keep
        return int(lengths[0])

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def reply(self, status, content_type, body, headers):
        body = body if isinstance(body, bytes) else (json.dumps(body) if isinstance(body, dict) else body).encode()
        self.send_response(status)
        for name, value in {"content-type": content_type, "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    host, port = ME.listen.rsplit(":", 1)
    server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    address = "{}:{}".format(*server.server_address)
    print(json.dumps({"contender": ME.name, "address": address, "nonce": NONCE, "pid": os.getpid()}), flush=True)
    server.serve_forever()
