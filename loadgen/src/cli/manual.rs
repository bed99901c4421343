//! The manual page: one for the program with all its commands, so that `man -l -` shows everything.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// What clap renders as a section, heading included.
type Section = fn(&Man, &mut dyn io::Write) -> io::Result<()>;

/// The page in roff.
pub(crate) fn page(mut command: Command) -> io::Result<Vec<u8>> {
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    // Not clap's list of commands, which refers to a page for each.
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let man = Man::new(command.clone());
        heading(&format!("LOADGEN {}", command.get_name().to_uppercase()), &mut page)?;
        without_heading(&man, Man::render_synopsis_section, &mut page)?;
        page.extend_from_slice(b".PP\n");
        without_heading(&man, Man::render_description_section, &mut page)?;
        without_heading(&man, Man::render_options_section, &mut page)?;
        if let Some(exit_codes) = command.get_after_help() {
            page.extend_from_slice(b".PP\n");
            text(&exit_codes.to_string(), &mut page)?;
        }
    }
    heading("EXIT STATUS", &mut page)?;
    if let Some(exit_codes) = command.get_after_help() {
        text(&exit_codes.to_string(), &mut page)?;
    }
    man.render_version_section(&mut page)?;
    Ok(page)
}

fn heading(name: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [name]);
    roff.to_writer(page)
}

fn text(text: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.text([roman(text)]);
    roff.to_writer(page)
}

fn without_heading(man: &Man, section: Section, page: &mut Vec<u8>) -> io::Result<()> {
    let mut rendered = Vec::new();
    section(man, &mut rendered)?;
    let lines = rendered.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b".SH ")).for_each(|line| page.extend_from_slice(line));
    Ok(())
}
