"""By which addresses others reach a bridge that listens everywhere."""

import socket

import pytest

from bridge.cli import reached
from bridge.cli.reached import own_address, reached_at


def test_the_addresses_of_this_machine_are_those_it_would_send_from(monkeypatch):
    known = {socket.AF_INET: "10.0.0.7", socket.AF_INET6: "fd00::7"}
    monkeypatch.setattr(reached, "own_address", known.__getitem__)
    assert reached_at("0.0.0.0", "http://127.0.0.1:87") == ["http://10.0.0.7:87"]
    assert reached_at("::", "http://[::1]:87") == ["http://10.0.0.7:87", "http://[fd00::7]:87"]
    known[socket.AF_INET] = ""
    assert reached_at("0.0.0.0", "http://127.0.0.1:87") == []


def test_who_listens_here_alone_is_reached_by_nobody():
    assert reached_at("127.0.0.1", "http://127.0.0.1:87") == ()


@pytest.mark.parametrize("given", ["127.0.0.1", "::1"])
def test_this_machine_alone_is_no_address_for_others(monkeypatch, given):
    class Asked(socket.socket):
        def connect(self, address):
            assert address[1] == 9

        def getsockname(self):
            return (given, 0)

    monkeypatch.setattr(socket, "socket", Asked)
    assert own_address(socket.AF_INET) == ""


def test_without_a_network_there_is_none(monkeypatch):
    class Alone(socket.socket):
        def connect(self, address):
            raise OSError(101, f"{address} is unreachable")

    monkeypatch.setattr(socket, "socket", Alone)
    assert own_address(socket.AF_INET) == ""
