//! The TypeScript contract beside the page that uses it: found from the place that asked for it, written when it changed.

use super::builder::BuildError;
use eventwire_contract::{Contract, Written, write_if_changed};
use std::{
    env,
    panic::Location,
    path::{Path, PathBuf},
};

/// A file of the user's, and the source file whose crate it is relative to.
pub(super) struct Target {
    path: PathBuf,
    caller: &'static Location<'static>,
}

impl Target {
    pub(super) fn new(path: PathBuf, caller: &'static Location<'static>) -> Self {
        Self { path, caller }
    }

    pub(super) fn write(&self, contract: &Contract) -> Result<(), BuildError> {
        if !cfg!(debug_assertions) {
            return Ok(());
        }
        let Some(path) = self.resolve() else {
            // A debug build that was carried elsewhere: there is no page here to write for.
            tracing::debug!(target: "eventwire::types::skipped", path = %self.path.display(), "no sources here");
            return Ok(());
        };
        match write_if_changed(&path, contract) {
            Ok(Written::Rewritten) => tracing::info!(target: "eventwire::types::written", path = %path.display()),
            Ok(Written::Unchanged) => {}
            Err(error) => return Err(BuildError::Types(path, error)),
        }
        Ok(())
    }

    fn resolve(&self) -> Option<PathBuf> {
        if self.path.is_absolute() {
            return Some(self.path.clone());
        }
        let source = Path::new(self.caller.file());
        let exe = env::current_exe().ok();
        let cwd = env::current_dir().ok();
        let starts = [exe.as_deref(), cwd.as_deref()];
        // rustc was told the source relative to the workspace, whose `target` folder holds the program.
        let manifest = starts.into_iter().flatten().find_map(|start| crate_of(start, source));
        // Cargo sets this for what it runs: a target folder may lie anywhere.
        let manifest = manifest.or_else(|| env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from))?;
        Some(manifest.join(&self.path))
    }
}

/// The folder of the manifest that `source` belongs to, if some folder above `start` has that source.
fn crate_of(start: &Path, source: &Path) -> Option<PathBuf> {
    let found = start.ancestors().map(|above| above.join(source)).find(|path| path.is_file())?;
    found.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_file_is_found_from_a_program_below_the_workspace() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let workspace = manifest.parent().unwrap_or(manifest);
        let program = workspace.join("target/debug/deps/program");
        assert_eq!(crate_of(&program, Path::new("server/src/lib.rs")).as_deref(), Some(manifest));
        assert_eq!(crate_of(Path::new("/"), Path::new("server/src/lib.rs")), None);
    }

    #[test]
    fn the_callers_crate_is_what_a_relative_path_starts_from() {
        let target = Target::new("../web/shop.events.ts".into(), Location::caller());
        assert_eq!(target.resolve(), Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/shop.events.ts")));
    }
}
