//! The commands of the README and of the guide's page: each does what the page says.

use super::support::{Home, run};
use std::{fs, path::Path, process::Command};

/// Returns the commands of a page, each with the output that the page shows, or an empty text.
fn commands(page: &str) -> Vec<(&str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(command)) if inside => commands.push((command, String::new())),
            (printed, None) if inside => commands.last_mut().unwrap().1 += &format!("{printed}\n"),
            _ => {}
        }
    }
    commands
}

/// Runs the commands of a page one after the other; `each` is given a command, what it printed, and what the page shows.
#[cfg(unix)]
fn run_page(page: &str, each: impl Fn(&str, &str, &str)) {
    let home = Home::new();
    let account = home.emulator.digiwin().account();
    fs::write(home.path.join("pool-secret"), home.emulator.authing().account().secret.expose_secret()).unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_iam")).parent().unwrap();
    // The page has the address of a service, and no place for secrets.
    let address = home.emulator.base_url();
    for (line, printed) in commands(page) {
        let model = home.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("https://iam.example.com", &address)]).current_dir(&home.path).env_clear();
        shell.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        if line.starts_with("iam login") {
            shell.env("IAM_APP_TOKEN", account.app_token.expose_secret());
            shell.env("IAM_PASSWORD", account.password.expose_secret());
        }
        let ran = run(shell, "");
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        each(line, &ran.out.replace(&address, "https://iam.example.com"), &printed);
    }
}

#[cfg(unix)]
#[test]
fn what_the_page_shows_is_what_happens() {
    let page = include_str!("../../src/guide/command_line.md");
    assert!(commands(page).len() > 8);
    run_page(page, |line, printed, shown| assert_eq!(printed, shown, "{line}"));
}

#[cfg(unix)]
#[test]
fn the_readmes_commands_work() {
    let readme = include_str!("../../README.md");
    assert_eq!(commands(readme).len(), 4);
    run_page(readme, |_, _, _| {});
}

#[test]
fn the_chinese_readme_has_the_same_commands_and_numbers() {
    let (readme, chinese) = (include_str!("../../README.md"), include_str!("../../src/guide/README.zh.md"));
    assert_eq!(commands(chinese), commands(readme));
    let numbers = |page: &str| -> Vec<String> {
        let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains(char::is_numeric));
        let cells = rows.flat_map(|row| row.split('|').skip(2).map(str::trim).map(str::to_owned).collect::<Vec<_>>());
        cells.filter(|cell| cell.parse::<u32>().is_ok()).collect()
    };
    assert_eq!(numbers(chinese), numbers(readme));
    assert_eq!(numbers(readme).len(), 16);
}

#[test]
fn the_page_and_the_help_have_the_same_codes() {
    let page = include_str!("../../src/guide/command_line.md");
    let help = Home::new().iam(&["help", "exit-codes"]).ok();
    let of_help: Vec<_> =
        help.lines().filter_map(|line| line.trim_start().split_once("  ")?.0.parse::<u8>().ok()).collect();
    let of_page: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse::<u8>().ok()).collect();
    assert_eq!(of_page, of_help);
}
