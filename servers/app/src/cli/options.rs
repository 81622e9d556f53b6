//! What `serve` and `run` have in common: which worlds, which ports, who may use them, and how they are reached.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use stend::certificates::{AuthorityAt, Tls};
use stend::{AllowedOrigin, Config, GatewayConfig, HostRoute, PassThrough, Urls};
use stend_core::{ClockSetting, Diagnostic, Library, Registry, Source, WorldFile};
use stend_scenario::{Scenario, Speed};

use super::check::show;
use super::host::Host;
use super::taking::Taking;
use super::token::Token;
use super::{clock, colour, err, speed, write};

/// Options of `serve` and `run`. Each can also be set by an environment variable.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Play this scenario in the default world
    #[arg(long, value_name = "FILE", conflicts_with = "world", env = "STEND_SCENARIO")]
    pub(super) scenario: Option<PathBuf>,
    /// How fast to play it: virtual seconds a real second, or `max`
    #[arg(long, default_value = "1", value_parser = speed, requires = "scenario", env = "STEND_SPEED")]
    pub(super) speed: Speed,
    /// The default world: `documented` (the default), `busy`, or a file
    #[arg(long, value_name = "NAME|FILE", env = "STEND_WORLD")]
    pub(super) world: Option<PathBuf>,
    /// Save the default world to this file when stopped; `--world` goes on from it. JSON if it is named `.json`, else YAML
    #[arg(long, value_name = "FILE", env = "STEND_SAVE")]
    pub(super) save: Option<PathBuf>,
    /// The address to listen on, or a name of it; others than loopback let anybody in the network in
    #[arg(long, default_value = "127.0.0.1", env = "STEND_HOST")]
    pub(super) host: Host,
    /// A name by which the control API may be reached, beside IP addresses, `localhost` and the name of `--host`; can be given again
    #[arg(long = "allow-host", value_name = "HOST", env = "STEND_ALLOW_HOST", value_delimiter = ',', value_parser = host_name)]
    pub(super) allow_hosts: Vec<String>,
    /// An origin whose pages may use the services and the control API, e.g. http://localhost:5173, or `*`; can be given again
    #[arg(long = "allow-origin", value_name = "ORIGIN", env = "STEND_ALLOW_ORIGIN", value_delimiter = ',')]
    pub(super) allow_origins: Vec<AllowedOrigin>,
    /// The URL that is handed out for a service, `control` or `gateway`, e.g. carbis=http://bench.test:8701; can be given again
    #[arg(long = "public-url", value_name = "NAME=URL", env = "STEND_PUBLIC_URL", value_delimiter = ',', value_parser = public_url)]
    pub(super) public_urls: Vec<(String, String)>,
    /// Take free ports; the ready file tells which
    #[arg(long, env = "STEND_EPHEMERAL", value_parser = BoolishValueParser::new())]
    pub(super) ephemeral: bool,
    /// Write the URLs to this file, as JSON, once every port answers
    #[arg(long, value_name = "FILE", env = "STEND_READY_FILE")]
    pub(super) ready_file: Option<PathBuf>,
    /// The seed of the default world
    #[arg(long, value_name = "N", env = "STEND_SEED")]
    pub(super) seed: Option<u64>,
    /// The default world's clock: `real`, `frozen`, or a time at which it stands
    #[arg(long, value_name = "real|frozen|TIME", value_parser = clock, env = "STEND_CLOCK")]
    pub(super) clock: Option<ClockSetting>,
    /// Make warnings errors in all worlds: what is odd in a request is refused
    #[arg(long, env = "STEND_STRICT", value_parser = BoolishValueParser::new())]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) token: Token,
    /// Speak HTTPS and WSS on all ports, with certificates of the bench's own authority (`stend ca path`)
    #[arg(long, env = "STEND_TLS", value_parser = BoolishValueParser::new())]
    pub(super) tls: bool,
    /// The certificate for all ports, PEM, with those above it
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_key"], env = "STEND_TLS_CERT")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls", "tls_cert"], env = "STEND_TLS_KEY")]
    pub(super) tls_key: Option<PathBuf>,
    /// Leave the gateway out: the proxy for clients with hard-coded hosts
    #[arg(long, conflicts_with_all = ["routes", "through"], env = "STEND_NO_GATEWAY", value_parser = BoolishValueParser::new())]
    pub(super) no_gateway: bool,
    /// A host that the gateway answers as a service, and the world for it, e.g. pos.example.com=tillypad; can be given again
    #[arg(
        long = "route",
        id = "routes",
        value_name = "HOST=SERVICE[/WORLD]",
        env = "STEND_ROUTE",
        value_delimiter = ','
    )]
    pub(super) routes: Vec<HostRoute>,
    /// A host that clients of the gateway may reach outside of this machine; can be given again
    #[arg(
        long = "pass-through",
        id = "through",
        value_name = "HOST[:PORT]",
        env = "STEND_PASS_THROUGH",
        value_delimiter = ','
    )]
    pub(super) through: Vec<PassThrough>,
    /// Record what goes to the hosts of `--pass-through` as HAR, and write it to this file at the end; secrets and personal data are masked
    #[arg(long, value_name = "FILE", requires = "through", env = "STEND_RECORD")]
    pub(super) record: Option<PathBuf>,
    /// Record secrets and personal data as they are
    #[arg(long, requires = "record", env = "STEND_UNMASKED", value_parser = BoolishValueParser::new())]
    pub(super) unmasked: bool,
    /// The folder of the certificate authority
    #[arg(long, value_name = "DIR", env = "STEND_CA_DIR")]
    pub(super) ca_dir: Option<PathBuf>,
    /// Count exchanges; `GET /metrics` of the control port shows the counts to Prometheus
    #[arg(long, env = "STEND_METRICS", value_parser = BoolishValueParser::new())]
    pub(super) metrics: bool,
    /// Worker threads; left out, one a core
    #[arg(long, value_name = "N", env = "STEND_WORKERS")]
    pub(super) workers: Option<usize>,
    /// Say nothing but errors: no URLs, and no line for a request that is refused
    #[arg(short, long, env = "STEND_QUIET", value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,
}

