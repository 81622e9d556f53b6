"""A clerk's client of the queue written with websockets."""

import asyncio
import hashlib
import json

import websockets

PASSWORD = hashlib.md5(b"12345").hexdigest()


def test_the_next_visitor_is_called(stend_world):
    async def session():
        async with websockets.connect(stend_world.url("queue"), proxy=None) as socket:

            async def ask(command, token=None, **data):
                await socket.send(json.dumps({"command": command, "token": token, "data": data}))
                return json.loads(await socket.recv())

            entered = await ask("login", login="operator", password=PASSWORD, component="workplace", workplace=11)
            return await ask("nextConsumer", token=entered["token"])

    assert asyncio.run(session())["command"] == "nextConsumer"
    stend_world.verify(journal={"fake": "queue", "operation": "nextConsumer", "status": 200})
