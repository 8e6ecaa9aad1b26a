//! Settings: from the command line, else from `CHANCERY_*`, else from a TOML file.

mod app_token;
mod budgets;
mod clients;
mod format;
mod gateway;
mod looking;
mod objects;
mod sdks;
mod who;

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::signing_key::SigningAlgorithm;
use ipnet::IpNet;

pub(crate) use self::app_token::{AppToken, AppTokenCommand};
pub(crate) use self::budgets::BudgetOptions;
pub(crate) use self::clients::ClientWhat;
pub(crate) use self::format::Format;
pub(crate) use self::gateway::{Followed, GatewayJson, GatewayNginx, GatewayWhat};
pub(crate) use self::looking::{Replay, Verify};
pub(crate) use self::objects::ObjectOptions;
pub(crate) use self::sdks::SdkOptions;
pub(crate) use self::who::{Who, Whoever};
use crate::state::origins::parse_origin;
use crate::state::proxies::parse_network;

/// No machine serves more.
const CONNECTIONS_MAX: u64 = 1_000_000;

/// The command line of `chancery`.
#[derive(Debug, Parser)]
#[command(
    name = "chancery",
    version,
    about = "Identity, tokens and API management; every change is an event.",
    after_help = "Every option can also be set as an environment variable (shown in brackets) or \
                  in a TOML file named by --config, under its long name. The command line wins \
                  over the environment, the environment over the file."
)]
pub(crate) struct Settings {
    /// A TOML file with options under their long names.
    #[arg(long, global = true, env = "CHANCERY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The data folder.
    #[arg(
        long,
        global = true,
        env = "CHANCERY_DATA",
        default_value = "./data",
        value_name = "DIR"
    )]
    pub(crate) data: PathBuf,

    /// A file with the master key: 32 bytes in Base64 or hexadecimal. Without it, and without
    /// CHANCERY_MASTER_KEY, the file master.key of the data folder.
    #[arg(long, global = true, env = "CHANCERY_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,

    /// How log lines look.
    #[arg(long, global = true, env = "CHANCERY_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// Which log lines are written, such as info, or info,api=debug for more about requests.
    #[arg(
        long,
        global = true,
        env = "CHANCERY_LOG",
        default_value = "info,async_nats=warn",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    #[command(
        after_help = "At the first start, CHANCERY_ADMIN_PASSWORD sets the administrator's password; without it, one is made and printed."
    )]
    Serve(Box<Serve>),
    /// Print the history in order, one event a line.
    Replay(Replay),
    /// Re-read and re-check everything; exit 0 if all is well, else 1.
    Verify(Verify),
    /// Measure this machine.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Manage signing keys.
    Keys {
        #[command(subcommand)]
        what: Keys,
    },
    /// List tenants, and make them.
    Tenant {
        #[command(subcommand)]
        what: TenantWhat,
    },
    /// Manage users.
    User {
        #[command(subcommand)]
        what: User,
    },
    /// List, disable, enable and unlock OAuth clients, and take them over.
    Client {
        #[command(subcommand)]
        what: ClientWhat,
    },
    /// Manage the accounts and apps of the app-token service.
    AppToken {
        #[command(subcommand)]
        what: AppTokenCommand,
    },
    /// Show letters and short messages that were not sent, and try them again.
    Workers {
        #[command(subcommand)]
        what: WorkersWhat,
    },
    /// Follow a server and keep a gateway at what it says.
    Gateway {
        #[command(subcommand)]
        what: GatewayWhat,
    },
    /// Copy log and keys into another folder, from a running server or a closed store.
    Backup {
        /// The folder to make; it must not exist, or be empty.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// The address to listen on.
    #[arg(long, env = "CHANCERY_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: String,

    /// The URL under which clients reach this server; the issuer of tokens.
    #[arg(long, env = "CHANCERY_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Publish every event to this NATS server, such as nats://localhost:4222.
    #[arg(long, env = "CHANCERY_NATS", value_name = "URL", hide_env_values = true)]
    pub(crate) nats: Option<String>,

    /// A credentials file for NATS.
    #[arg(long, env = "CHANCERY_NATS_CREDENTIALS", value_name = "FILE")]
    pub(crate) nats_credentials: Option<PathBuf>,

    /// Publish personal data in clear. Whoever can read the subject then reads names and
    /// addresses, and erasing a person does not reach what was published.
    #[arg(long, env = "CHANCERY_NATS_PERSONAL")]
    pub(crate) nats_personal: bool,

    /// How access tokens are signed: by default as before, or by ES256 at the first start. A new
    /// algorithm signs two minutes after the start that names it first.
    #[arg(long, env = "CHANCERY_TOKEN_ALGORITHM")]
    pub(crate) token_algorithm: Option<Algorithm>,

    /// The HTTP status of documented business errors: 200, or a real one.
    #[arg(long, env = "CHANCERY_BUSINESS_ERRORS", default_value = "200")]
    pub(crate) business_errors: BusinessErrors,

    /// How many connections are served at once; one network has an eighth of them, trusted proxies
    /// may have all.
    #[arg(
        long,
        env = "CHANCERY_CONNECTIONS_MAX",
        default_value_t = 1_024,
        value_name = "N",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=CONNECTIONS_MAX)
    )]
    pub(crate) connections_max: usize,

    /// A reverse proxy whose X-Forwarded-For is believed: an address or a network such as
    /// 10.0.0.0/8; several with commas. Without it all callers of a proxy look like one.
    #[arg(
        long,
        env = "CHANCERY_TRUSTED_PROXIES",
        value_name = "ADDR",
        value_delimiter = ',',
        value_parser = parse_network
    )]
    pub(crate) trusted_proxies: Vec<IpNet>,

    /// Write the addresses of callers into log lines about refusals, not only a hash of them.
    #[arg(long, env = "CHANCERY_LOG_ADDRESSES")]
    pub(crate) log_addresses: bool,

    /// An origin whose pages may call /api from a browser, such as `https://app.example.com`;
    /// several with commas. Without it no page of another origin may.
    #[arg(
        long,
        env = "CHANCERY_CORS_ORIGINS",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = parse_origin
    )]
    pub(crate) cors_origins: Vec<String>,

    /// Answer /metrics at this address and nowhere else: figures tell strangers how busy the program
    /// is. Without it, at the address of --listen.
    #[arg(long, env = "CHANCERY_METRICS_LISTEN", value_name = "ADDR")]
    pub(crate) metrics_listen: Option<String>,

    /// The mail server by which letters leave, such as `smtps://user:password@mail.example.com` or
    /// `smtp://localhost:25`; with `?tls=required` STARTTLS is required. Without it, letters are
    /// written as files into the folder mail of the data folder.
    #[arg(long, env = "CHANCERY_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) smtp_url: Option<String>,

    /// The sender of letters, such as `Shop <no-reply@shop.example>`.
    #[arg(
        long,
        env = "CHANCERY_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "no-reply@localhost"
    )]
    pub(crate) mail_from: String,

    /// How long subscribers of an API are told nothing after a change, in seconds: later changes come in
    /// the same letter.
    #[arg(
        long,
        env = "CHANCERY_NOTICE_WAIT_SECONDS",
        value_name = "N",
        default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(0..=3_600)
    )]
    pub(crate) notice_wait_seconds: u32,

    /// Addresses besides public ones that documents of APIs may be fetched from, and that the gateway may
    /// send requests to: networks, addresses and host names, with commas between. Link-local addresses
    /// are never reached.
    #[arg(
        long,
        env = "CHANCERY_ALLOW_PRIVATE_OUTBOUND",
        value_name = "LIST",
        default_value = "",
        value_parser = outside::Outbound::parse
    )]
    pub(crate) allow_private_outbound: outside::Outbound,

    /// The URL that short messages are sent to, as JSON, signed as Standard Webhooks says. Without it,
    /// they are written as files into the folder sms of the data folder.
    #[arg(long, env = "CHANCERY_SMS_WEBHOOK_URL", value_name = "URL")]
    pub(crate) sms_webhook_url: Option<String>,

    /// A file with the secret that they are signed with: `whsec_` and Base64, or at least 24 bytes.
    #[arg(long, env = "CHANCERY_SMS_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    pub(crate) sms_webhook_secret_file: Option<PathBuf>,

    /// Refuse changes when less than this is left on the disk, in MiB.
    #[arg(long, env = "CHANCERY_DISK_RESERVE_MIB", default_value_t = 128, value_name = "MIB")]
    pub(crate) disk_reserve_mib: u64,

    /// Start although the log ends before it should, if it ends at this position.
    #[arg(long, env = "CHANCERY_ACCEPT_HEAD", value_name = "POSITION")]
    pub(crate) accept_head: Option<u64>,

    #[command(flatten)]
    pub(crate) budgets: BudgetOptions,

    #[command(flatten)]
    pub(crate) objects: ObjectOptions,

    // These come last, because options after them would be listed under their headings in the help.
    #[command(flatten)]
    pub(crate) sdks: SdkOptions,

    #[command(flatten)]
    pub(crate) app_token: AppToken,
}