/// What `--public-url` takes.
fn public_url(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("`{text}` is no NAME=URL; expected e.g. carbis=http://bench.test:8701");
    let (name, url) = text.split_once('=').ok_or_else(wrong)?;
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let known = ["http", "https", "ws", "wss"].contains(&scheme);
    let rest = rest.trim_end_matches('/');
    if !known || name.is_empty() || rest.is_empty() || rest.contains(['?', '#', ' ']) {
        return Err(wrong());
    }
    Ok((name.to_owned(), format!("{scheme}://{rest}")))
}

/// What a bench is started with, read and checked.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) scenario: Option<Scenario>,
    pub(super) recording: Option<Taking>,
    registry: Registry,
    library: Library,
}

impl Options {
    /// Reads the files; prints what is wrong with them, and gives nothing then. `base` is the control port, `None` free
    /// ones; without a folder of its own the authority is kept as `authority` says.
    pub(super) fn prepare(&self, base: Option<u16>, authority: AuthorityAt) -> Option<Prepared> {
        let control_token = self.token.get().map_err(|why| err(&format!("error: {why}\n"))).ok()?;
        let (registry, library) = (stend::registry::services(), stend::library());
        let mut scenario = match &self.scenario {
            None => None,
            Some(path) => Some(one_scenario(path, "serve plays one scenario")?),
        };
        // It is played in the default world, which becomes the scenario's.
        if let (true, Some(scenario)) = (self.strict, &mut scenario) {
            scenario.world.strict = Some(true);
        }
        let world = match (&self.world, &scenario) {
            (Some(path), _) => {
                let world = world_file(path, &library, &registry).map_err(|wrong| show(&wrong)).ok()?;
                for warning in world.warnings(&registry).iter().filter(|_| !self.quiet) {
                    err(&format!("{}\n\n", warning.render_warning(colour())));
                }
                Some(world)
            }
            (None, Some(scenario)) => Some(scenario.world.clone()),
            (None, None) => None,
        };
        // Told now, not after a day's work.
        if let Some(path) = &self.save
            && let Err(error) = write::check(path)
        {
            err(&format!("error: cannot save the world to {}: {error}\n", path.display()));
            return None;
        }
        let recording = self.record.as_deref().map(|path| Taking::new(path, self.unmasked));
        if let Some(taking) = &recording
            && let Err(error) = write::check(taking.path())
        {
            err(&format!("error: cannot record to {}: {error}\n", taking.path().display()));
            return None;
        }
        let recorder = recording.as_ref().map(Taking::recorder);
        let config = Config {
            host: self.address(),
            port_base: base,
            world,
            worlds_folder: self
                .world
                .as_deref()
                .filter(|path| built_in(path, &library).is_none())
                .and_then(Path::parent)
                .map(Path::to_path_buf),
            seed: self.seed,
            clock: self.clock,
            strict: self.strict,
            control_token,
            allow_hosts: self.allow_hosts.iter().cloned().chain(self.host.name.clone()).collect(),
            origins: self.allow_origins.clone(),
            public_urls: self.public_urls.iter().cloned().collect::<Urls>(),
            gateway: (!self.no_gateway).then(|| GatewayConfig {
                routes: self.routes.clone(),
                through: self.through.clone(),
                recorder,
            }),
            tls: match (self.tls, &self.tls_cert, &self.tls_key) {
                (true, Some(certificate), Some(key)) => {
                    Tls::Given { certificate: certificate.clone(), key: key.clone() }
                }
                (true, ..) => Tls::Own,
                (false, ..) => Tls::Plain,
            },
            authority: self.ca_dir.clone().map_or(authority, AuthorityAt::Folder),
            workers: self.workers,
            metrics: self.metrics,
        };
        Some(Prepared { config, scenario, recording, registry, library })
    }

