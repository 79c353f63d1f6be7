"""The running service: every part started in its order, and stopped in the reverse one, so that nothing is lost."""

from __future__ import annotations

import http.client
import importlib
import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from infra.local.aws_events import LambdaContext, failure_message, stream_event
from infra.local.captures import MailCapture, SmsCapture
from infra.local.commands import Commands
from infra.local.control import ControlServer
from infra.local.data_directory import DataDirectory
from infra.local.delivery import Parked, Record, sequence_number
from infra.local.engine import Engine
from infra.local.environment import CALLBACK, Settings, oidc_defaults, point_aws_at, service_defaults, set_defaults
from infra.local.environment import sms_defaults as sms_defaults_of
from infra.local.gateway import Gateway
from infra.local.http_server import Server
from infra.local.identity import Identity
from infra.local.schedule import Schedule
from infra.local.stream_poller import Stream, StreamPoller

_LOG: Final = logging.getLogger(__name__)
_DEMO_USERS: Final = (("admin", ""), ("mayor", ""), ("auditor", ""), ("opd", "dishub"), ("opd", "dpuprpkp"))
_PATIENCE: Final = 4.0  # seconds at the end: for requests under way, for a sweep, and for unread stream records, each


class StartFailed(Exception):
    """The service cannot start; the message is for the operator."""


