//! A contender as the load generator sees it: an address, a request, the one right reply.

use std::time::Duration;

use anyhow::Context as _;
use loadgen::{Client, Crew, Expect, ExpectBody, Interrupt, Load, Request, Statuses, Url};
use servers_contract::{Call, expected};

use crate::contender::Contender;

/// Opens `crew`'s connections one after another, each proven by one `/hello`.
///
/// # Errors
/// When one of them does not stand or is not answered.
pub fn connect(contender: &Contender, crew: &Crew, interrupt: &Interrupt) -> anyhow::Result<Client> {
    let url = url(contender, &Call::Hello)?;
    Ok(Client::connect(&url, crew, Some(&Request::get(&url)), interrupt)?)
}

/// A closed loop of `call` whose every reply must be the contract's, status and body; a second long unless changed.
///
/// `body` is what a call that takes one is sent; others have none.
///
/// # Errors
/// When the contract has no fixed reply to `call`.
pub fn load(contender: &Contender, call: &Call, body: &[u8]) -> anyhow::Result<Load> {
    let reply = expected(call, body)
        .with_context(|| format!("{}: only an endpoint with a fixed reply can be measured", call.target()))?;
    let expect =
        Expect { status: Statuses::only(reply.status), body: ExpectBody::Exactly(reply.body.into_owned()) };
    let url = url(contender, call)?;
    let sent = (*call == Call::Echo).then_some(body);
    let request = Request::new(&url, call.endpoint().method(), &[], sent)?;
    Ok(Load { expect, ..Load::closed(request, Duration::from_secs(1)) })
}

pub(crate) fn url(contender: &Contender, call: &Call) -> anyhow::Result<Url> {
    let text = format!("http://{}{}", contender.address(), call.target());
    text.parse().with_context(|| format!("cannot ask for {text}"))
}
