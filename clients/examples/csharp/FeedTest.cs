// A client of Carbis, tested with a world per test: `stend run -- dotnet test`. Not run by us yet: .NET was not at hand.
using System.Text;
using System.Text.Json;
using Xunit;

public sealed class FeedTest : IAsyncLifetime
{
    private static readonly HttpClient Client = new();
    private readonly string id = $"cs-{Guid.NewGuid()}";
    private readonly string worlds = Environment.GetEnvironmentVariable("STEND_CONTROL_URL") + "/control/v1/worlds";
    private string carbis = "";

    private static async Task<string> Call(HttpMethod method, string url, string? body = null)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Add("token", "demo-token");
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await Client.SendAsync(request);
        reply.EnsureSuccessStatusCode();
        return await reply.Content.ReadAsStringAsync();
    }

    public async Task InitializeAsync()
    {
        using var made = JsonDocument.Parse(await Call(HttpMethod.Post, worlds, $$"""{"id": "{{id}}", "seed": 7, "clock": "frozen"}"""));
        carbis = made.RootElement.GetProperty("urls").GetProperty("carbis").GetString()!;
    }

    public Task DisposeAsync() => Call(HttpMethod.Delete, $"{worlds}/{id}");

    private async Task<int> Events()
    {
        using var feed = JsonDocument.Parse(await Call(HttpMethod.Get, $"{carbis}/api/v4/events?hash=none"));
        return feed.RootElement.GetProperty("data").GetProperty("updates").GetArrayLength();
    }

    [Fact]
    public async Task AWaiterIsCalled()
    {
        await Call(HttpMethod.Post, $"{worlds}/{id}/actions", """{"carbis.call_waiter": {"table": 1000028}}""");
        Assert.Equal(1, await Events());
    }

    [Fact]
    public async Task NobodyHasCalled() => Assert.Equal(0, await Events());
}