class Service:
    """The whole service at one port, on one data directory. Use `start`, then `stop`, also after a failed start."""

    def __init__(self, port: int, data: Path, engine_python: Path, say: Callable[[str], None]) -> None:
        self._port = port
        self._say = say
        self._data = DataDirectory(data)
        self._engine_python = engine_python
        self._parts = ExitStack()  # closed from the last part to the first
        self.engine: Engine | None = None
        self.sign_in = ""

    def start(self, cancelled: Callable[[], bool]) -> None:
        """Return when `GET /health` answers 200."""
        self._data.claim(self._port)
        server = self._claim_port()
        settings = Settings(self._data.path)
        self._start_engine(cancelled)
        clients = _Clients()
        identity = self._set_up_engine(settings, clients)
        captures = self._start_captures()
        self._say("starting the service")
        app = self._load_app()
        poller, sweeps, reconciles = self._triggers(app, clients, captures[0])
        commands = Commands(sweeps, identity, clients.dynamodb, os.environ["SAMBAT_TABLE_PREFIX"], captures)
        parts: tuple[tuple[StreamPoller | Schedule, Callable[[], None]], ...] = (
            (poller, self._drain(poller)),
            (sweeps, lambda: sweeps.stop(_PATIENCE)),
            (reconciles, lambda: reconciles.stop(_PATIENCE)),
        )
        for part, stop in parts:
            part.start()
            self._parts.callback(stop)
        control = ControlServer(self._port, commands.by_name())
        self._parts.callback(control.stop)
        self._serve(server, Gateway(app.app, urlsplit(os.environ["SAMBAT_PUBLIC_URL"]).path))
        control.start()

    def stop(self) -> None:
        """Take no more requests, deliver what is owed, save everything."""
        self._parts.close()

    def _claim_port(self) -> Server:
        try:
            server = Server(self._port)
        except OSError as error:
            raise StartFailed(
                f"port {self._port} is not free ({error.strerror}); take another: make run PORT=..."
            ) from None
        self._parts.callback(server.server_close)
        return server

    def _start_engine(self, cancelled: Callable[[], bool]) -> None:
        self._say("starting the database, mail and sign-in (ministack)")
        self.engine = Engine(self._engine_python, self._data.path, self._data.lock)
        self._parts.callback(self._stop_engine, self.engine)
        self.engine.start(cancelled)
        point_aws_at(self.engine.url, os.environ)

    def _stop_engine(self, engine: Engine) -> None:
        if not engine.stop():
            self._say("the emulator did not end cleanly: what changed since the last start may be lost; see engine.log")

    def _set_up_engine(self, settings: Settings, clients: _Clients) -> Identity:
        from infra.tables import create_tables

        set_defaults(os.environ, service_defaults(self._port, settings.values["signing_key"]))
        created = create_tables(clients.dynamodb, os.environ["SAMBAT_TABLE_PREFIX"])
        if created:
            self._say(f"created {len(created)} tables")
        engine_url = self.engine.url if self.engine else ""
        identity = Identity(clients.cognito, engine_url, settings.values)
        bases = (f"http://127.0.0.1:{self._port}", os.environ["SAMBAT_PUBLIC_URL"].rstrip("/"))
        identity.set_up([base + CALLBACK for base in bases])
        settings.save()
        clients.ses.verify_email_identity(EmailAddress=parseaddr(os.environ["SAMBAT_SENDER_EMAIL"])[1])
        names = [identity.ensure_user(role, opd) for role, opd in _DEMO_USERS]
        self.sign_in = f"{', '.join(names)}; password of each: {settings.values['password']}"
        set_defaults(os.environ, oidc_defaults(os.environ, identity))
        return identity

    def _start_captures(self) -> tuple[MailCapture, SmsCapture]:
        mail = MailCapture(self._data.path, self.engine.url if self.engine else "")
        sms = SmsCapture(self._data.path)
        for capture in (mail, sms):
            capture.start()
            self._parts.callback(capture.stop)
        set_defaults(os.environ, sms_defaults_of(os.environ, sms.url))
        return mail, sms

    def _load_app(self) -> Any:
        """Import app.py with its settings made, and fill the registry the first time."""
        from chalicelib import settings as app_settings

        try:
            app_settings.current()
        except app_settings.BadSetting as error:
            raise StartFailed(str(error)) from None
        app = importlib.import_module("app")
        seeded = importlib.import_module("chalicelib.workflows.city").seed_opds(datetime.now(UTC))
        if seeded:
            self._say(f"entered {seeded} OPDs")
        return app

    def _triggers(self, app: Any, clients: _Clients, mail: MailCapture) -> tuple[StreamPoller, Schedule, Schedule]:
        prefix = os.environ["SAMBAT_TABLE_PREFIX"]
        arn = clients.dynamodb.describe_table(TableName=f"{prefix}complaints")["Table"]["LatestStreamArn"]
        queue = clients.sqs.create_queue(QueueName=f"{prefix}notify-opd-failures")["QueueUrl"]
        function = f"{prefix}notify_opd"

        def notify(records: Sequence[Record]) -> Any:
            mail.expect()
            return app.notify_opd(stream_event(records), LambdaContext(function))

        def park(parked: Parked) -> None:
            clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(failure_message(parked, function)))
            place, keys = sequence_number(parked.record), parked.record["dynamodb"]["Keys"]
            _LOG.error("gave up on stream record %s of %s after %d tries: %s", place, keys, parked.tries, parked.error)

        def sweep(event: dict[str, Any], context: LambdaContext) -> Any:
            mail.expect()
            return app.sweep_deadlines(event, context)

        poller = StreamPoller(lambda place: Stream(clients.streams, arn, place), notify, park, self._data.path)

        def reconcile(event: dict[str, Any], context: LambdaContext) -> Any:
            mail.expect()
            return app.reconcile_messages(event, context)

        schedules = Schedule(sweep, "sweep_deadlines"), Schedule(reconcile, "reconcile_messages", timedelta(hours=1))
        return poller, *schedules

    def _drain(self, poller: StreamPoller) -> Callable[[], None]:
        def drain() -> None:
            if left := poller.stop(_PATIENCE):
                self._say(f"{left} changes could not be told to their OPDs yet; they come first after the next start")

        return drain

    def _serve(self, server: Server, gateway: Gateway) -> None:
        server.gateway = gateway
        threading.Thread(target=server.serve_forever, args=(0.1,), name="http", daemon=True).start()

        def stop() -> None:
            server.stopping = True
            server.shutdown()
            gateway.close(_PATIENCE)

        self._parts.callback(stop)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        connection.request("GET", "/health")
        status = connection.getresponse().status
        connection.close()
        if status != 200:
            raise StartFailed(f"GET /health answers {status}, not 200")


class _Clients:
    """The AWS clients of the runner itself, made when the emulator's address is known."""

    def __init__(self) -> None:
        import boto3

        session = boto3.Session()
        self.dynamodb: Any = session.client("dynamodb")
        self.streams: Any = session.client("dynamodbstreams")
        self.cognito: Any = session.client("cognito-idp")
        self.ses: Any = session.client("ses")
        self.sqs: Any = session.client("sqs")
