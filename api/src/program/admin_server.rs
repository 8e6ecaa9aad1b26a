//! Answers tools on this machine that ask the running server (`socket.rs`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use domain::security::Rule;
use domain::{Actor, TenantId};

use super::failure::Failure;
use super::one_shots::Freed;
use super::request::Request;
use super::running::Running;
use super::{replay, socket, verify};
use crate::app_token::accounts::Accounts;
use crate::state::app::App;
use crate::state::security::sighting::Sighting;

/// The longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;

/// How long a tool may send nothing before it is cut off.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long to wait after a connection could not be accepted.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Answers tools until the process ends, in threads of its own.
pub(crate) fn serve(
    running: &Running,
    app: &Arc<App>,
    runtime: tokio::runtime::Handle,
) -> Result<(), Failure> {
    let listener = socket::listen(&running.folder)?;
    let (running, app) = (Arc::new(running.clone()), app.clone());
    std::thread::Builder::new().name("admin-socket".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // Most likely too many files are open: the next try would fail as fast.
                std::thread::sleep(ACCEPT_RETRY);
                continue;
            };
            let asked_by = socket::peer(&stream);
            let running = Running { asked_by, ..(*running).clone() };
            let (app, runtime) = (app.clone(), runtime.clone());
            let answered = std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
                if let Err(err) = answer(&stream, &running, &app, &runtime) {
                    tracing::warn!(error = %err, "an administrative request failed");
                    // The tool may have gone away.
                    let _ = writeln!(&stream, "e{}", err.to_string().replace('\n', " "));
                }
            });
            if let Err(err) = answered {
                tracing::warn!(error = %err, "an administrative request could not be answered");
            }
        }
    })?;
    Ok(())
}

fn answer(
    stream: &UnixStream,
    running: &Running,
    app: &App,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let mut text = String::new();
    BufReader::new(std::io::Read::take(stream, REQUEST_BYTES_MAX)).read_line(&mut text)?;
    let request = serde_json::from_str(&text).map_err(|_| "not a request of this version")?;
    let mut out = std::io::BufWriter::new(stream);
    let seen = what_is_read(&request);
    let answered = run(request, stream, &mut out, running, app, runtime);
    if let Some((rule, operation)) = seen {
        // Not before: what is read should not change by being read.
        app.notice(sighting(rule, operation, running.asked_by));
    }
    answered?;
    writeln!(out, "d")?;
    Ok(out.flush()?)
}

/// What auditors are told of a request, beside what it changes.
fn what_is_read(request: &Request) -> Option<(Rule, &'static str)> {
    match request {
        Request::Replay(_) => Some((Rule::Replayed, "replay")),
        Request::Verify { .. } => Some((Rule::Verified, "verify")),
        Request::OneShot(what) if what.copies_all() => Some((Rule::BackedUp, what.name())),
        Request::OneShot(_) => None,
    }
}

fn sighting(rule: Rule, operation: &'static str, uid: Option<u32>) -> Sighting {
    Sighting {
        rule,
        tenant: TenantId::INSTALLATION,
        who: Some(Actor::Operator),
        proven: true,
        address: None,
        uid,
        operation,
        request: commands::keys::random_id().unwrap_or_default(),
        count: 1,
    }
}

fn run(
    request: Request,
    stream: &UnixStream,
    out: &mut dyn std::io::Write,
    running: &Running,
    app: &App,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    match request {
        Request::Replay(query) => {
            // Its reader may pause, as `less` does; one that is gone ends it.
            stream.set_write_timeout(None)?;
            replay::print(&*running.log, running.engine.keys(), &query, &mut |line| {
                Ok(writeln!(out, "l{line}")?)
            })?;
        }
        Request::Verify { expect } => {
            let report = verify::check(running, expect.as_ref(), |position| {
                let _ = writeln!(&*stream, "p{position}");
            });
            writeln!(out, "l{}", serde_json::to_string(&report)?)?;
        }
        Request::OneShot(what) => {
            tracing::info!(what = what.name(), uid = running.asked_by, "an operator asks");
            let freed = what.frees();
            let said = runtime.block_on(what.run(running))?;
            match freed {
                Some(Freed::Account(tenant, name)) => {
                    let at_service = {
                        let tables = app.views.read();
                        Accounts::of(&tables, TenantId(tenant)).tried_as(&name)
                    };
                    app.attempts.forget_account(tenant, &name);
                    app.attempts.forget_account(tenant, &at_service);
                }
                Some(Freed::Client(id)) => {
                    let client = app.views.read().clients.identified(&id).cloned();
                    if let Some(client) = client {
                        let data = &client.data;
                        app.attempts.forget_client(data.tenant.0, &data.client_id.0);
                    }
                }
                None => (),
            }
            said.lines().try_for_each(|it| writeln!(out, "l{it}"))?;
        }
    }
    Ok(())
}
