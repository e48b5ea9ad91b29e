//! From event records to numbers, figures and a verdict on their quality.

pub mod audit;
pub mod bundle;
pub mod commands;
pub mod compare;
pub mod evaluation;
pub mod evidence;
pub mod explain;
pub mod export;
pub mod fetch;
pub mod inputs;
pub mod measure;
pub mod messages;
pub mod output;
pub mod report;
pub mod rounds;
pub mod stats;
pub mod table;
