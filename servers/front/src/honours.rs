//! Which flags have an effect in which front: the others are refused, not ignored.

use clap::{CommandFactory, FromArgMatches, error::ErrorKind, parser::ValueSource};
use servers_contract::Model;

use crate::Flags;

/// What a contender's `main` says about its front.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// The contender's name, such as `tiny-http`; its binary is `server-` and this name.
    pub name: &'static str,
    /// The stack under test and its version, as `/health` tells it.
    pub version: &'static str,
    /// How its handlers wait.
    pub model: Model,
    /// The flags that it honours besides those that every front does.
    pub honours: &'static [Flag],
}

/// A flag that not every front can honour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `--workers`
    Workers,
    /// `--stealing`
    Stealing,
    /// `--threads`
    Threads,
    /// `--max-connections`
    MaxConnections,
    /// `--keep-alive`
    KeepAlive,
    /// `--head-timeout`
    HeadTimeout,
    /// `--body-timeout`
    BodyTimeout,
    /// `--write-timeout`
    WriteTimeout,
    /// `--allow-blocking`
    AllowBlocking,
    /// `--slow-poll`
    SlowPoll,
    /// `--stages`
    Stages,
}

impl Flag {
    /// Every flag that a front may or may not honour.
    pub const ALL: [Flag; 11] = [
        Flag::Workers,
        Flag::Stealing,
        Flag::Threads,
        Flag::MaxConnections,
        Flag::KeepAlive,
        Flag::HeadTimeout,
        Flag::BodyTimeout,
        Flag::WriteTimeout,
        Flag::AllowBlocking,
        Flag::SlowPoll,
        Flag::Stages,
    ];

    /// The field of [`Flags`], which is also clap's identifier.
    fn id(self) -> &'static str {
        match self {
            Flag::Workers => "workers",
            Flag::Stealing => "stealing",
            Flag::Threads => "threads",
            Flag::MaxConnections => "max_connections",
            Flag::KeepAlive => "keep_alive",
            Flag::HeadTimeout => "head_timeout",
            Flag::BodyTimeout => "body_timeout",
            Flag::WriteTimeout => "write_timeout",
            Flag::AllowBlocking => "allow_blocking",
            Flag::SlowPoll => "slow_poll",
            Flag::Stages => "stages",
        }
    }
}

impl Front {
    /// Whether a flag has an effect here.
    pub fn honours(&self, flag: Flag) -> bool {
        self.honours.contains(&flag)
    }

    /// Reads a command line, program name first.
    ///
    /// # Errors
    /// clap's own, and one for a flag that was given although it has no effect here. `--help` shows only what has.
    pub(crate) fn read<I>(&self, arguments: I) -> Result<Flags, clap::Error>
    where
        I: IntoIterator<Item: Into<std::ffi::OsString> + Clone>,
    {
        let useless = || Flag::ALL.into_iter().filter(|flag| !self.honours(*flag));
        let mut command = useless()
            .fold(Flags::command(), |command, flag| command.mut_arg(flag.id(), |arg| arg.hide(true)));
        command = command.name(self.name).bin_name(format!("server-{}", self.name)).version(self.version);
        let matches = command.try_get_matches_from_mut(arguments)?;
        for flag in useless() {
            if matches.value_source(flag.id()) == Some(ValueSource::CommandLine) {
                return Err(command.error(ErrorKind::ArgumentConflict, self.without_effect(flag)));
            }
        }
        Flags::from_arg_matches(&matches)
    }

    fn without_effect(&self, flag: Flag) -> String {
        format!("--{} has no effect in {}: leave it out", flag.id().replace('_', "-"), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: Front = Front {
        name: "test",
        version: "test 1",
        model: Model::Sync,
        honours: &[Flag::Threads, Flag::KeepAlive],
    };

    fn read(arguments: &[&str]) -> Result<Flags, String> {
        let arguments = std::iter::once("server-test").chain(arguments.iter().copied());
        FRONT.read(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn every_flag_without_effect_is_refused_when_given_and_only_then() {
        assert_eq!(read(&["--threads", "4"]).unwrap().threads.unwrap().get(), 4);
        for flag in Flag::ALL.into_iter().filter(|flag| !FRONT.honours(*flag)) {
            let argument = format!("--{}", flag.id().replace('_', "-"));
            let value = match flag {
                Flag::AllowBlocking | Flag::Stealing => None,
                Flag::Workers | Flag::MaxConnections => Some("3"),
                _ => Some("3s"),
            };
            let arguments: Vec<&str> = std::iter::once(argument.as_str()).chain(value).collect();
            let error = read(&arguments).unwrap_err();
            assert!(error.contains(&format!("{argument} has no effect in test: leave it out")), "{error}");
        }
        assert!(read(&[]).is_ok());
    }

    #[test]
    fn help_shows_only_what_has_an_effect() {
        let help = read(&["--help"]).unwrap_err();
        assert!(help.contains("--threads") && !help.contains("--workers"), "{help}");
    }
}
