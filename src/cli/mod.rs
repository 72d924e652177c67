//! The command line: words in, [`Config`](crate::config::Config) out.
