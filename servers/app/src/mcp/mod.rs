//! The bench as a server of the Model Context Protocol: what a person does with commands and the page, an agent does with
//! tools. Each tool asks the control API, so that an agent's own bench and one that runs elsewhere are the same to it.

mod bench;
mod claims;
mod pipe;
mod short;
mod steer;
mod tools;
mod watch;
mod worlds;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};
use serde_json::Value;

pub(crate) use bench::Bench;

/// The longest message that is read, in bytes; a longer one is dropped, and said so on standard error.
const LONGEST: usize = 4 * 1024 * 1024;

/// Answers on standard input and output until the input ends or `stop` comes.
///
/// # Errors
/// The first message is no beginning of this protocol, or nobody reads the output.
pub(crate) async fn serve(bench: Bench, stop: impl Future<Output = ()>) -> Result<(), String> {
    let (output, written) = pipe::output();
    let transport = AsyncRwTransport::new_server(pipe::input(), output).with_max_line_length(LONGEST);
    let ended = async {
        let service = match Server(bench).serve(transport).await {
            Ok(service) => service,
            // A client that goes before it has said anything is no mistake.
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(format!("this is no client of the Model Context Protocol: {error}")),
        };
        service.waiting().await.map(|_| ()).map_err(|error| error.to_string())
    };
    tokio::select! {
        ended = ended => {
            written.wait().await;
            ended
        }
        () = stop => Ok(()),
    }
}

struct Server(Bench);

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("stend", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(self.0.instructions());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::ALL.iter().map(tools::Tool::described).collect()))
    }

    /// What the arguments or the bench do not allow is the answer of the tool, which agents read; an unknown tool is an error
    /// of the protocol.
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = tools::ALL.iter().find(|tool| tool.name == request.name).ok_or_else(|| {
            let problem = stend_core::Problem::unknown(
                "unknown_tool",
                "tool",
                &request.name,
                tools::ALL.iter().map(|tool| tool.name).collect::<Vec<_>>(),
            );
            ErrorData::invalid_params(problem.to_string(), None)
        })?;
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let answer = match (tool.run)(&self.0, &arguments).await {
            Ok(answer) => short::bounded(answer),
            Err(why) => Err(why),
        };
        Ok(match answer {
            Ok(answer) => CallToolResult::structured(answer),
            Err(why) => CallToolResult::error(vec![ContentBlock::text(short::text(&why))]),
        }
        .into())
    }
}
