// A client of Carbis, tested with a world per test: `stend run -- mvn test`, or as clients/examples/run does it.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FeedTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private final String id = "java-" + UUID.randomUUID();
    private final String worlds = System.getenv("STEND_CONTROL_URL") + "/control/v1/worlds";
    private String carbis;

    @BeforeEach
    void makeWorld() throws Exception {
        String made = call("POST", worlds, "{\"id\": \"" + id + "\", \"seed\": 7, \"clock\": \"frozen\"}");
        Matcher url = Pattern.compile("\"carbis\":\"([^\"]+)\"").matcher(made);
        assertTrue(url.find(), made);
        carbis = url.group(1);
    }

    @AfterEach
    void removeWorld() throws Exception {
        call("DELETE", worlds + "/" + id, "");
    }

    private static String call(String method, String url, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).header("token", "demo-token").method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> reply = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        assertTrue(reply.statusCode() < 400, () -> method + " " + url + ": " + reply.statusCode() + " " + reply.body());
        return reply.body();
    }

    @Test
    void aWaiterIsCalled() throws Exception {
        call("POST", worlds + "/" + id + "/actions", "{\"carbis.call_waiter\": {\"table\": 1000028}}");
        assertTrue(call("GET", carbis + "/api/v4/events?hash=none", "").contains("\"code\":\"waiter_call\""));
        call("POST", worlds + "/" + id + "/verify", "{\"journal\": {\"fake\": \"carbis\", \"operation\": \"events\", \"count\": 1}}");
    }

    @Test
    void nobodyHasCalled() throws Exception {
        assertEquals("{\"result\":true,\"data\":{\"updates\":[]}}", call("GET", carbis + "/api/v4/events?hash=none", ""));
    }
}
