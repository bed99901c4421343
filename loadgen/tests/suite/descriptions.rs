//! The command line as shells complete it and `man` shows it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::flags::{all_flags, commands, names, stdout};

#[test]
fn completions_have_every_flag_and_command_and_bash_takes_them() {
    let script = stdout(&["completions", "bash"]);
    let missing: Vec<_> = all_flags().into_iter().filter(|flag| !names(&script, flag)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(commands().iter().all(|command| script.contains(&format!("loadgen,{command})"))), "{script}");
    let mut bash =
        Command::new("bash").args(["-n"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let read = bash.wait_with_output().unwrap();
    assert!(read.status.success() && read.stderr.is_empty(), "{read:?}");
}

#[test]
fn bash_completes_a_flag_and_its_values() {
    let script = stdout(&["completions", "bash"]);
    let ask = "COMP_WORDS=(loadgen \"$@\"); COMP_CWORD=$#; _loadgen loadgen \"${!#}\" \"${COMP_WORDS[$#-1]}\"; echo \"${COMPREPLY[*]}\"";
    let complete = |words: &[&str]| {
        let text = format!("{script}\n{ask}");
        let output = Command::new("bash").args(["-c", &text, "bash"]).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete(&["--fail"]), "--fail-if");
    assert_eq!(complete(&["--arrivals", "p"]), "poisson");
    assert_eq!(complete(&["mer"]), "merge");
    assert_eq!(complete(&["capacity", "--obj"]), "--objective");
}

#[test]
fn every_shell_gets_a_script_and_another_is_refused() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(&["completions", shell]);
        assert!(names(&script, "--fail-if") || script.contains("-l fail-if"), "{shell}");
    }
    let refused = Command::new(env!("CARGO_BIN_EXE_loadgen")).args(["completions", "cmd"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_manual_explains_every_flag_and_command_and_has_a_section_of_exit_codes() {
    // Hyphens that are not to be broken at are escaped.
    let page = stdout(&["man"]).replace("\\-", "-");
    let missing: Vec<_> =
        all_flags().into_iter().filter(|flag| !page.contains(&format!("\\fB{flag}\\fR"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for command in commands() {
        assert!(page.contains(&format!(".SH \"LOADGEN {}\"", command.to_uppercase())), "{command}");
    }
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "VERSION"] {
        assert_eq!(page.matches(&format!("\n.SH {section}\n")).count(), 1, "{section}");
    }
    let exit_codes = page.split_once(".SH \"EXIT STATUS\"").unwrap().1;
    for code in ["0 measured and valid", "--fail-if condition holds", "3 measured but invalid", "130 and 143"]
    {
        assert!(exit_codes.contains(code), "{code}: {exit_codes}");
    }
}
