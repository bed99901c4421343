//! The binary, run as a user runs it.

#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use reports_record::Folder;
use synthetic::{World, cell, definition, lines, run};

/// A run's folder with a torn last line.
fn folder(parent: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let run = run(definition(vec![cell("wait", 0.0, 0, 64)], 6));
    let path = parent.join("run");
    let folder = Folder::create(&path, &run)?;
    let mut log = folder.append()?;
    for line in lines(&run, &World::plausible()) {
        log.push(&line)?;
    }
    let trials = path.join("trials.jsonl");
    let torn = [fs::read(&trials)?, b"{\"kind\":\"tri".to_vec()].concat();
    fs::write(&trials, torn)?;
    Ok(path)
}

fn report(arguments: &[&Path]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_report")).args(arguments).output()
}

#[test]
fn prints_the_path_of_the_page_it_wrote() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let output = report(&[&folder]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end());
    assert_eq!(page, folder.join("index.html"));
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("1 line of trials.jsonl could not be read"), "the torn line is not reported");
}

/// Two runs, one with a page, one damaged; and a folder that holds none.
#[test]
fn an_index_has_a_row_a_run_and_says_which_it_cannot_read() {
    let directory = tempfile::tempdir().unwrap();
    let runs = directory.path().join("runs");
    fs::create_dir(&runs).unwrap();
    assert!(report(&[&folder(&runs).unwrap()]).unwrap().status.success());
    fs::create_dir(runs.join("damaged <b>")).unwrap();
    fs::write(runs.join("damaged <b>/environment.json"), "{").unwrap();
    fs::create_dir(runs.join("notes")).unwrap();

    let output = report(&[Path::new("index"), &runs]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim_end(),
        runs.join("index.html").to_str().unwrap()
    );
    let html = fs::read_to_string(runs.join("index.html")).unwrap();
    let page = fs::read_to_string(runs.join("run/index.html")).unwrap();
    let answer =
        page.split("<strong>Capacity. </strong><bdi>").nth(1).unwrap().split("</bdi>").next().unwrap();
    assert!(html.contains(answer), "the answer {answer:?} is not in {html}");
    assert!(html.contains("<a href=\"./run/index.html\">"), "{html}");
    assert!(html.contains("damaged &lt;b&gt;") && html.contains("Cannot be read: "), "{html}");
    assert!(!html.contains("notes"), "{html}");

    let empty = report(&[Path::new("index"), &runs.join("notes")]).unwrap();
    let said = String::from_utf8(empty.stderr).unwrap();
    assert_eq!(empty.status.code(), Some(2), "{said}");
    assert!(said.starts_with("report: cannot render the index: found no run in "), "{said}");
}

#[test]
fn renders_the_same_bytes_again_and_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let elsewhere = directory.path().join("page.html");
    assert!(report(&[&folder]).unwrap().status.success());
    let output = report(&[&folder, Path::new("--output"), &elsewhere]).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), elsewhere.to_str().unwrap());
    assert_eq!(fs::read(folder.join("index.html")).unwrap(), fs::read(elsewhere).unwrap());
}

#[test]
fn what_cannot_be_read_is_named_with_exit_code_2() {
    let directory = tempfile::tempdir().unwrap();
    let damaged = directory.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("environment.json"), "{\n  \"schema\": 1,\n  \"id\": }").unwrap();
    for (folder, expected) in [(directory.path().join("absent"), "environment.json"), (damaged, "line 3")] {
        let output = report(&[&folder]).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with("report: cannot render ") && error.contains(expected), "{error}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(report(&[]).unwrap().status.code(), Some(2));
}

#[test]
fn an_output_that_cannot_be_written_is_named_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let output =
        report(&[&folder, Path::new("--output"), &directory.path().join("absent/page.html")]).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("absent/page.html"), "{error}");
    let output = report(&[&folder, Path::new("--output"), Path::new("..")]).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("expected the path of a file"));
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_report"))
        .arg(&folder)
        .stdout(Stdio::from(writer))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.join("index.html").exists());
}

#[test]
fn the_decision_map_is_a_document_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let map = directory.path().join("map.svg");
    assert!(report(&[&folder, Path::new("--map"), &map]).unwrap().status.success());
    let svg = fs::read_to_string(map).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains("<title>") && svg.contains("prefers-color-scheme"), "{svg}");
    assert!(!folder.join("index.html").exists(), "only the map was asked for");
}

