//! `summary.json`: what was read, what was asked for and what came out, for programs.

use serde::Serialize;

use cnsim::manifest::Tool;

use super::ReportOptions;
use super::figures::Figure;
use crate::quality::Verdict;
use crate::source::FileFacts;
