//! The contract as a file beside the page's sources.
//!
//! The only place of this crate that touches a file; it decides nothing about what is in it.

use crate::{Contract, Refusal};
use std::{
    fs, io,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It said the same already, and was left alone: no watcher wakes.
    Unchanged,
    /// It was new or said something else.
    Rewritten,
}

/// Writes the TypeScript module, if the file does not say the same already.
///
/// A reader sees the old text or the new one, never half of it. The line ends of Windows, with which git may check a file
/// out, say the same.
///
/// # Errors
/// What the file system said, with the path; a folder that is not there is not made.
pub fn write_if_changed(path: impl AsRef<Path>, contract: &Contract) -> io::Result<Written> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let path = path.as_ref();
    let text = contract.typescript();
    let told = |error: io::Error| {
        let next = match error.kind() {
            io::ErrorKind::NotFound => "; make the folder or correct the path",
            _ => "",
        };
        io::Error::new(
            error.kind(),
            format!("cannot write the contract {} to {}: {error}{next}", contract.name(), path.display()),
        )
    };
    // A device would be taken from everybody by the rename, and a pipe is waited for.
    if fs::metadata(path).is_ok_and(|what| !what.is_file()) {
        return Err(told(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")));
    }
    match fs::read_to_string(path) {
        Ok(old) if same(&old, &text) => return Ok(Written::Unchanged),
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            return Err(told(error));
        }
        _ => {}
    }
    // What a link leads to, and not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // Beside the file, so that the rename stays within one file system; under a name of its own, since two servers of one
    // workspace may start at once, and two tests of one program.
    let mut name = path.file_name().ok_or_else(|| told(io::ErrorKind::InvalidInput.into()))?.to_owned();
    name.push(format!(".{}-{}.tmp", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let beside = path.with_file_name(name);
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).map_err(|error| {
        // It may never have been made.
        let _ = fs::remove_file(&beside);
        told(error)
    })?;
    Ok(Written::Rewritten)
}

/// All of a program that keeps contracts up to date: it writes each file, or with the argument `--check` says which do
/// not say what their enum says.
///
/// ```no_run
/// # use eventwire_contract::{Contract, Refusal, keep_types};
/// # fn shop() -> Result<Contract, Vec<Refusal>> { unimplemented!() }
/// fn main() -> std::process::ExitCode {
///     keep_types([("web/src/shop.events.ts", shop())]) // Contract::of::<Shop>()
/// }
/// ```
pub fn keep_types<P: AsRef<Path>>(
    contracts: impl IntoIterator<Item = (P, Result<Contract, Vec<Refusal>>)>,
) -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let mut code = ExitCode::SUCCESS;
    for (path, contract) in contracts {
        let shown = path.as_ref().display();
        let failure = match contract {
            Err(refusals) => refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Ok(contract) if check => {
                if fs::read_to_string(&path).is_ok_and(|text| same(&text, &contract.typescript())) {
                    println!("{shown} is up to date");
                    continue;
                }
                format!("{shown} does not say what the enum {} says: run this again without --check", contract.name())
            }
            Ok(contract) => match write_if_changed(&path, &contract) {
                Ok(Written::Rewritten) => {
                    println!("{shown} is rewritten");
                    continue;
                }
                Ok(Written::Unchanged) => {
                    println!("{shown} is up to date");
                    continue;
                }
                Err(error) => error.to_string(),
            },
        };
        eprintln!("{failure}");
        code = ExitCode::FAILURE;
    }
    code
}

fn same(old: &str, text: &str) -> bool {
    old.replace("\r\n", "\n") == text
}

#[cfg(test)]
mod tests {
    use super::{Written, write_if_changed};
    use crate::Contract;
    use serde_json::json;
    use std::{env, fs, process, sync::Barrier, thread};

    #[test]
    fn a_file_is_rewritten_only_when_it_says_something_else() {
        let folder = env::temp_dir().join(format!("eventwire-contract-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.events.ts");
        let contract = Contract::compile(&json!({ "title": "A", "type": "string", "enum": ["a"] })).unwrap();
        assert_eq!(write_if_changed(&path, &contract).unwrap(), Written::Rewritten);
        assert_eq!(write_if_changed(&path, &contract).unwrap(), Written::Unchanged);
        fs::write(&path, "old").unwrap();
        assert_eq!(write_if_changed(&path, &contract).unwrap(), Written::Rewritten);
        assert_eq!(fs::read_to_string(&path).unwrap(), contract.typescript());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        let windows = contract.typescript().replace('\n', "\r\n");
        fs::write(&path, &windows).unwrap();
        assert_eq!(write_if_changed(&path, &contract).unwrap(), Written::Unchanged, "git checked it out on Windows");
        assert_eq!(fs::read_to_string(&path).unwrap(), windows);
        let error = write_if_changed(folder.join("none/a.ts"), &contract).unwrap_err().to_string();
        assert!(error.contains("none/a.ts") && error.contains("make the folder"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_a_link_leads_to_is_written_and_what_is_no_file_is_left_as_it_is() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let folder = env::temp_dir().join(format!("eventwire-contract-links-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let [near, far, socket] = ["near.ts", "far.ts", "socket"].map(|name| folder.join(name));
        let contract = Contract::compile(&json!({ "title": "A", "type": "string", "enum": ["a"] })).unwrap();
        fs::write(&far, "old").unwrap();
        symlink("far.ts", &near).unwrap();
        assert_eq!(write_if_changed(&near, &contract).unwrap(), Written::Rewritten);
        assert!(near.is_symlink());
        assert_eq!(fs::read_to_string(&far).unwrap(), contract.typescript());
        // As /dev/null is, which a rename would take from every other program.
        let _listener = UnixListener::bind(&socket).unwrap();
        let error = write_if_changed(&socket, &contract).unwrap_err().to_string();
        assert!(error.contains("it is no file"), "{error}");
        assert!(!socket.is_file());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn many_threads_may_write_one_file_at_once() {
        const THREADS: usize = 8;
        let folder = env::temp_dir().join(format!("eventwire-contract-threads-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.events.ts");
        for round in 0..50 {
            let schema = json!({ "title": "A", "type": "string", "enum": [format!("a{round}")] });
            let (contract, start) = (Contract::compile(&schema).unwrap(), Barrier::new(THREADS));
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        start.wait();
                        write_if_changed(&path, &contract).unwrap();
                    });
                }
            });
            assert_eq!(fs::read_to_string(&path).unwrap(), contract.typescript());
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir_all(&folder).unwrap();
    }
}
