//! Starting the whole: ports, worlds, servers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::json;
use stend_control::{Access, Addresses, Control, Plays, Shelf};
use stend_core::clock::wall;
use stend_core::library::DOCUMENTED;
use stend_core::{ClockSetting, Diagnostic, Library, Problem, WorldFile, Worlds, secret};
use stend_transport::{
    AllowedOrigin, Front, HostRoute, LazyAuthority, Listener, Origins, PassThrough, Recorder, Server, Site, Tuning,
    serve,
};

use crate::certificates::{AuthorityAt, Tls};
use crate::front;
use crate::registry;

pub use stend_control::Urls;

/// The built-in worlds: those of `fixtures/worlds`.
pub fn library() -> Library {
    Library::new(include!(concat!(env!("OUT_DIR"), "/worlds.rs")))
}

/// The shipped scenarios, each by its name with its text: those of `scenarios` and `scenarios/recipes`.
pub fn scenarios() -> &'static [(&'static str, &'static str)] {
    include!(concat!(env!("OUT_DIR"), "/scenarios.rs"))
}

/// What people look up on the control port.
fn shelf() -> Shelf {
    let claims = |service: &str| {
        let ledgers = crate::fidelity::ledgers()?;
        let ledger = ledgers.iter().find(|ledger| ledger.service == service);
        Ok(ledger.map(|ledger| json!(ledger.all().collect::<Vec<_>>())))
    };
    Shelf { scenarios: scenarios(), manual: crate::manual::chapters, claims }
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
    /// The origins whose pages may use the services and the control API.
    pub origins: Vec<AllowedOrigin>,
    /// URLs that are handed out in the place of our own, by name.
    pub public_urls: Urls,
    /// The gateway; `None` leaves it out.
    pub gateway: Option<GatewayConfig>,
    /// Whether the ports of the services and of the control API speak TLS.
    pub tls: Tls,
    /// Where the certificate authority is kept.
    pub authority: AuthorityAt,
    /// Worker threads; `None` takes one a core.
    pub workers: Option<usize>,
    /// Whether exchanges are counted, and `GET /metrics` shows the counts.
    pub metrics: bool,
}

/// What the gateway does.
#[derive(Debug, Clone, Default)]
pub struct GatewayConfig {
    /// Hosts and their services, beside those that vendors' clients have built in.
    pub routes: Vec<HostRoute>,
    /// Hosts that may be reached outside of this machine.
    pub through: Vec<PassThrough>,
    /// What takes that which goes to these hosts.
    pub recorder: Option<Arc<dyn Recorder>>,
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
            origins: Vec::new(),
            public_urls: Urls::new(),
            gateway: None,
            tls: Tls::Plain,
            authority: AuthorityAt::Memory,
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
    /// The URLs by name: `control`, each service, and `gateway` where there is one.
    pub urls: Urls,
    /// The services' URLs for scenarios that are played here: plain HTTP.
    pub reach: Urls,
    /// The certificate authority, where the bench has one.
    pub authority: Option<Arc<LazyAuthority>>,
    /// The hosts that the gateway maps to services.
    pub hosts: Vec<String>,
    /// Its worlds, for whoever runs it in their own process.
    pub worlds: Arc<Worlds>,
    /// The scenarios that are played in them.
    pub plays: Arc<Plays>,
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
    if let Some(folder) = &config.worlds_folder {
        library = library.with_folder(folder.clone());
    }
    let mut world = match &config.world {
        Some(world) => world.clone(),
        None => library.by_name(DOCUMENTED, &registry).map_err(|diagnostic| StartError::World(Box::new(diagnostic)))?,
    };
    world.seed = config.seed.or(world.seed);
    world.clock = config.clock.or(world.clock);
    world.strict = Some(config.strict || world.strict.unwrap_or(false));

