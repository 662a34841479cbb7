"""Mail that is sent: every one arrives, a second copy only under the same message id, whatever the server does."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from issuer.instance import Instance, open_instance
from issuer.mail.outbox import MailState
from issuer.mail.sending import LEASE, MAX_ATTEMPTS, load_pause, send_waiting
from issuer.store import outbox_rows
from tests.issuer.mail.sink import OK, Sink, free_port, served
from tests.issuer.mail.town import Clock, address, learners, mail_of, queue, send, states, use_server
from tests.issuer.provider import BASE_URL, NOW
from tests.patience import until

pytestmark = pytest.mark.network

ROOT = Path(__file__).parents[3]


def test_mail_that_is_due_arrives_once_at_its_own_address_over_one_connection(any_instance: Instance) -> None:
    badges = learners(any_instance, 5)
    ids = queue(any_instance, badges)
    with served(Sink()) as sink:
        use_server(any_instance, sink.port)
        first = send(any_instance, sink.port, clock=Clock())
        again = send(any_instance, sink.port, clock=Clock())
    assert (first.sent, again.count) == (5, 0)
    assert sorted(sink.recipients) == [address(number) for number in range(5)]
    assert sorted(sink.message_ids) == sorted(f"<{each}@{urlsplit(BASE_URL).hostname}>" for each in ids)
    assert len(sink.sessions) == 1
    assert states(any_instance) == {"sent": 5}
    assert mail_of(any_instance, ids[0]).sent_at == NOW


def test_each_learner_gets_their_own_link_and_nobody_elses(instance: Instance) -> None:
    from issuer.learner.claims import claim_token

    badges = learners(instance, 3)
    queue(instance, badges)
    with served(Sink()) as sink:
        use_server(instance, sink.port)
        send(instance, sink.port, clock=Clock())
    tokens = [claim_token(instance, badge, serial=1) for badge in badges]
    for recipient, message in zip(sink.recipients, sink.messages, strict=True):
        number = int(recipient.removeprefix("learner").partition("@")[0])
        text = message.as_bytes().decode("ascii").replace("=\n", "").replace("=\r\n", "")
        assert [token in text for token in tokens] == [index == number for index in range(3)]
        assert [address(index) in text for index in range(3)] == [index == number for index in range(3)]


def test_held_mail_waits_until_it_is_released(instance: Instance) -> None:
    queue(instance, learners(instance, 2), state=MailState.HELD)
    with served(Sink()) as sink:
        use_server(instance, sink.port)
        assert send(instance, sink.port, clock=Clock()).count == 0
        with instance.store.writing() as connection:
            assert outbox_rows.release(connection, now=NOW) == 2
        assert send(instance, sink.port, clock=Clock()).sent == 2


def test_without_a_mail_server_mail_waits(instance: Instance) -> None:
    queue(instance, learners(instance, 1))
    assert send_waiting(instance, link_base=BASE_URL, clock=Clock()).count == 0
    assert states(instance) == {"queued": 1}


def test_the_settings_of_the_desk_are_enough_to_send(instance: Instance) -> None:
    queue(instance, learners(instance, 1))
    with served(Sink()) as sink:
        use_server(instance, sink.port)
        assert send_waiting(instance, link_base=BASE_URL, clock=Clock()).sent == 1
    assert len(sink.taken) == 1


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"], ids=["the recipient", "the message"])
def test_what_the_server_refuses_for_good_is_listed_and_not_tried_again(instance: Instance, where: str) -> None:
    ids = queue(instance, learners(instance, 3))
    clock = Clock()
    sink = Sink(**{where: lambda to: "550 5.1.1 no such user" if to == address(1) else OK})
    with served(sink):
        use_server(instance, sink.port)
        done = send(instance, sink.port, clock=clock)
        clock.turn(days=5)
        again = send(instance, sink.port, clock=clock)
    assert (done.sent, done.refused, again.count) == (2, 1, 0)
    refused = mail_of(instance, ids[1])
    assert (refused.state, refused.reason) == (MailState.REFUSED, "550")


def test_what_the_server_puts_off_is_tried_again_after_growing_waits_and_given_up_after_three_days(
    instance: Instance,
) -> None:
    (mail_id,) = queue(instance, learners(instance, 1))
    clock = Clock()
    tries = []
    sink = Sink(at_rcpt=lambda _: "451 4.7.1 greylisted")
    with served(sink):
        use_server(instance, sink.port)
        while mail_of(instance, mail_id).state is not MailState.REFUSED:
            if send(instance, sink.port, clock=clock).count:
                tries.append(clock.now)
            clock.turn(minutes=1)
            upcoming = mail_of(instance, mail_id).next_at
            clock.now = max(clock.now, upcoming) if upcoming else clock.now
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits[:5] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180)]
    assert len(tries) == MAX_ATTEMPTS
    assert timedelta(days=2, hours=20) < tries[-1] - tries[0] < timedelta(days=3, hours=4)
    assert mail_of(instance, mail_id).reason == "gave-up"


def test_one_mail_that_the_server_puts_off_keeps_no_other_waiting(instance: Instance) -> None:
    queue(instance, learners(instance, 4))
    clock = Clock()
    busy = {address(0)}
    sink = Sink(at_rcpt=lambda to: "450 mailbox busy" if to in busy else OK)
    with served(sink):
        use_server(instance, sink.port)
        assert send(instance, sink.port, clock=clock).sent == 3
        busy.clear()
        clock.turn(minutes=1)
        assert send(instance, sink.port, clock=clock).sent == 1
    assert sorted(sink.recipients) == [address(number) for number in range(4)]


@pytest.mark.parametrize(
    ("answer", "copies"),
    [("drop", 1), ("take and drop", 2)],
    ids=["before it took the message", "after it took the message"],
)
def test_a_connection_that_breaks_in_a_message_loses_nothing(instance: Instance, answer: str, copies: int) -> None:
    queue(instance, learners(instance, 3))
    clock = Clock()
    broken = {address(1)}

    def at_data(to: str) -> str:
        if to in broken:
            broken.discard(to)
            return answer
        return OK

    with served(Sink(at_data=at_data)) as sink:
        use_server(instance, sink.port)
        assert send(instance, sink.port, clock=clock).sent == 2
        clock.turn(minutes=1)
        assert send(instance, sink.port, clock=clock).sent == 1
    assert Counter(sink.recipients) == {address(0): 1, address(1): copies, address(2): 1}
    assert len(set(sink.message_ids)) == 3


def test_a_server_that_is_down_pauses_the_queue_and_costs_no_mail_an_attempt(any_instance: Instance) -> None:
    ids = queue(any_instance, learners(any_instance, 3))
    clock = Clock()
    port = free_port()
    use_server(any_instance, port)
    down = send(any_instance, port, clock=clock)
    assert (down.later, down.sent) == (1, 0)
    assert down.paused_until == NOW + timedelta(minutes=1)
    assert [mail_of(any_instance, each).attempts for each in ids] == [0, 0, 0]
    assert send(any_instance, port, clock=clock).count == 0, "paused"
    clock.turn(minutes=1)
    assert send(any_instance, port, clock=clock).paused_until == clock.now + timedelta(minutes=2), "longer"
    with any_instance.store.reading() as connection:
        pause = load_pause(connection, now=clock.now)
    assert pause is not None
    assert (pause.code, pause.failures) == ("not-reached", 2)
    clock.turn(minutes=2)
    with served(Sink(), port=port) as sink:
        assert send(any_instance, port, clock=clock).sent == 3
    assert len(sink.taken) == 3
    with any_instance.store.reading() as connection:
        assert load_pause(connection, now=clock.now) is None


def test_a_server_that_drops_every_message_pauses_the_queue(instance: Instance) -> None:
    ids = queue(instance, learners(instance, 8))
    with served(Sink(at_data=lambda _: "drop")) as sink:
        use_server(instance, sink.port)
        done = send(instance, sink.port, clock=Clock())
    assert (done.later, done.sent) == (3, 0)
    assert done.paused_until is not None
    assert sorted(mail_of(instance, each).attempts for each in ids) == [0, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("sink", "code"),
    [
        pytest.param(Sink(at_mail=lambda _: "550 not from you"), "sender-refused-550", id="our own address is refused"),
        pytest.param(
            Sink(at_rcpt=lambda _: "554 5.7.1 Relay access denied"), "relay-554", id="it relays nothing for us"
        ),
        pytest.param(Sink(at_mail=lambda _: "530 5.7.0 Authenticate first"), "sign-in-530", id="it wants a password"),
    ],
)
def test_an_answer_about_us_refuses_no_learners_mail(instance: Instance, sink: Sink, code: str) -> None:
    queue(instance, learners(instance, 3))
    with served(sink):
        use_server(instance, sink.port)
        done = send(instance, sink.port, clock=Clock())
    assert done.paused_until is not None
    assert states(instance) == {"queued": 3}
    with instance.store.reading() as connection:
        pause = load_pause(connection, now=NOW)
    assert pause is not None
    assert pause.code == code


def test_a_server_that_never_answers_is_given_up_on_after_the_time_out(instance: Instance) -> None:
    queue(instance, learners(instance, 1))
    with served(Sink(seconds=30)) as sink:
        use_server(instance, sink.port)
        begun = time.monotonic()
        done = send(instance, sink.port, clock=Clock(), timeout=0.5)
        assert time.monotonic() - begun < 25
    assert done.later == 1
    assert states(instance) == {"queued": 1}


def test_a_slow_server_gets_its_time(instance: Instance) -> None:
    queue(instance, learners(instance, 2))
    with served(Sink(seconds=0.5)) as sink:
        use_server(instance, sink.port)
        assert send(instance, sink.port, clock=Clock()).sent == 2


_KILLED_AFTER_THE_SERVERS_YES = """
import os, signal, sys
from pathlib import Path
from issuer.instance import open_instance
from issuer.mail.sending import send_due
from issuer.mail.transport import SmtpTransport
from tests.issuer.mail.town import Clock, settings_for
from tests.issuer.provider import BASE_URL

