//! The composition: every service, the control API, one process. [`start`] is what the command line and tests use.

pub mod fidelity;
pub mod registry;
mod spec;
mod start;

pub use spec::{SAMPLES, Sample, spec};
pub use start::{Config, Running, StartError, Urls, library, start};
pub use stend_core::ClockSetting;
