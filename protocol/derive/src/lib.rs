//! The `Events` derive.