class Killed(SmtpTransport):
    def send(self, message):
        super().send(message)
        os.kill(os.getpid(), signal.SIGKILL)

with open_instance(Path(sys.argv[1])) as instance:
    transport = Killed(settings=settings_for(int(sys.argv[2])), hello="kura.example")
    send_due(instance, transport=transport, link_base=BASE_URL, clock=Clock())
"""


def test_a_worker_killed_between_the_servers_yes_and_its_own_note_sends_a_second_copy_of_that_mail_alone(
    any_instance: Instance,
) -> None:
    queue(any_instance, learners(any_instance, 3))
    clock = Clock()
    with served(Sink()) as sink:
        use_server(any_instance, sink.port)
        command = [sys.executable, "-c", _KILLED_AFTER_THE_SERVERS_YES, str(any_instance.folder), str(sink.port)]
        killed = subprocess.run(command, cwd=ROOT, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert len(sink.taken) == 1
        assert send(any_instance, sink.port, clock=clock).sent == 2, "the first is leased still"
        clock.turn(seconds=LEASE.total_seconds())
        assert send(any_instance, sink.port, clock=clock).sent == 1
    assert sorted(Counter(sink.message_ids).values()) == [1, 1, 2]
    assert states(any_instance) == {"sent": 3}


_WORKER = """
import sys
from pathlib import Path
from issuer.instance import open_instance
from tests.issuer.mail.town import Clock, send
from datetime import timedelta

