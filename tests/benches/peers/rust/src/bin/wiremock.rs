//! A stub by wiremock-rs.

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let (target, reply, file) = stend_bench_peers::arguments()?;
    let server = MockServer::start().await;
    let template = ResponseTemplate::new(200).set_body_raw(reply, "application/json");
    Mock::given(method("GET")).and(path(target)).respond_with(template).mount(&server).await;
    stend_bench_peers::tell(&file, &server.uri())?;
    std::future::pending::<()>().await;
    Ok(())
}
