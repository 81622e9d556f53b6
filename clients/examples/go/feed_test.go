// A client of Carbis, tested with a world per test: `stend run -- go test ./...`.
package feed

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

type world struct {
	ID   string            `json:"id"`
	URLs map[string]string `json:"urls"`
}

func call(t *testing.T, method, url, body string, into any) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("token", "demo-token")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode >= 400 {
		t.Fatalf("%s %s: %s", method, url, reply.Status)
	}
	if into != nil {
		if err := json.NewDecoder(reply.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
}

func newWorld(t *testing.T) (world, string) {
	worlds := os.Getenv("STEND_CONTROL_URL") + "/control/v1/worlds"
	var made world
	call(t, "POST", worlds, fmt.Sprintf(`{"id": %q, "seed": 7, "clock": "frozen"}`, t.Name()), &made)
	t.Cleanup(func() { call(t, "DELETE", worlds+"/"+made.ID, "", nil) })
	return made, worlds + "/" + made.ID
}

func events(t *testing.T, w world) int {
	var feed struct {
		Data struct{ Updates []any }
	}
	call(t, "GET", w.URLs["carbis"]+"/api/v4/events?hash=none", "", &feed)
	return len(feed.Data.Updates)
}

func TestAWaiterIsCalled(t *testing.T) {
	t.Parallel()
	w, control := newWorld(t)
	call(t, "POST", control+"/actions", `{"carbis.call_waiter": {"table": 1000028}}`, nil)
	if got := events(t, w); got != 1 {
		t.Fatalf("expected one event, got %d", got)
	}
	call(t, "POST", control+"/verify", `{"journal": {"fake": "carbis", "operation": "events", "count": 1}}`, nil)
}

func TestNobodyHasCalled(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	if got := events(t, w); got != 0 {
		t.Fatalf("expected no event, got %d", got)
	}
}
