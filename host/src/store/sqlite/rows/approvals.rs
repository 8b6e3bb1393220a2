//! What people have to approve, and what they said.

use super::Rows;
use crate::store::approvals;

impl approvals::Reads for Rows<'_> {}

impl approvals::Writes for Rows<'_> {}
