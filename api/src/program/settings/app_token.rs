//! Settings of the app-token service, and commands for its accounts and apps.

use std::net::SocketAddr;

use clap::{Args, Subcommand};
use domain::app::APP_TOKEN_SECONDS_MAX;

use super::who::Who;
use crate::state::app_token_settings::{AdminMode, AppTokenSettings, FAMILY_DAYS};

/// The shortest secret of mode `token`, in bytes.
const ADMIN_TOKEN_BYTES_MIN: usize = 32;

/// Options of the app-token service (docs/app-token.md).
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "App-token service")]
pub(crate) struct AppToken {
    /// Who may call its administrative operations: whoever has the secret, the account itself, or
    /// (on a loopback address only) anybody.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_ADMIN_MODE",
        default_value = "user",
        value_name = "MODE"
    )]
    pub(crate) app_token_admin_mode: AdminMode,

    /// The secret of mode `token`, at least 32 characters. Better in the environment than here.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_ADMIN_TOKEN",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub(crate) app_token_admin_token: Option<String>,

    /// How far a signed time may be from the clock, in seconds. 0 switches the check off: then an
    /// intercepted request stays good until the log forgets it.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_WINDOW",
        default_value_t = 10,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(i64).range(0..=3_600)
    )]
    pub(crate) app_token_window: i64,

    /// Accept a signature any number of times: for clients that send two requests in one second.
    #[arg(long, env = "CHANCERY_APP_TOKEN_ALLOW_REPLAY")]
    pub(crate) app_token_allow_replay: bool,

    /// New apps need not sign: whoever knows the id of such an app gets its tokens.
    #[arg(long, env = "CHANCERY_APP_TOKEN_LENIENT")]
    pub(crate) app_token_lenient: bool,

    /// How long access tokens of new apps last; refresh tokens last twice as long.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_ACCESS_SECONDS",
        default_value_t = 1_000_000,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(i64).range(1..=APP_TOKEN_SECONDS_MAX)
    )]
    pub(crate) app_token_access_seconds: i64,

    /// Refresh tokens stay valid after their use: a stolen one is then never noticed.
    #[arg(long, env = "CHANCERY_APP_TOKEN_KEEP_REFRESH")]
    pub(crate) app_token_keep_refresh: bool,

    /// For how long a used refresh token may be used again: for answers that were lost.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_GRACE",
        default_value_t = 10,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(i64).range(0..=300)
    )]
    pub(crate) app_token_grace: i64,

    /// For how many days after a login its tokens may be refreshed: then it ends, however often it was.
    #[arg(
        long,
        env = "CHANCERY_APP_TOKEN_FAMILY_DAYS",
        default_value_t = FAMILY_DAYS,
        value_name = "DAYS",
        value_parser = clap::value_parser!(i64).range(1..=3_650)
    )]
    pub(crate) app_token_family_days: i64,

    /// How many logins a user may have through one app, or an app for itself: more are refused
    /// until some end. 0 for any number; each pair of tokens takes some 400 bytes of memory.
    #[arg(long, env = "CHANCERY_APP_TOKEN_SESSIONS_MAX", default_value_t = 0, value_name = "N")]
    pub(crate) app_token_sessions_max: usize,

    /// An unknown app is code 2 instead of 1006, which other failures of the original have, too.
    #[arg(long, env = "CHANCERY_APP_TOKEN_OLD_CODES")]
    pub(crate) app_token_old_codes: bool,

    /// Failures have HTTP statuses of their own instead of 200.
    #[arg(long, env = "CHANCERY_APP_TOKEN_REAL_STATUSES")]
    pub(crate) app_token_real_statuses: bool,

    /// Empty lists are null instead of [].
    #[arg(long, env = "CHANCERY_APP_TOKEN_NULL_LISTS")]
    pub(crate) app_token_null_lists: bool,

    /// Answers come without their envelope.
    #[arg(long, env = "CHANCERY_APP_TOKEN_BARE")]
    pub(crate) app_token_bare: bool,
}

impl AppToken {
    /// The choices, checked against one another and against how the server is reached: at these
    /// addresses, and by a proxy or not.
    pub(crate) fn read(
        &self,
        addresses: &[SocketAddr],
        behind_proxy: Option<&str>,
    ) -> Result<AppTokenSettings, String> {
        let stranger = addresses.iter().find(|it| !it.ip().is_loopback());
        if let Some(address) = stranger.filter(|_| self.app_token_admin_mode == AdminMode::Open) {
            return Err(format!(
                "--app-token-admin-mode open lets anybody change any account, so it needs a \
                 loopback address; {address} is none"
            ));
        }
        if let (AdminMode::Open, Some(option)) = (self.app_token_admin_mode, behind_proxy) {
            return Err(format!(
                "--app-token-admin-mode open lets anybody change any account, so nobody may come \
                 from elsewhere; {option} says that a proxy stands in front"
            ));
        }
        let secret = self.app_token_admin_token.as_ref();
        if self.app_token_admin_mode == AdminMode::Token
            && secret.is_none_or(|it| it.len() < ADMIN_TOKEN_BYTES_MIN)
        {
            return Err(format!(
                "--app-token-admin-mode token needs CHANCERY_APP_TOKEN_ADMIN_TOKEN with at least \
                 {ADMIN_TOKEN_BYTES_MIN} characters"
            ));
        }
        Ok(AppTokenSettings {
            admin_mode: self.app_token_admin_mode,
            admin_token: self.app_token_admin_token.clone(),
            window_seconds: self.app_token_window,
            replay_refused: !self.app_token_allow_replay,
            strict: !self.app_token_lenient,
            access_seconds: self.app_token_access_seconds,
            refresh_rotates: !self.app_token_keep_refresh,
            grace_seconds: self.app_token_grace,
            family_seconds: self.app_token_family_days * 86_400,
            sessions_max: self.app_token_sessions_max,
            old_codes: self.app_token_old_codes,
            real_statuses: self.app_token_real_statuses,
            null_lists: self.app_token_null_lists,
            bare: self.app_token_bare,
        })
    }
}

/// What to do with the accounts and apps of the app-token service.
#[derive(Debug, Subcommand)]
pub(crate) enum AppTokenCommand {
    /// Make a root account, which may make users and apps. The password is read from the
    /// environment variable CHANCERY_PASSWORD, else from standard input.
    AddRoot(Who),
    /// Link a tenant: its users are the accounts of the service, so that a person has one history.
    /// Users without a password that the service knows set one once; app users from before cannot
    /// sign in. All app tokens of the tenant end.
    Link {
        /// The tenant.
        #[arg(long, default_value_t = 1)]
        tenant: u32,
    },
    /// Unlink a tenant: the service has accounts of its own again. All app tokens of the tenant
    /// end.
    Unlink {
        /// The tenant.
        #[arg(long, default_value_t = 1)]
        tenant: u32,
    },
    /// Enable an account.
    Enable(Who),
    /// Disable an account, which cannot sign in then; its tokens end.
    Disable(Who),
    /// Erase the person of an account: personal data becomes unreadable, the history stays whole.
    Erase {
        /// The account, such as app_user-7 (or user-7 in a linked tenant).
        account: String,
        /// Do not ask, also on a terminal.
        #[arg(long)]
        yes: bool,
    },
    /// Set what the requests of an app must have, and for whom it may act.
    SetApp {
        /// The id of the app.
        app: String,
        /// Authorize need not be signed: whoever knows the id of the app gets its tokens.
        #[arg(long)]
        lenient: bool,
        /// The app may ask for tokens of any user of its tenant.
        #[arg(long)]
        acts_for_users: bool,
    },
}
