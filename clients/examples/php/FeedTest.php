<?php
// A client of Carbis, tested with a world per test: `stend run -- phpunit FeedTest.php`.
use PHPUnit\Framework\TestCase;

final class FeedTest extends TestCase
{
    private array $world;
    private string $control;

    protected function setUp(): void
    {
        $worlds = getenv('STEND_CONTROL_URL') . '/control/v1/worlds';
        $this->world = self::call('POST', $worlds, ['id' => $this->getName(), 'seed' => 7, 'clock' => 'frozen']);
        $this->control = $worlds . '/' . $this->world['id'];
    }

    protected function tearDown(): void
    {
        self::call('DELETE', $this->control);
    }

    private static function call(string $method, string $url, ?array $body = null): ?array
    {
        $curl = curl_init($url);
        curl_setopt_array($curl, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_FAILONERROR => true, CURLOPT_HTTPHEADER => ['token: demo-token']]);
        if ($body !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body));
        }
        $reply = curl_exec($curl);
        self::assertNotFalse($reply, "$method $url: " . curl_error($curl));
        return json_decode($reply, true);
    }

    private function events(): array
    {
        return self::call('GET', $this->world['urls']['carbis'] . '/api/v4/events?hash=none')['data']['updates'];
    }

    public function testAWaiterIsCalled(): void
    {
        self::call('POST', $this->control . '/actions', ['carbis.call_waiter' => ['table' => 1000028]]);
        self::assertCount(1, $this->events());
        self::call('POST', $this->control . '/verify', ['journal' => ['fake' => 'carbis', 'operation' => 'events', 'count' => 1]]);
    }

    public function testNobodyHasCalled(): void
    {
        self::assertSame([], $this->events());
    }
}
