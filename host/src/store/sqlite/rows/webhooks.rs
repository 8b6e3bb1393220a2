//! Where approvals are announced, and what is still to be sent.

use super::Rows;
use crate::store::webhooks;

impl webhooks::Reads for Rows<'_> {}

impl webhooks::Writes for Rows<'_> {}
