//! Administrative commands: through the running server if there is one, else directly on the store.

use std::process::ExitCode;

use super::failure::Failure;
use super::home::{Held, Home, held, master_key};
use super::one_shots::OneShot;
use super::output::print;
use super::request::Request;
use super::running::{Opening, Running, advise};
use super::settings::Common;
use super::socket;

/// Runs one command, and prints what was done.
pub(crate) fn run(common: &Common, mut what: OneShot) -> Result<ExitCode, Failure> {
    if held(&common.data) == Held::ByServer {
        if let Some(needed) = what.needs() {
            socket::ask(&common.data, &Request::OneShot(needed), &mut |_| ())?;
        }
        what.ask_password()?;
        let mut printed = Ok(());
        socket::ask(&common.data, &Request::OneShot(what), &mut |line| {
            if printed.is_ok() {
                printed = print(line);
            }
        })?;
        return printed.map(|()| ExitCode::SUCCESS);
    }
    if !common.data.join("log").is_dir() {
        let folder = common.data.display();
        return Err(format!("{folder} holds no log; give the data folder with --data").into());
    }
    let home = Home::open(&common.data)?;
    let master = master_key(common, &home.folder)?;
    let on = Running::open(&home.folder, &master, Opening::default()).map_err(advise)?;
    let on = Running { asked_by: Some(rustix::process::getuid().as_raw()), ..on };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if what.writes() {
        runtime.block_on(on.note_restore()).map_err(advise)?;
    }
    on.catch_up(&|_| ()).map_err(advise)?;
    if let Some(needed) = what.needs() {
        runtime.block_on(needed.run(&on))?;
    }
    what.ask_password()?;
    let follower = projections::follow(on.engine.log().clone(), on.views.clone());
    let said = runtime.block_on(async {
        let following = tokio::spawn(follower);
        let said = what.run(&on).await;
        following.abort();
        said
    });
    on.log.close();
    print(said?).map(|()| ExitCode::SUCCESS)
}