    pub(super) fn address(&self) -> IpAddr {
        self.host.address
    }
}

/// What `--allow-host` takes: a name, with or without a port.
fn host_name(text: &str) -> Result<String, String> {
    let name = text.rsplit_once(':').map_or(text, |(name, port)| if port.parse::<u16>().is_ok() { name } else { text });
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    if name.strip_suffix('.').unwrap_or(name).split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err("expected the name of a host as it stands in a URL, such as `stend` or `bench.example`; there are no wildcards"
        .into())
}

impl Prepared {
    /// Shows all mistakes of the world file that was given; whether there are any.
    pub(super) fn show_all(path: Option<&Path>, registry: &Registry, library: &Library) -> bool {
        let Some(Ok(source)) = path.map(Source::open) else { return false };
        let Err(wrong) = library.check(source, path.and_then(Path::parent), registry) else { return false };
        show(&wrong);
        true
    }

    /// Apart: what is started, what is played, and what finds mistakes in the world file.
    pub(super) fn split(self) -> (Config, Option<Scenario>, Registry, Library) {
        (self.config, self.scenario, self.registry, self.library)
    }
}

/// Reads one scenario; prints what is wrong with it.
pub(super) fn one_scenario(path: &PathBuf, rule: &str) -> Option<Scenario> {
    let mut scenarios = super::play::load(std::slice::from_ref(path))?;
    if scenarios.len() != 1 {
        err(&format!("error: {} is a folder; {rule}\n", path.display()));
        return None;
    }
    scenarios.pop()
}

/// The name of a built-in world, where that is meant.
fn built_in(path: &Path, library: &Library) -> Option<String> {
    path.to_str().filter(|name| library.has(name)).map(str::to_owned)
}

/// What `--world` takes: a built-in world, or a file.
pub(super) fn world_file(path: &Path, library: &Library, registry: &Registry) -> Result<WorldFile, Vec<Diagnostic>> {
    match built_in(path, library) {
        Some(name) => library.by_name(&name, registry).map_err(|diagnostic| vec![diagnostic]),
        None => open(path, library, registry),
    }
}

/// Reads a world file. One with a mistake is looked at once more for all of them.
fn open(path: &Path, library: &Library, registry: &Registry) -> Result<WorldFile, Vec<Diagnostic>> {
    library.open(path, registry).map_err(|first| {
        let all = Source::open(path).map(|source| library.check(source, path.parent(), registry).err());
        all.ok().flatten().unwrap_or_else(|| vec![first])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_name_and_a_url_without_a_slash_at_its_end() {
        assert_eq!(public_url("queue=wss://q.test/x/"), Ok(("queue".into(), "wss://q.test/x".into())));
        for wrong in
            ["", "carbis", "carbis=", "=http://a", "carbis=a", "carbis=ftp://a", "carbis=http://", "a=http://b?c"]
        {
            assert!(public_url(wrong).is_err_and(|why| why.contains("NAME=URL")), "{wrong}");
        }
    }
}
