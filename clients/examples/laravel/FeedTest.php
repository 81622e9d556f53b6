<?php
// Laravel's HTTP client, tested with a world per test: `stend run -- vendor/bin/phpunit FeedTest.php` after `composer install`.
// In an application, `Http::` is the facade of this factory.
// Composer's packages, or Debian's (php-illuminate-http, php-guzzlehttp-guzzle).
$composer = __DIR__ . '/vendor/autoload.php';
foreach (is_file($composer) ? [$composer] : ['GuzzleHttp/autoload.php', 'Illuminate/Http/autoload.php'] as $packages) {
    require $packages;
}

use Illuminate\Http\Client\Factory;
use PHPUnit\Framework\TestCase;

final class FeedTest extends TestCase
{
    private Factory $http;
    private string $control;
    private string $carbis;

    protected function setUp(): void
    {
        $this->http = new Factory();
        $worlds = getenv('STEND_CONTROL_URL') . '/control/v1/worlds';
        $id = 'laravel-' . bin2hex(random_bytes(6));
        $made = $this->http->post($worlds, ['id' => $id, 'seed' => 7, 'clock' => 'frozen'])->throw();
        $this->carbis = $made->json('urls.carbis');
        $this->control = "$worlds/$id";
    }

    protected function tearDown(): void
    {
        $this->http->delete($this->control)->throw();
    }

    private function events(): array
    {
        $feed = $this->http->withHeaders(['token' => 'demo-token'])->retry(2, 10)->get($this->carbis . '/api/v4/events', ['hash' => 'none']);
        return $feed->throw()->json('data.updates');
    }

    public function testAFailureIsTriedAgain(): void
    {
        $this->http->post($this->control . '/actions', ['carbis.call_waiter' => ['table' => 1000028]])->throw();
        $this->http->post($this->control . '/faults', ['match' => ['fake' => 'carbis'], 'respond' => ['status' => 503], 'times' => 1])->throw();
        self::assertCount(1, $this->events());
    }
}
