//! A compiled module, shared by all tests of a test binary.

use std::path::Path;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstancePre, Linker};

use super::imports;
use super::vm::VmState;

/// A compiled module.
#[derive(Clone)]
pub struct Module {
    module: wasmtime::Module,
}

impl Module {
    /// Compiles a module, or takes it from the cache on disk if the same bytes were compiled before.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no module.
    pub fn load(path: &Path, cache: Option<&Path>) -> Result<Self, String> {
        let bytes =
            std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let mut config = Config::new();
        if let Some(directory) = cache {
            let mut settings = CacheConfig::new();
            settings.with_directory(directory);
            config.cache(Cache::new(settings).ok());
        }
        let engine = Engine::new(&config).map_err(|error| format!("cannot make an engine: {error:#}"))?;
        let module =
            wasmtime::Module::new(&engine, bytes).map_err(|error| format!("no module: {error:#}"))?;
        Ok(Self { module })
    }

    /// The imports that the module asks for, as `module.name`, in order.
    pub fn imports(&self) -> Vec<String> {
        let mut imports: Vec<String> =
            self.module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect();
        imports.sort();
        imports
    }

    /// The functions that the module exports, in order.
    pub fn exports(&self) -> Vec<String> {
        let mut exports: Vec<String> = self.module.exports().map(|export| export.name().to_owned()).collect();
        exports.sort();
        exports
    }

    pub(super) fn link(&self) -> Result<InstancePre<VmState>, String> {
        let mut linker = Linker::new(self.module.engine());
        imports::link(&mut linker).map_err(|error| format!("{error:#}"))?;
        linker.instantiate_pre(&self.module).map_err(|error| format!("missing import: {error:#}"))
    }
}
