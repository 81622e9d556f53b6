//! What every service stands on: worlds with their own clock, random streams, journal and faults, and the
//! [`Service`] trait that a vendor's API implements.
//!
//! This crate may never know HTTP, actix, a vendor, a scenario or the control API. It alone may read the
//! wall clock (in [`clock`]) and it alone makes random streams (in [`random`]), both from what a world says.

pub mod busy;
pub mod clock;
pub mod duration;
pub mod envelope;
pub mod fault;
pub mod feed;
pub mod history;
pub mod interpretations;
pub mod journal;
pub mod json;
pub mod library;
mod live;
mod mistakes;
pub mod moment;
pub mod near;
pub mod node;
mod node_de;
mod node_json;
mod origin;
pub mod problem;
pub mod random;
pub mod relative;
pub mod request;
mod saved;
pub mod secret;
pub mod section;
pub mod service;
pub mod shared;
pub mod source;
pub mod tally;
mod timekeeper;
pub mod traffic;
pub mod view;
pub mod visible;
pub mod world;
pub mod world_events;
pub mod world_file;
pub mod worlds;
mod yaml_errors;

pub use clock::{Clock, ClockSetting, Mode};
pub use duration::Span;
pub use jiff::Timestamp;
pub use jiff::tz::Offset;
pub use library::Library;
pub use live::{Follower, Live, LiveService, Start};
pub use node::Node;
pub use node_de::Raw;
pub use problem::{Path, Problem, Step};
pub use random::Streams;
pub use section::Section;
pub use service::{Action, ActionInfo, AnyService, Evidence, Operation, Registry, Seed, Service, SpecPart};
pub use shared::{Index, Shared, Table, Version};
pub use source::{Diagnostic, Severity, Source};
pub use tally::Tally;
pub use view::{Look, View};
pub use world::{Fired, Gap, Recorded, World};
pub use world_file::WorldFile;
pub use worlds::{NewWorld, Worlds};
