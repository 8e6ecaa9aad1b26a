//! Open files: the usual soft limit is 1,024, less than the number of connections that may be
//! served.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::http::server::HEALTH_PLACES_MAX;

/// Files reserved for other uses than connections of callers: the log, snapshots, backups, tools,
/// NATS, connections for metrics and for health.
const KEPT: usize = 128 + 2 * HEALTH_PLACES_MAX;

/// Raises the limit as far as so many connections need, and returns how many of them fit.
pub(crate) fn make_room(connections_max: usize) -> usize {
    let needed = connections_max.saturating_add(KEPT);
    let limit = raise(needed as u64);
    let fits = fitting(connections_max, limit);
    if fits < connections_max {
        tracing::warn!(
            connections_max,
            fits,
            open_files = limit,
            "the system allows fewer open files than --connections-max needs, so fewer \
             connections are served: raise the hard limit (ulimit -Hn, LimitNOFILE=)"
        );
    }
    fits
}

/// Raises the soft limit to what is needed, if the hard one lets it. Returns what it is then.
fn raise(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current else { return u64::MAX };
    if current >= needed {
        return current;
    }
    let wanted = limit.maximum.map_or(needed, |it| it.min(needed));
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }) {
        Ok(()) => wanted,
        Err(_) => current,
    }
}

fn fitting(connections_max: usize, limit: u64) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // With very few files, both uses get less.
    let room = limit.saturating_sub(KEPT).max(limit / 4);
    connections_max.min(room).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_rest() {
        assert_eq!(fitting(1_024, 1_048_576), 1_024);
        assert_eq!(fitting(1_024, 1_024 + KEPT as u64), 1_024);
        assert_eq!(fitting(1_024, 1_024), 1_024 - KEPT);
        assert_eq!(fitting(1_024, 64), 16);
        assert_eq!(fitting(1_024, 1), 1);
        assert_eq!(fitting(7, u64::MAX), 7);
    }
}
