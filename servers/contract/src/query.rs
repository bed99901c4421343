//! One query string against the parameters that an endpoint takes.

use std::time::Duration;

use crate::{Endpoint, Parameter, Refusal, Run, parameter};

/// The values that a query gave; `None` where it gave none.
#[derive(Debug, Default)]
pub(crate) struct Query {
    ms: Option<Duration>,
    blocking: Option<bool>,
    rounds: Option<u32>,
    run: Option<Run>,
    bytes: Option<usize>,
}

impl Query {
    /// Reads `name=value` pairs joined by `&`, from left to right: the first pair that is wrong decides the refusal.
    ///
    /// An empty query has no pairs; an empty pair, or one without `=`, is an unknown parameter.
    pub(crate) fn parse(endpoint: Endpoint, query: &str) -> Result<Query, Refusal> {
        let mut read = Query::default();
        if query.is_empty() {
            return Ok(read);
        }
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let parameter = endpoint
                .parameters()
                .iter()
                .copied()
                .find(|parameter| parameter.name() == name)
                .ok_or(Refusal::UnknownParameter(endpoint))?;
            read.take(parameter, value)?;
        }
        Ok(read)
    }

    fn take(&mut self, parameter: Parameter, value: &str) -> Result<(), Refusal> {
        match parameter {
            Parameter::Ms => fill(&mut self.ms, parameter, parameter::milliseconds(value)),
            Parameter::Blocking => fill(&mut self.blocking, parameter, parameter::flag(value)),
            Parameter::Rounds => fill(&mut self.rounds, parameter, parameter::rounds(value)),
            Parameter::Run => fill(&mut self.run, parameter, parameter::run(value)),
            Parameter::Bytes => fill(&mut self.bytes, parameter, parameter::bytes(value)),
        }
    }

    pub(crate) fn ms(&self) -> Result<Duration, Refusal> {
        self.ms.ok_or(Refusal::Missing(Parameter::Ms))
    }

    pub(crate) fn rounds(&self) -> Result<u32, Refusal> {
        self.rounds.ok_or(Refusal::Missing(Parameter::Rounds))
    }

    pub(crate) fn bytes(&self) -> Result<usize, Refusal> {
        self.bytes.ok_or(Refusal::Missing(Parameter::Bytes))
    }

    pub(crate) fn blocking(&self) -> bool {
        self.blocking.unwrap_or(false)
    }

    pub(crate) fn run(&self) -> Run {
        self.run.unwrap_or(Run::Inline)
    }
}

/// A second value is refused before it is looked at: given twice is wrong whatever it says.
fn fill<T>(slot: &mut Option<T>, parameter: Parameter, value: Option<T>) -> Result<(), Refusal> {
    if slot.is_some() {
        return Err(Refusal::Duplicate(parameter));
    }
    *slot = Some(value.ok_or(Refusal::Invalid(parameter))?);
    Ok(())
}
