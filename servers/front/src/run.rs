//! From the command line to a listening socket, and from the end of serving to the exit code.

use std::{env, net::TcpListener, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use servers_contract::{Settings, Upstream, limits, upstream};

use crate::{
    Contender, Flag, Flags, Front, StageLog, Stop, contender::Parts, listen, notice, process_limits,
};

/// What a front gets to serve with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Start {
    /// The command line.
    pub flags: Flags,
    /// Bound and listening, blocking; the kernel queues connections from now on.
    pub listener: TcpListener,
    /// Counters and settings; give it to the handlers, and call [`Contender::ready`] once requests are answered.
    pub contender: Arc<Contender>,
    /// When to stop.
    pub stop: Stop,
    /// `--max-connections`, or less where descriptors do not suffice.
    pub max_connections: usize,
    /// Where probes leave the times of stages; `None` without `--stages`.
    pub stages: Option<Arc<StageLog>>,
}

/// Descriptors kept for everything that is not a connection: listener, epoll, timers, stdio, `/proc`.
const OTHER_DESCRIPTORS: usize = 64;

/// Reads the flags, prepares the process, binds, and calls `serve`; prints what failed and gives the exit code.
///
/// `serve` returns once it has drained: with `Ok` after a signal, with an error if it could not go on.
pub fn run(front: &Front, serve: impl FnOnce(Start) -> anyhow::Result<()>) -> ExitCode {
    let flags = match front.read(env::args_os()) {
        Ok(flags) => flags,
        Err(error) => {
            // Help goes to stdout with code 0, errors to stderr with 2; a closed pipe is no reason to panic.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let start = match prepare(front, flags) {
        Ok(start) => start,
        Err(error) => {
            notice(format_args!("server-{}: {error:#}", front.name));
            return ExitCode::from(2);
        }
    };
    let stages = start.stages.clone();
    let served = serve(start).and_then(|()| stages.map_or(Ok(()), |stages| stages.write()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            notice(format_args!("server-{}: {error:#}", front.name));
            ExitCode::FAILURE
        }
    }
}

fn prepare(front: &Front, flags: Flags) -> anyhow::Result<Start> {
    // Before any thread starts: threads inherit the timer slack of the one that starts them.
    let timer_slack =
        process_limits::timer_slack(flags.timer_slack).context("could not set the timer slack")?;
    let descriptors =
        process_limits::raise_descriptor_limit().context("could not raise the descriptor limit")?;
    let stop = Stop::on_signals().context("could not take over SIGTERM and SIGINT")?;
    let listener = listen::listen(&flags)?;
    let max_connections = max_connections(&flags, descriptors);
    let stages = flags.stages.as_deref().map(|file| StageLog::create(file, &listener)).transpose()?;
    let settings = Settings {
        timer_slack_ns: Some(timer_slack),
        descriptor_limit: Some(descriptors),
        ..settings(front, &flags, &listener, max_connections)?
    };
    let parts = Parts {
        front: *front,
        name: flags.name.clone().unwrap_or_else(|| front.name.to_owned()),
        address: listener.local_addr().context("could not read the listener's address")?,
        allow_blocking: flags.allow_blocking,
        slow_poll: flags.slow_poll,
        panic_on: flags.panic_on,
        upstream: upstream(&flags)?,
        settings,
    };
    let contender = Arc::new(Contender::new(parts));
    Ok(Start { flags, listener, contender, stop, max_connections, stages: stages.map(Arc::new) })
}

/// The server to ask; nothing is sent to it before a request asks for that.
fn upstream(flags: &Flags) -> anyhow::Result<Option<Upstream>> {
    let Some(address) = flags.upstream else { return Ok(None) };
    ensure!(
        address.ip().is_loopback() || flags.allow_remote,
        "--upstream {address} is beyond loopback: expected 127.0.0.1 or [::1], or --allow-remote beside it"
    );
    Ok(Some(Upstream { address, timeout: upstream::TIMEOUT }))
}

fn max_connections(flags: &Flags, descriptors: u64) -> usize {
    let spare = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(OTHER_DESCRIPTORS).max(1);
    flags.max_connections.get().min(spare)
}

/// What is in effect according to the flags and the kernel; `None` for what this front does not honour.
fn settings(
    front: &Front,
    flags: &Flags,
    listener: &TcpListener,
    max_connections: usize,
) -> anyhow::Result<Settings> {
    let effective =
        listen::effective(listener, flags).context("could not read the listener's options back")?;
    let time = |flag, time: Duration| front.honours(flag).then(|| millis(time));
    Ok(Settings {
        backlog: Some(effective.backlog),
        tcp_nodelay: Some(effective.nodelay),
        tcp_user_timeout_ms: effective.user_timeout.map(millis),
        keep_alive_ms: time(Flag::KeepAlive, flags.keep_alive),
        head_timeout_ms: time(Flag::HeadTimeout, flags.head_timeout),
        body_timeout_ms: time(Flag::BodyTimeout, flags.body_timeout),
        write_timeout_ms: time(Flag::WriteTimeout, flags.write_timeout),
        slow_poll_ms: time(Flag::SlowPoll, flags.slow_poll),
        allow_blocking: front.honours(Flag::AllowBlocking).then_some(flags.allow_blocking),
        workers: front.honours(Flag::Workers).then(|| flags.workers() as u64),
        threads: flags.threads.map(|threads| threads.get() as u64),
        max_connections: front.honours(Flag::MaxConnections).then_some(max_connections as u64),
        head_limit_bytes: Some(limits::HEAD_LIMIT as u64),
        body_limit_bytes: Some(limits::BODY_LIMIT as u64),
        ..Settings::default()
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use servers_contract::Model;

    #[test]
    fn settings_are_null_for_what_the_front_does_not_honour() {
        let front = Front {
            name: "test",
            version: "1",
            model: Model::Sync,
            honours: &[Flag::KeepAlive, Flag::MaxConnections],
        };
        let flags = Flags::parse_from(["test", "--keep-alive", "3s"]);
        let listener = listen::listen(&flags).unwrap();
        let settings = settings(&front, &flags, &listener, 7).unwrap();
        assert_eq!((settings.keep_alive_ms, settings.max_connections), (Some(3000), Some(7)));
        assert_eq!((settings.head_timeout_ms, settings.workers, settings.allow_blocking), (None, None, None));
        assert_eq!((settings.tcp_nodelay, settings.backlog), (Some(true), Some(1024)));
    }

    #[test]
    fn an_upstream_beyond_loopback_is_refused_unless_it_is_allowed() {
        let of = |arguments: &[&str]| upstream(&Flags::parse_from([&["test"][..], arguments].concat()));
        assert_eq!(of(&[]).unwrap(), None);
        let address = "127.0.0.1:7".parse().unwrap();
        let expected = Upstream { address, timeout: upstream::TIMEOUT };
        assert_eq!(of(&["--upstream", "127.0.0.1:7"]).unwrap(), Some(expected));
        let error = of(&["--upstream", "192.0.2.1:7"]).unwrap_err().to_string();
        assert!(error.contains("--allow-remote"), "{error}");
        assert!(of(&["--upstream", "192.0.2.1:7", "--allow-remote"]).unwrap().is_some());
    }

    #[test]
    fn connections_never_exceed_what_descriptors_allow() {
        let flags = Flags::parse_from(["test", "--max-connections", "1000"]);
        assert_eq!(max_connections(&flags, 20_000), 1000);
        assert_eq!(max_connections(&flags, 256), 192);
        assert_eq!(max_connections(&flags, 10), 1);
    }
}
