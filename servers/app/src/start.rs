//! Starting the whole: ports, worlds, servers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use stend_control::{Access, Control};
use stend_core::clock::wall;
use stend_core::library::DOCUMENTED;
use stend_core::{ClockSetting, Diagnostic, Library, Problem, WorldFile, Worlds, secret};
use stend_transport::{Listener, Server, Site, Tuning, serve};

use crate::registry;

pub use stend_control::Urls;

/// The built-in worlds: those of `fixtures/worlds`.
pub fn library() -> Library {
    Library::new(include!(concat!(env!("OUT_DIR"), "/worlds.rs")))
}

/// What to start.
#[derive(Debug)]
pub struct Config {
    /// The address to listen on.
    pub host: IpAddr,
    /// The control port, the others following; `None` takes free ports.
    pub port_base: Option<u16>,
    /// The default world; `None` is the documented one.
    pub world: Option<WorldFile>,
    /// The folder from which clients may name world files.
    pub worlds_folder: Option<PathBuf>,
    /// Overrides the world's seed.
    pub seed: Option<u64>,
    /// Overrides the world's clock.
    pub clock: Option<ClockSetting>,
    /// Whether warnings are errors in the default world.
    pub strict: bool,
    /// The token that the control API asks for.
    pub control_token: Option<String>,
    /// Names by which the control API may be reached, beside IP addresses and the names of this machine.
    pub allow_hosts: Vec<String>,
    /// Worker threads; `None` takes one a core.
    pub workers: Option<usize>,
    /// Whether exchanges are counted, and `GET /metrics` shows the counts.
    pub metrics: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port_base: None,
            world: None,
            worlds_folder: None,
            seed: None,
            clock: None,
            strict: false,
            control_token: None,
            allow_hosts: Vec::new(),
            workers: None,
            metrics: false,
        }
    }
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The world has a mistake.
    #[error("{0}")]
    World(Box<Diagnostic>),
    /// Something else in the configuration has one.
    #[error("error: {0}")]
    Problem(Problem),
    /// A port cannot be had.
    #[error("{}", no_port(name, address, error))]
    Port {
        /// The service, or `control`.
        name: &'static str,
        /// The address that was tried.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The system refuses something else.
    #[error("error: {0}")]
    Io(#[from] io::Error),
}

fn no_port(name: &str, address: &SocketAddr, error: &io::Error) -> String {
    if error.kind() != io::ErrorKind::AddrInUse {
        return format!("error: cannot listen on {address} for {name}: {error}");
    }
    let (port, ip) = (address.port(), address.ip());
    format!(
        "error: port {port} for {name} is in use on {ip}\n  = help: another stend may be running; take other ports with `--port-base N`, or free ones with `--ephemeral`"
    )
}

/// A bench that runs until it is stopped.
pub struct Running {
    /// The URLs by name: `control` and each service.
    pub urls: Urls,
    /// Its worlds, for whoever runs it in their own process.
    pub worlds: Arc<Worlds>,
    server: Server,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("urls", &self.urls).finish_non_exhaustive()
    }
}

impl Running {
    /// The URL of a service's port, or of the control API, without a slash at the end.
    pub fn url(&self, name: &str) -> &str {
        self.urls.get(name).map_or("", String::as_str)
    }

    /// Stops it.
    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// Returns when it ends by itself, which it does only on an error.
    ///
    /// # Errors
    /// That error.
    pub async fn ended(&mut self) -> io::Result<()> {
        self.server.ended().await
    }
}

