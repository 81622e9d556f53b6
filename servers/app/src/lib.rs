//! The composition: every service, the control API, one process. [`start`] is what the command line and tests use.

pub mod certificates;
pub mod environment;
pub mod fidelity;
mod front;
pub mod manual;
pub mod registry;
mod spec;
mod start;
pub mod tables;
pub mod traffic;

pub use spec::{SAMPLES, Sample, spec};
pub use start::{Config, GatewayConfig, Running, StartError, Urls, library, scenarios, start};
pub use stend_core::ClockSetting;
pub use stend_transport::{AllowedOrigin, Authority, HostRoute, LazyAuthority, PassThrough, Recorder};
