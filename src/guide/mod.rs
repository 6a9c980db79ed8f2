//! The guide: how to use the crate, a page for each subject.
//!
//! | page | read it to |
//! | --- | --- |
//! | [`sessions`] | log in once, stay logged in, and serve many users |
//! | [`servers`] | find out who calls a tokio server, and call the services as that user |
//! | [`tokens`] | check users' JWTs without a round trip |
//! | [`command_line`] | write scripts and command-line tools that share one login |
//! | [`errors`] | decide what to do when a call fails |
//! | [`observability`] | see calls, retries and refreshes in logs, traces and metrics |
//! | [`testing`] | test your program against the emulator |
//! | [`performance`] | know what a call, a login, a list and a build cost |
//! | [`stores`] | keep tokens in files, in Redis, or in a store of your own |
//! | [`security`] | know what is protected, and what is not |
//! | [`from_python`] | find each call of the vendors' Python clients |
//! | [`readme_zh`] | read the README in Chinese (中文说明) |

macro_rules! pages {
    ($($name:ident = $file:literal),* $(,)?) => {$(
        // The examples of a page use every feature: `cargo test --all-features` compiles them.
        #[cfg_attr(
            any(
                not(doctest),
                all(feature = "authing", feature = "axum", feature = "blocking", feature = "cloudspot", feature = "digiwin", feature = "emulator", feature = "file-store", feature = "jwt", feature = "metrics", feature = "redis")
            ),
            doc = include_str!($file)
        )]
        pub mod $name {}
    )*};
}

pages! {
    sessions = "sessions.md",
    servers = "servers.md",
    tokens = "tokens.md",
    command_line = "command_line.md",
    errors = "errors.md",
    observability = "observability.md",
    testing = "testing.md",
    performance = "performance.md",
    stores = "stores.md",
    security = "security.md",
    from_python = "from_python.md",
    readme_zh = "README.zh.md",
}
