"""A real S3 API on loopback: moto's server, as a process of its own.

with s3_server() as s3:
    s3.put("bucket/in/a.csv", b"...")
    ... s3.environment: what a client needs to know, see `ONTIME` and boto3 ...
    with s3.checks_credentials(): ...                  # until then it takes any
"""

import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import boto3
import requests

EVERYTHING = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'


@dataclass(frozen=True)
class S3:
    """A running server. `environment` names it and holds good credentials."""

    address: str
    environment: dict[str, str]

    def put(self, path: str, body: bytes) -> str:
        """Writes an object, with its bucket, and returns its address."""
        bucket, _, key = path.partition("/")
        client = boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{path}"

    @contextmanager
    def behind_relay(self) -> Iterator["Relay"]:
        """A relay in front of the server, which breaks connections as it is told."""
        with Relay.to(int(self.address.rpartition(":")[2])) as relay:
            yield relay

    @contextmanager
    def checks_credentials(self) -> Iterator[None]:
        """Has the server refuse whom it does not know."""
        self._requests_without_check("0")
        try:
            yield
        finally:
            self._requests_without_check("inf")

    def _requests_without_check(self, count: str) -> None:
        requests.post(f"{self.address}/moto-api/reset-auth", data=count, timeout=300).raise_for_status()


class Relay(socketserver.ThreadingTCPServer):
    """Passes bytes between clients and a server; what the server says, it counts.

    When `breaks_after` so many bytes have come, connections break, and so do the next `refusals` ones.
    """

    daemon_threads = True
    allow_reuse_address = True
    server: int
    passed = 0
    breaks_after: int | None = None
    refusals = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @classmethod
    @contextmanager
    def to(cls, port: int) -> Iterator["Relay"]:
        with cls(("127.0.0.1", 0), _Relaying) as relay:
            relay.server = port
            thread = threading.Thread(target=relay.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield relay
            finally:
                relay.shutdown()
                thread.join()

    def is_broken(self) -> bool:
        """Whether a connection is to break now."""
        return self.breaks_after is not None and self.passed >= self.breaks_after


class _Relaying(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        if self.server.is_broken():
            self.server.refusals -= 1
            if self.server.refusals <= 0:
                self.server.breaks_after = None
            return
        with socket.create_connection(("127.0.0.1", self.server.server)) as other:
            threading.Thread(target=self._ask, args=(other,), daemon=True).start()
            with suppress(OSError):
                while said := other.recv(1 << 16):
                    self.request.sendall(said)
                    self.server.passed += len(said)
                    if self.server.is_broken():
                        return

    def _ask(self, other: socket.socket) -> None:
        with suppress(OSError):
            while asked := self.request.recv(1 << 16):
                other.sendall(asked)


@contextmanager
def s3_server() -> Iterator[S3]:
    """A running server without buckets."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            yield S3(found[0], _credentials(found[0]))
        finally:
            process.kill()


def _credentials(address: str) -> dict[str, str]:
    """Variables for a user who may do everything with buckets."""
    iam = boto3.client(
        "iam",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 (the server does not look yet)
    )
    iam.create_user(UserName="loader")
    iam.put_user_policy(UserName="loader", PolicyName="everything", PolicyDocument=EVERYTHING)
    key = iam.create_access_key(UserName="loader")["AccessKey"]
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_EC2_METADATA_DISABLED": "true",
    }
