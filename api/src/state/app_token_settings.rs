//! What an operator may choose about the app-token service (app-token spec sections 4 and 6.3).

/// For how many days after its first pair a family may be refreshed.
pub(crate) const FAMILY_DAYS: i64 = 180;

/// Who may call the administrative operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum AdminMode {
    /// Whoever has the one secret of the operator.
    Token,
    /// The account that the request names, by its own access token, or an administrator.
    #[default]
    User,
    /// Anybody, as the original was: on a loopback address only.
    Open,
}

/// The choices.
#[derive(Clone)]
pub struct AppTokenSettings {
    /// Who may call the administrative operations.
    pub admin_mode: AdminMode,
    /// The secret of mode `token`.
    pub admin_token: Option<String>,
    /// How far a signed time may be from the clock, in seconds; 0 for any distance.
    pub window_seconds: i64,
    /// Whether a signature counts once only.
    pub replay_refused: bool,
    /// Whether new apps must sign their requests.
    pub strict: bool,
    /// How long the access tokens of new apps last, in seconds.
    pub access_seconds: i64,
    /// Whether a refresh token ends when it was used.
    pub refresh_rotates: bool,
    /// For how long after its first use a refresh token may be used again, in seconds: for answers
    /// that were lost.
    pub grace_seconds: i64,
    /// For how long after its first pair a family may be refreshed, in seconds.
    pub family_seconds: i64,
    /// How many families of pairs a user may have by one app, or an app for itself; 0 for any.
    pub sessions_max: usize,
    /// Whether an unknown app is code 2, as of the original, instead of 1006.
    pub old_codes: bool,
    /// Whether failures have HTTP statuses of their own instead of 200.
    pub real_statuses: bool,
    /// Whether an empty list is `null`.
    pub null_lists: bool,
    /// Whether answers come without their envelope.
    pub bare: bool,
}

impl Default for AppTokenSettings {
    fn default() -> Self {
        Self {
            admin_mode: AdminMode::User,
            admin_token: None,
            window_seconds: 10,
            replay_refused: true,
            strict: true,
            access_seconds: 1_000_000,
            refresh_rotates: true,
            grace_seconds: 10,
            family_seconds: FAMILY_DAYS * 86_400,
            sessions_max: 0,
            old_codes: false,
            real_statuses: false,
            null_lists: false,
            bare: false,
        }
    }
}

/// The secret is not shown.
impl std::fmt::Debug for AppTokenSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppTokenSettings")
            .field("admin_mode", &self.admin_mode)
            .field("window_seconds", &self.window_seconds)
            .field("replay_refused", &self.replay_refused)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}
