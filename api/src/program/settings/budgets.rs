//! Options of what one caller may write.

use clap::Args;

use crate::state::budgets::{BudgetSettings, EVENTS_PER_SECOND, KIB_PER_SECOND};

/// What an account may write; networks and tenants have a multiple of it.
#[derive(Debug, Clone, Args)]
pub(crate) struct BudgetOptions {
    /// How many events an account may write in a second, if it goes on for long; at once, 30 times as
    /// many. A network has 5 times as much, a tenant 20 times. 0 for no limit.
    #[arg(
        long,
        env = "CHANCERY_ACCOUNT_EVENTS_PER_SECOND",
        default_value_t = EVENTS_PER_SECOND,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    account_events_per_second: u32,

    /// How many KiB they may have in a second, if it goes on for long; at once, 256 times as many. A
    /// network has 5 times as much, a tenant 20 times. 0 for no limit.
    #[arg(
        long,
        env = "CHANCERY_ACCOUNT_KIB_PER_SECOND",
        default_value_t = KIB_PER_SECOND,
        value_name = "KIB",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    account_kib_per_second: u32,
}

impl BudgetOptions {
    /// What they say.
    pub(crate) fn settings(&self) -> BudgetSettings {
        BudgetSettings {
            events_per_second: self.account_events_per_second,
            kib_per_second: self.account_kib_per_second,
        }
    }
}
