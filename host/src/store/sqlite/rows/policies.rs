//! Policies and their versions.

use super::Rows;
use crate::store::policies;

impl policies::Reads for Rows<'_> {}

impl policies::Writes for Rows<'_> {}
