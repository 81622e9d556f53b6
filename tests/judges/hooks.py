"""What schemathesis may not draw for the control API: a request that waits for minutes."""

import schemathesis


@schemathesis.hook
def map_query(context, query):
    """Waits are short."""
    if isinstance(query, dict) and "wait" in query:
        query["wait"] = "10ms"
    return query


@schemathesis.hook
def map_body(context, body):
    """Expectations are waited for shortly."""
    if isinstance(body, dict) and "within" in body:
        body["within"] = "10ms"
    return body