/// Starts everything. Must be called within a tokio runtime.
///
/// # Errors
/// What keeps it from starting; nothing is left running then.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let registry = registry::services();
    let mut library = library();
    if let Some(folder) = config.worlds_folder {
        library = library.with_folder(folder);
    }
    let mut world = match config.world {
        Some(world) => world,
        None => library.by_name(DOCUMENTED, &registry).map_err(|diagnostic| StartError::World(Box::new(diagnostic)))?,
    };
    world.seed = config.seed.or(world.seed);
    world.clock = config.clock.or(world.clock);
    world.strict = Some(config.strict || world.strict.unwrap_or(false));

    if let Some(token) = &config.control_token {
        secret::check(token).map_err(|why| StartError::Problem(Problem::invalid(why)))?;
    }
    let urls = Arc::new(OnceLock::new());
    let control = Control::new(
        registry.clone(),
        library,
        Access { token: config.control_token, hosts: config.allow_hosts },
        Arc::clone(&urls),
        wall(),
        env!("CARGO_PKG_VERSION"),
        crate::spec::spec,
    );
    let mut sites: Vec<Arc<dyn Site>> = vec![control.site()];
    sites.extend(registry::sites());
    // Ports before worlds: one in use is told at once, whatever the world costs to make.
    let listeners = listen(config.host, config.port_base, sites)?;
    let mut named = Urls::new();
    for listener in &listeners {
        let address = listener.socket.local_addr()?;
        let name = listener.site.name();
        named.insert(name.to_owned(), format!("{}://{}", registry::scheme(name), reachable(address)));
    }
    let worlds =
        Worlds::new(registry, world.clone()).map_err(|problem| StartError::World(Box::new(world.show(problem))))?;
    let worlds = worlds.with_strict(config.strict);
    let worlds = Arc::new(if config.metrics { worlds.with_tally(Arc::default()) } else { worlds });
    let _ = urls.set(named.clone());
    let cores = || std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let tuning = Tuning { workers: config.workers.unwrap_or_else(cores).max(1) };
    let server = serve(Arc::clone(&worlds), listeners, tuning)?;
    Ok(Running { urls: named, worlds, server })
}

fn listen(host: IpAddr, base: Option<u16>, sites: Vec<Arc<dyn Site>>) -> Result<Vec<Listener>, StartError> {
    let mut listeners = Vec::new();
    for site in sites {
        let name = site.name();
        let offset = registry::port_offset(name);
        let port = match base {
            None => 0,
            Some(base) => base.checked_add(offset).ok_or_else(|| {
                let problem = Problem::invalid(format!("port {base} + {offset} for {name} is above 65535"));
                StartError::Problem(problem.hint("take a lower --port-base"))
            })?,
        };
        let address = SocketAddr::new(host, port);
        let socket = TcpListener::bind(address).map_err(|error| StartError::Port { name, address, error })?;
        listeners.push(Listener { site, socket });
    }
    Ok(listeners)
}

/// Where a client finds a listener: one that listens everywhere is found at the loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), address.port())
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use stend_core::{NewWorld, Seed, Start, Timestamp, World};

    use super::*;

    fn documented() -> WorldFile {
        library().by_name(DOCUMENTED, &registry::services()).expect("the documented world is good")
    }

    /// What lets a world wait with them until somebody asks.
    #[test]
    fn built_in_sections_are_good_at_all_known_times_and_nothing_falls_due_in_them() {
        let file = documented();
        for kind in registry::services().services() {
            // A service may do without a section; then nothing of it is built in.
            let section = file.sections.get(kind.name()).map(|section| kind.read(section).expect("good"));
            let start = Start::Section(section);
            for now in [0, 1, 951_782_400, 1_767_225_599, 1_795_305_600, 4_102_444_800, 7_258_118_399] {
                let now = Timestamp::from_second(now).expect("a time");
                for seed in [0, 1, u64::MAX] {
                    let live = kind.create(&start, Seed { seed, now }).expect("a good section");
                    assert_eq!(live.next_deadline(), i64::MAX, "{} at {now}", kind.name());
                }
            }
        }
    }

    #[tokio::test]
    async fn a_world_that_is_asked_late_answers_as_one_that_was_asked_at_once() {
        let frozen = ClockSetting::frozen_at(Timestamp::from_second(1_795_305_600).expect("a time"));
        let worlds =
            Worlds::new(registry::services(), WorldFile { clock: Some(frozen), ..documented() }).expect("good");
        let fork = |of: &Arc<World>| NewWorld { fork_of: Some(Arc::clone(of)), seed: Some(7), ..NewWorld::default() };
        let late = worlds.default_world();
        let fork_of_late = worlds.create(fork(late)).expect("a fork");
        let asked =
            worlds.create(NewWorld { file: WorldFile { clock: Some(frozen), ..documented() }, ..NewWorld::default() });
        let asked = asked.expect("a world");
        let at_once = asked.save().to_json();
        let fork_of_asked = worlds.create(fork(&asked)).expect("a fork");
        let to = Timestamp::from_second(1_795_305_600 + 3 * 86_400).expect("a time");
        for world in [late, &fork_of_late, &asked, &fork_of_asked] {
            world.advance(to).await.expect("time goes ahead");
        }
        assert_ne!(asked.save().to_json(), at_once, "the clock has moved");
        assert_eq!(late.save().to_json(), asked.save().to_json());
        assert_eq!(fork_of_late.save().to_json(), fork_of_asked.save().to_json());
        late.reset().expect("a reset");
        assert_eq!(late.save().to_json(), at_once);
    }
}
