//! A stub by httpmock.

use httpmock::{Method, MockServer};

fn main() -> std::io::Result<()> {
    let (path, reply, file) = stend_bench_peers::arguments()?;
    let server = MockServer::start();
    server.mock(|when, then| {
        when.method(Method::GET).path(&path);
        then.status(200).header("content-type", "application/json").body(&reply);
    });
    stend_bench_peers::tell(&file, &server.base_url())?;
    loop {
        std::thread::park();
    }
}