/// How access tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256.
    #[value(name = "ES256", alias = "es256")]
    Es256,
    /// Ed25519.
    #[value(name = "EdDSA", alias = "eddsa")]
    EdDsa,
    /// RSA, 2048 bits: for clients that know nothing else.
    #[value(name = "RS256", alias = "rs256")]
    Rs256,
}

impl From<Algorithm> for SigningAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Es256 => Self::Es256,
            Algorithm::EdDsa => Self::EdDsa,
            Algorithm::Rs256 => Self::Rs256,
        }
    }
}

/// The HTTP status of documented business errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BusinessErrors {
    /// As documented.
    #[value(name = "200")]
    Ok,
    /// 404, 409 or 422.
    Status,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Measure appending and replaying, and the raw limits of this disk, in a temporary folder
    /// here.
    Log {
        /// How to print the result.
        #[arg(long, default_value = "table")]
        format: Format,
    },
}

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Replace every key in use by a new one, which signs two minutes later; tokens signed before
    /// stay valid until they expire.
    Rotate {
        /// Replace all keys of a tenant by one key of this algorithm.
        #[arg(long)]
        algorithm: Option<Algorithm>,
    },
    /// End a key whose private half others may have: tokens that it signed no longer count.
    End {
        /// Which key; `chancery keys list` names them.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Why, for the auditor.
        #[arg(long, default_value = "ended by the operator")]
        reason: String,
    },
    /// List the keys whose signatures count.
    List,
}