with open_instance(Path(sys.argv[1])) as instance:
    clock = Clock()
    clock.turn(seconds=float(sys.argv[3]))
    send(instance, int(sys.argv[2]), clock=clock)
"""


@pytest.mark.slow
def test_workers_killed_at_any_moment_lose_no_mail(instance: Instance) -> None:
    queue(instance, learners(instance, 40))
    lease = LEASE.total_seconds()
    kills = 4
    with served(Sink(seconds=0.01)) as sink:
        use_server(instance, sink.port)
        for kill in range(kills):
            command = [sys.executable, "-c", _WORKER, str(instance.folder), str(sink.port), str(kill * lease)]
            before = len(sink.taken)
            with subprocess.Popen(command, cwd=ROOT) as worker:
                until(lambda enough=before + 3 + kill: len(sink.taken) >= enough, "some mail", every=0.003)
                worker.kill()
        clock = Clock()
        clock.turn(seconds=kills * lease)
        send(instance, sink.port, clock=clock)
    assert states(instance) == {"sent": 40}
    copies = Counter(sink.message_ids)
    assert len(copies) == 40
    assert sum(copies.values()) - 40 <= kills
    assert set(sink.recipients) == {address(number) for number in range(40)}


def test_two_workers_at_once_send_each_mail_once(any_instance: Instance) -> None:
    queue(any_instance, learners(any_instance, 3) * 20, recipients=[address(number) for number in range(60)])
    done: list[int] = []
    with served(Sink()) as sink:
        use_server(any_instance, sink.port)

        def work() -> None:
            with open_instance(any_instance.folder) as own:
                done.append(send(own, sink.port, clock=Clock()).sent)

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sum(done) == 60
    assert sorted(sink.recipients) == sorted(address(number) for number in range(60))


@pytest.mark.slow
def test_a_class_of_three_hundred_is_mailed_over_one_connection(any_instance: Instance) -> None:
    badges = learners(any_instance, 10)
    queue(any_instance, badges * 30, recipients=[address(number) for number in range(300)])
    with served(Sink()) as sink:
        use_server(any_instance, sink.port)
        begun = time.process_time()
        assert send(any_instance, sink.port, clock=Clock(), limit=2000).sent == 300
        assert time.process_time() - begun < 90
    assert len(set(sink.message_ids)) == 300
    assert len(sink.sessions) == 1
