"""An asynchronous client of Telemetron written with httpx."""

import asyncio

import httpx

LOGIN = {
    "grant_type": "password",
    "client_id": "client-key",
    "client_secret": "client-secret",
    "username": "me@example.com",
    "password": "123456",
    "scope": "teleport",
}


def test_machines_are_listed(stend_world):
    async def machines():
        async with httpx.AsyncClient(base_url=stend_world.url("telemetron"), trust_env=False) as client:
            token = (await client.post("/auth/", json=LOGIN)).json()["access_token"]
            reply = await client.get("/v2/vending_machines", headers={"Authorization": f"Bearer {token}"})
            return reply.json()

    assert len(asyncio.run(machines())) >= 1
    stend_world.verify(journal={"fake": "telemetron", "status": 200, "count": 2})