/// What to do with letters and short messages that were not sent.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkersWhat {
    /// Show what was not sent yet, or was given up, and why.
    List {
        /// How to print.
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Try again what was given up.
    Retry {
        /// The name of one, as the list shows it; without it, all.
        name: Option<String>,
    },
}

/// What to do with tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantWhat {
    /// Show all tenants with their hosts.
    List {
        /// How the list looks.
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Make a tenant with its roles, a signing key, and an administrator, who owns it. The password is
    /// read from the environment variable CHANCERY_PASSWORD, else from standard input.
    Create {
        /// Its name.
        name: String,
        /// Where it answers: a host with an optional port, as in the Host header. May be given again.
        #[arg(long, required = true, value_name = "HOST")]
        host: Vec<String>,
        /// The name with which its administrator signs in.
        #[arg(long, value_name = "NAME")]
        administrator: String,
    },
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Replace a user's password; tokens issued before end. The password is read from the
    /// environment variable CHANCERY_PASSWORD, else from standard input.
    SetPassword(Who),
    /// Enter a user at the top of a tenant. The password is read as for set-password.
    Create {
        #[command(flatten)]
        who: Who,
        /// Give the user the role of administrators, and the permission for everything.
        #[arg(long)]
        administrator: bool,
    },
    /// Let a user sign in again.
    Enable(Who),
    /// Disable a user, who cannot sign in then; tokens end.
    Disable(Who),
    /// Forget the wrong passwords of an account of either kind: nobody has to wait before the next try.
    Unlock(Who),
    /// Erase a person: personal data becomes unreadable, the history stays whole.
    Erase {
        #[command(flatten)]
        who: Whoever,
        /// Do not ask, also on a terminal.
        #[arg(long)]
        yes: bool,
    },
    /// Make a user an administrator of its tenant: the role, and the permission for everything. It
    /// counts from the next sign-in.
    GrantAdministrator(Who),
}