/// The map's file ends in .png, in either case; its size is twice that of the SVG.
#[test]
fn a_drawing_is_a_png_where_its_file_ends_so() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let [svg, png] = ["map.svg", "map.PNG"].map(|name| directory.path().join(name));
    assert!(report(&[&folder, Path::new("--map"), &svg]).unwrap().status.success());
    let output = report(&[&folder, Path::new("--map"), &png]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("found no font on this system") {
        assert_eq!(output.status.code(), Some(2), "{said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let (svg, png) = (fs::read_to_string(svg).unwrap(), fs::read(png).unwrap());
    assert!(png.starts_with(b"\x89PNG\r\n"), "{:?}", &png[..8]);
    let width: u32 = svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert_eq!(u32::from_be_bytes(png[16..20].try_into().unwrap()), 2 * width);
    for text in ["Requests per second, control pair", "async ÷ threads", "Slanted lines: cannot tell"] {
        assert!(svg.contains(text), "{text:?} is not beside the drawing: {svg}");
    }
}

#[test]
fn a_result_for_stdout_or_a_pipe_is_written_there_and_nothing_else_is() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let file = directory.path().join("run.csv");
    assert!(report(&[&folder, "--csv".as_ref(), &file]).unwrap().status.success());
    let expected = fs::read(&file).unwrap();
    for place in ["-", "/dev/stdout", "/dev/fd/1"] {
        let output = report(&[&folder, "--csv".as_ref(), place.as_ref()]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == expected, "{place}: {}", String::from_utf8_lossy(&output.stdout));
    }
    let page = report(&[&folder]).unwrap();
    let page = fs::read(String::from_utf8(page.stdout).unwrap().trim_end()).unwrap();
    assert!(report(&[&folder, "--output".as_ref(), "-".as_ref()]).unwrap().stdout == page, "the page alone");
    // A named pipe, read by another process.
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    let output = report(&[&folder, "--csv".as_ref(), &pipe]).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}\n", pipe.display()));
    assert!(reader.wait_with_output().unwrap().stdout == expected);
}

#[test]
fn two_results_for_stdout_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let output =
        report(&[&folder, "--csv".as_ref(), "-".as_ref(), "--output".as_ref(), "/dev/stdout".as_ref()]);
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{said}");
    assert!(said.contains("--output and --csv would all be written to stdout"), "{said}");
}

/// The second one would take the place of the first, and the first one's path would be told as written.
#[test]
fn two_results_for_one_file_are_refused_whatever_its_names() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let [file, link, hard] = ["table", "link", "hard"].map(|name| directory.path().join(name));
    let indirect = directory.path().join("run/../table");
    let refused = |other: &Path| {
        let output = report(&[&folder, "--csv".as_ref(), &file, "--hdr-log".as_ref(), other]).unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{said}");
        assert!(said.contains("--csv and --hdr-log") && said.contains("are the same file"), "{said}");
    };
    refused(&file);
    refused(&indirect);
    assert!(!file.exists(), "nothing was written");
    fs::write(&file, "earlier").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    fs::hard_link(&file, &hard).unwrap();
    [&file, &link, &hard].into_iter().for_each(|other| refused(other));
    assert_eq!(fs::read_to_string(&file).unwrap(), "earlier");
    let null = Path::new("/dev/null");
    let output = report(&[&folder, "--csv".as_ref(), null, "--hdr-log".as_ref(), null]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// By default the signal of a file that reached its limit ends the program without a word, and the other results with it.
#[test]
fn a_file_that_reaches_its_limit_is_an_error_and_other_results_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let folder = folder(directory.path()).unwrap();
    let [page, map] = ["page.html", "map.svg"].map(|name| directory.path().join(name));
    // Blocks of 512 bytes: the map fits into 80 KiB, and the page does not.
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 160; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_report")])
        .args([&folder, Path::new("--output"), &page, Path::new("--map"), &map])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("page.html") && said.contains("File too large"), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}\n", map.display()), "{said}");
    assert!(map.exists() && !page.exists());
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains("partial")));
}
