"""The official client of the Model Context Protocol against `stend mcp`: every tool is listed and called.

Usage: agent.py BINARY
"""

import asyncio
import sys

import jsonschema
from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

NOON = "2026-11-21T12:00:00+03:00"

# Calls in an order in which each can be done. `W` is the world that the first one makes.
CALLS = [
    ("list_worlds", {}),
    ("list_scenarios", {}),
    ("list_actions", {"service": "carbis"}),
    ("act", {"world": "W", "action": "carbis.call_waiter", "arguments": {"table": 1000028}}),
    ("advance_clock", {"world": "W", "by": "6m"}),
    ("set_clock", {"world": "W", "mode": "frozen"}),
    ("read_journal", {"world": "W", "limit": 5, "bodies": True}),
    ("verify", {"world": "W", "expect": {"never": {"status": "5xx"}}}),
    ("view", {"world": "W", "service": "telemetron", "limit": 3}),
    ("list_operations", {"service": "queue"}),
    ("set_fault", {"world": "W", "fault": {"match": {"fake": "carbis"}, "respond": {"status": 503}, "times": 1}}),
    ("list_faults", {"world": "W"}),
    ("clear_faults", {"world": "W"}),
    ("look_up", {"words": "hash"}),
    ("remove_world", {"world": "W"}),
]


async def talk(binary):
    server = StdioServerParameters(command=str(binary), args=["mcp", "--clock", NOON])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        hello = await session.initialize()
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        for tool in tools.values():
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        made = await session.call_tool("make_world", {"seed": 7, "clock": NOON})
        world = made.structured_content["id"]
        for name, arguments in CALLS:
            arguments = {key: world if value == "W" else value for key, value in arguments.items()}
            jsonschema.validate(arguments, tools[name].input_schema)
            result = await session.call_tool(name, arguments)
            assert not result.is_error and isinstance(result.structured_content, dict), (name, result)
        untried = set(tools) - {name for name, _ in CALLS} - {"make_world"}
        assert not untried, untried
        wrong = await session.call_tool("act", {"action": "carbis.call_waitr"})
        assert wrong.is_error and "carbis.call_waiter" in wrong.content[0].text, wrong
        try:
            await session.call_tool("no_such_tool", {})
        except MCPError as error:
            assert "no_such_tool" in str(error), error
        else:
            raise AssertionError("an unknown tool is no error")
    print(f"mcp client: {len(tools)} tools, protocol {hello.protocol_version}")


asyncio.run(talk(sys.argv[1]))
