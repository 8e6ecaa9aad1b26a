//! Commands of an operator for signing keys: rotate, end and list; and what every start makes sure
//! of.

use commands::Draft;
use commands::signing::{NewSigningKey, add_signing_key, make_signing_key, system_head};
use domain::log::CommitHead;
use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyCommand};
use domain::token::TOKEN_SECONDS_MAX;
use domain::{Actor, TenantId};
use projections::SigningKeyRow;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use super::settings::Keys;
use crate::state::signer::KNOWN_SECONDS;

/// A command for signing keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "keys", rename_all = "snake_case")]
pub(crate) enum KeyShot {
    /// Successors for the keys of every tenant: of each algorithm in use, or of the one named.
    Rotate { algorithm: Option<String> },
    /// Tokens that the key signed no longer count.
    End { kid: String, reason: String },
    /// Which keys there are.
    List,
}

impl From<Keys> for KeyShot {
    fn from(what: Keys) -> Self {
        match what {
            Keys::Rotate { algorithm } => {
                let algorithm = algorithm.map(|it| SigningAlgorithm::from(it).name().to_owned());
                Self::Rotate { algorithm }
            }
            Keys::End { kid, reason } => Self::End { kid, reason },
            Keys::List => Self::List,
        }
    }
}

impl KeyShot {
    /// The name of the command for the log, never its arguments.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rotate { .. } => "keys rotate",
            Self::End { .. } => "keys end",
            Self::List => "keys list",
        }
    }

    /// Runs it, and prints what was done.
    pub(crate) async fn run(self, on: &Running) -> Result<String, Failure> {
        match self {
            Self::Rotate { algorithm } => {
                let wanted = algorithm.as_deref();
                let named = SigningAlgorithm::ALL.into_iter().find(|it| Some(it.name()) == wanted);
                rotate(on, named).await
            }
            Self::End { kid, reason } => end(on, &kid, &reason).await,
            Self::List => Ok(list(on)),
        }
    }
}

async fn rotate(on: &Running, named: Option<SigningAlgorithm>) -> Result<String, Failure> {
    let mut lines = Vec::new();
    for tenant in tenants(on) {
        let head = head_of(on, "keys rotate", tenant, on.clock.now())?;
        let (position, said) = rotate_of(on, head, named).await?;
        wait_until_shown(on, position).await?;
        lines.extend(said);
    }
    lines.push(format!(
        "tokens signed before stay valid until they expire; a new key signs once it has been \
         published for {KNOWN_SECONDS} seconds"
    ));
    Ok(lines.join("\n"))
}

/// The keys of a tenant get successors in one commit. In the order of their making, so that the
/// successor of the newest is the newest. Says where the commit stands, and what was done.
async fn rotate_of(
    on: &Running,
    head: CommitHead,
    named: Option<SigningAlgorithm>,
) -> Result<(u64, Vec<String>), Failure> {
    let tenant = head.tenant;
    let mut old = on.views.read().signing_keys.active(tenant).cloned().collect::<Vec<_>>();
    old.reverse();
    let mut algorithms = Vec::new();
    for algorithm in old.iter().map(|it| it.data.algorithm) {
        algorithms.retain(|it| *it != algorithm);
        algorithms.push(algorithm);
    }
    if let Some(named) = named {
        algorithms = vec![named];
    }
    let now = head.time;
    let mut draft = on.engine.draft(head);
    let mut lines = Vec::new();
    for algorithm in algorithms {
        let key = make(tenant, algorithm, old.is_empty()).await?;
        let kid = add_signing_key(&mut draft, on.engine.keys(), key)?;
        lines.push(format!("tenant {tenant}: new {} key {kid}", algorithm.name()));
    }
    for key in &old {
        retire(&mut draft, key, now)?;
        lines.push(format!("tenant {tenant}: retired {}", key.data.kid));
    }
    Ok((draft.commit().await?.position, lines))
}

fn retire(
    draft: &mut Draft<'_>,
    key: &SigningKeyRow,
    now: domain::Timestamp,
) -> Result<(), Failure> {
    // It signs until its successor does, and the last token has the longest possible lifetime.
    let until = now.plus_seconds(TOKEN_SECONDS_MAX + KNOWN_SECONDS as i64);
    Ok(draft.decide::<SigningKey>(&key.data.kid, &SigningKeyCommand::Retire { until })?)
}

/// RSA takes long.
async fn make(
    tenant: TenantId,
    algorithm: SigningAlgorithm,
    signs_at_once: bool,
) -> Result<NewSigningKey, Failure> {
    let made =
        tokio::task::spawn_blocking(move || make_signing_key(tenant, algorithm, signs_at_once));
    Ok(made.await.map_err(|err| err.to_string())??)
}

/// After a leak. Without another key that signs, a successor is made by the same commit.
async fn end(on: &Running, kid: &str, reason: &str) -> Result<String, Failure> {
    let row = on.views.read().signing_keys.get(kid).cloned();
    let row = row.ok_or_else(|| {
        format!("no signing key is called {kid}; `chancery keys list` names them")
    })?;
    if row.ended {
        return Ok(format!("{kid} has ended already"));
    }
    let tenant = row.data.tenant;
    let left = {
        let tables = on.views.read();
        tables.signing_keys.active(tenant).any(|it| it.data.kid != kid)
    };
    let mut draft = on.engine.draft(head_of(on, "keys end", tenant, on.clock.now())?);
    draft.decide::<SigningKey>(kid, &SigningKeyCommand::End { reason: reason.to_owned() })?;
    let mut said = format!("{kid} has ended: no token that it signed counts any more");
    if !left {
        let key = make(tenant, row.data.algorithm, true).await?;
        let successor = add_signing_key(&mut draft, on.engine.keys(), key)?;
        said = format!("{said}; {successor} signs now");
    }
    let done = draft.commit().await?;
    wait_until_shown(on, done.position).await?;
    Ok(said)
}

fn list(on: &Running) -> String {
    let tables = on.views.read();
    let mut lines = vec![format!("{:<24}{:>7}  {:<10}STATE", "KID", "TENANT", "ALGORITHM")];
    for tenant in tables.tenants.all().map(|it| it.data.tenant) {
        for key in tables.signing_keys.of(tenant) {
            let state = match key.retired_until {
                None => "in use".to_owned(),
                Some(until) => format!("retired, published until {}", until.rfc3339()),
            };
            let (kid, algorithm) = (&key.data.kid, key.data.algorithm.name());
            lines.push(format!("{kid:<24}{tenant:>7}  {algorithm:<10}{state}"));
        }
    }
    lines.join("\n")
}

fn tenants(on: &Running) -> Vec<TenantId> {
    on.views.read().tenants.all().map(|it| it.data.tenant).collect()
}

/// What every start makes sure of: a key that signs for each tenant, by the algorithm that the
/// operator named, if one was named.
pub(crate) async fn prepare(on: &Running, named: Option<SigningAlgorithm>) -> Result<(), Failure> {
    for tenant in tenants(on) {
        let newest = {
            let tables = on.views.read();
            tables.signing_keys.active(tenant).next().map(|it| it.data.algorithm)
        };
        let wanted = match (newest, named) {
            (None, named) => named.unwrap_or(SigningAlgorithm::Es256),
            (Some(newest), Some(named)) if newest != named => named,
            (Some(_), _) => continue,
        };
        let head = system_head(tenant, Actor::System, on.clock.now())?;
        let (_, lines) = rotate_of(on, head, Some(wanted)).await?;
        tracing::info!(%tenant, what = lines.join("; "), "signing keys were made");
    }
    Ok(())
}
