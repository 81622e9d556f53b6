"""A client of Carbis written with requests."""

import requests


class Feed:
    """Polls the staff event feed."""

    def __init__(self, base, token):
        self.base, self.token, self.place = base, token, "none"

    def poll(self):
        reply = requests.get(
            f"{self.base}/api/v4/events", params={"hash": self.place}, headers={"token": self.token}, timeout=5
        )
        reply.raise_for_status()
        updates = reply.json()["data"]["updates"]
        if updates:
            self.place = updates[-1]["hash"]
        return updates


def test_a_waiter_is_called_once(stend_world):
    feed = Feed(stend_world.url("carbis"), "demo-token")
    assert feed.poll() == []
    stend_world.act("carbis.call_waiter", table=1000028)
    assert [event["code"] for event in feed.poll()] == ["waiter_call"]
    assert feed.poll() == []


def test_the_client_survives_a_restart_of_the_pos(stend_world):
    feed = Feed(stend_world.url("carbis"), "demo-token")
    stend_world.faults.add({"fake": "carbis", "nth": 1}, respond={"status": 503})
    try:
        feed.poll()
    except requests.HTTPError as error:
        assert error.response.status_code == 503
    assert feed.poll() == []