    if let Some(token) = &config.control_token {
        secret::check(token).map_err(|why| StartError::Problem(Problem::invalid(why)))?;
    }
    let routes = config.gateway.as_ref().map(|gateway| front::routes(&gateway.routes)).transpose()?;
    let hosts: Vec<String> = routes.iter().flat_map(|routes| routes.hosts().map(str::to_owned)).collect();
    let authority = front::authority(&config, &hosts)?;
    let tls = front::tls(&config.tls, authority.as_ref())?;
    for name in config.public_urls.keys() {
        front::known(&registry, name, &["control", "gateway"])?;
    }
    let addresses = Arc::new(OnceLock::new());
    let origins: Origins = config.origins.iter().cloned().collect();
    let control = Control::new(
        registry.clone(),
        library,
        Access { token: config.control_token.clone(), hosts: config.allow_hosts.clone(), origins: origins.clone() },
        Arc::clone(&addresses),
        wall(),
        env!("CARGO_PKG_VERSION"),
        crate::spec::spec,
    )
    .with_authority(authority.clone())
    .with_shelf(shelf());
    let plays = control.plays();
    let mut sites: Vec<Arc<dyn Site>> = vec![control.site()];
    sites.extend(registry::sites());
    // Ports before worlds: one in use is reported at once, whatever the world costs to make.
    let mut listeners = Vec::new();
    let mut urls = Urls::new();
    let mut own = Vec::new();
    for site in &sites {
        let name = site.name();
        let socket = bind(config.host, config.port_base, name)?;
        let address = socket.local_addr()?;
        let secure = if tls.is_some() { "s" } else { "" };
        urls.insert(name.to_owned(), format!("{}{secure}://{}", registry::scheme(name), reachable(address)));
        own.push(address);
        listeners.push(Listener { site: Arc::clone(site), socket });
    }
    let gateway = match (config.gateway, routes) {
        (Some(gateway), Some(routes)) => {
            let socket = bind(config.host, config.port_base, GATEWAY)?;
            urls.insert(GATEWAY.into(), format!("http://{}", reachable(socket.local_addr()?)));
            Some((front::gateway(routes, gateway.through, authority.as_ref(), own, gateway.recorder)?, socket))
        }
        _ => None,
    };
    let mut reach = urls.clone();
    reach.retain(|name, _| registry.find(name).is_some());
    let hello = authority.as_ref().filter(|_| tls.is_none()).map(front::by_name).transpose()?;
    // Scenarios speak plain HTTP, on ports that nobody else knows.
    let mut inner = Vec::new();
    for site in sites.iter().filter(|site| tls.is_some() && registry.find(site.name()).is_some()) {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        reach.insert(site.name().to_owned(), format!("{}://{}", registry::scheme(site.name()), socket.local_addr()?));
        inner.push(Listener { site: Arc::clone(site), socket });
    }
    let worlds =
        Worlds::new(registry, world.clone()).map_err(|problem| StartError::World(Box::new(world.show(problem))))?;
    let worlds = worlds.with_strict(config.strict);
    let worlds = Arc::new(if config.metrics { worlds.with_tally(Arc::default()) } else { worlds });
    let (public, hosts_) = (config.public_urls, hosts.clone());
    let _ = addresses.set(Addresses { urls: urls.clone(), public, reach: reach.clone(), hosts: hosts_ });
    let cores = || std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let tuning = Tuning { workers: config.workers.unwrap_or_else(cores).max(1) };
    let front = Front { tls, hello, inner, gateway, origins };
    let server = serve(Arc::clone(&worlds), listeners, front, tuning)?;
    Ok(Running { urls, reach, authority, hosts, worlds, plays, server })
}

/// The gateway's name among the ports.
const GATEWAY: &str = "gateway";

fn bind(host: IpAddr, base: Option<u16>, name: &'static str) -> Result<TcpListener, StartError> {
    let offset = registry::port_offset(name);
    let port = match base {
        None => 0,
        Some(base) => base.checked_add(offset).ok_or_else(|| {
            let problem = Problem::invalid(format!("port {base} + {offset} for {name} is above 65535"));
            StartError::Problem(problem.hint("take a lower --port-base"))
        })?,
    };
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address).map_err(|error| StartError::Port { name, address, error })
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
