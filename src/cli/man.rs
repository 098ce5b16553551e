//! `man`: manual pages of the program and of its commands.

use std::io;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_mangen::Man;

use super::{Ended, backquoted, print, unwritable, wrong};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The command whose page is printed [default: the page of the program]
    command: Option<String>,
}

/// Prints a manual page of this program.
pub(super) fn man(arguments: &Arguments, mut program: Command) -> Ended {
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            wrong(format!("there is no command {}", backquoted(name)))
                .hint("`connect-reports --help` lists the commands")
        })?,
    };
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error: io::Error| unwritable("the manual page", &error))?;
    print::out(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}
