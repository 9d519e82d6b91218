"""Constant load: load.py IMAGES-URL IMAGE-ID, until standard input ends. 32 clients with short requests, 16 that download the
image slowly. Prints "serving" once all of them have had an answer, and again for each line of standard input, once all of
them have had another answer since. The last line is what happened, as JSON: a request or download that got anything but a
whole answer is counted and told apart. Every request has a connection of its own, as those of
the command-line clients."""
import collections
import hashlib
import http.client
import json
import socket
import sys
import threading
import time
import urllib.parse

SHORT, SLOW = 32, 16
PATIENCE = 60           # seconds for one answer
PIECE = 64 * 1024
PAUSE = 0.02            # between two pieces of a slow download


class Load:
    def __init__(self, images, image):
        self.url = urllib.parse.urlsplit(images)
        self.image = image
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.errors = collections.Counter()
        self.answered = set()

    def count(self, name, error=None):
        with self.lock:
            self.counts[name] += 1
            if error:
                self.errors[error] += 1
            self.answered.add(threading.get_ident())

    def get(self, path, window=None):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=PATIENCE)
        if window:
            # A small window, or the kernel's buffers would take the whole image and the server be done with it.
            connection.sock = socket.socket()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            connection.sock.settimeout(PATIENCE)
            connection.sock.connect((self.url.hostname, self.url.port))
        connection.request("GET", path, headers={"Connection": "close"})
        return connection, connection.getresponse()

    def failed(self, kind, error):
        refused = isinstance(error, (ConnectionRefusedError, FileNotFoundError))
        self.count("refused" if refused else kind, f"{type(error).__name__}: {error}")

    def short(self):
        paths = [self.url.path, f"{self.url.path}/{self.image}", "/v2/schemas/image"]
        turn = 0
        while not self.ending.is_set():
            turn += 1
            try:
                connection, response = self.get(paths[turn % len(paths)])
                response.read()
                connection.close()
                if response.status != 200:
                    self.count("failed", f"status {response.status}")
                else:
                    self.count("requests")
            except (OSError, http.client.HTTPException) as error:
                self.failed("failed", error)
            time.sleep(0.1)

    def slow(self):
        while not self.ending.is_set():
            digest, length = hashlib.md5(), 0
            try:
                connection, response = self.get(f"{self.url.path}/{self.image}/file", window=PIECE)
                if response.status != 200:
                    self.count("cut", f"status {response.status} of a download")
                    time.sleep(0.1)
                    continue
                while piece := response.read(PIECE):
                    digest.update(piece)
                    length += len(piece)
                    if threading.get_ident() not in self.answered:
                        with self.lock:
                            self.answered.add(threading.get_ident())
                    if not self.ending.is_set():
                        time.sleep(PAUSE)
                connection.close()
                if digest.hexdigest() == response.headers["Content-MD5"]:
                    self.count("downloads")
                elif length < int(response.headers["Content-Length"]):
                    self.count("cut", "a download that ended early")
                else:
                    self.count("cut", "a download with other bytes")
            except (OSError, http.client.HTTPException) as error:
                self.failed("cut", error)
                time.sleep(0.1)

    def run(self):
        clients = [threading.Thread(target=self.short) for _ in range(SHORT)]
        clients += [threading.Thread(target=self.slow) for _ in range(SLOW)]
        for client in clients:
            client.start()
        while True:
            while len(self.answered) < len(clients):
                time.sleep(0.05)
            print("serving", flush=True)
            if not sys.stdin.readline():
                break
            with self.lock:
                self.answered.clear()
        self.ending.set()
        for client in clients:
            client.join()
        result = {name: self.counts[name] for name in ("requests", "failed", "refused", "downloads", "cut")}
        print(json.dumps(result | {"errors": dict(self.errors.most_common(8))}))


Load(*sys.argv[1:]).run()
