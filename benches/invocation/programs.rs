//! The programs that are measured, built as they are deployed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, and how it is started.
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<String>,
    pub folder: PathBuf,
}

pub struct Programs {
    pub hello: Program,
    pub function: Program,
    /// None where its packages can't be installed.
    pub peer: Option<Program>,
}

impl Programs {
    /// Builds them: with the release profile, without the shell at a terminal.
    pub fn build() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = root.join("target/function");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "-p", "connect-reports", "--no-default-features"])
            .args(["--bin", "connect-reports"])
            .args(["--example", "hello", "--target-dir"])
            .arg(&target)
            .current_dir(root)
            .status();
        assert!(built.expect("cargo").success(), "the programs are built");
        let program = |path: &str| Program {
            path: target.join("release").join(path),
            arguments: Vec::new(),
            folder: root.to_owned(),
        };
        Self {
            hello: program("examples/hello"),
            function: program("connect-reports"),
            peer: peer(root),
        }
    }

    pub fn print_sizes(&self) {
        let bytes = |path: &Path| std::fs::metadata(path).expect("a program").len();
        let (hello, function) = (bytes(&self.hello.path), bytes(&self.function.path));
        let zipped = zipped(&self.function.path);
        println!("bytes: connect-reports {function}, zipped {zipped}; hello {hello}");
    }
}

fn zipped(path: &Path) -> usize {
    use std::io::{Cursor, Write as _};
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(9));
    archive.start_file("bootstrap", options).expect("a file");
    archive.write_all(&std::fs::read(path).expect("the program")).expect("an archive");
    archive.finish().expect("an archive").into_inner().len()
}

/// The peer, in an environment of its own.
fn peer(root: &Path) -> Option<Program> {
    let (folder, place) = (root.join("benches/peer"), root.join("target/peer"));
    let python = place.join("bin/python");
    let runs = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    let is_there = runs(Command::new(&python).args(["-c", "import awslambdaric, boto3, jinja2"]));
    let is_there = is_there
        || runs(Command::new("python3").args(["-m", "venv"]).arg(&place))
            && runs(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet", "--requirement"])
                    .arg(folder.join("requirements.txt")),
            );
    if !is_there {
        eprintln!("the peer in Python can't be installed: its lines are left out");
        return None;
    }
    let arguments = ["-m", "awslambdaric", "function.handler"].map(ToOwned::to_owned).to_vec();
    Some(Program { path: python, arguments, folder })
}
