//! The chain of a data folder, row after row.

use warded_core::chain::{FIRST_PREVIOUS, Verifier};
use warded_core::document::Value;

use super::{Broken, Fault, Progress, STEP, Trust, Verified, VerifyError};
use crate::audit::EventType;
use crate::audit::erasures::Erasures;
use crate::audit::export::Signed;
use crate::audit::held::Checks;
use crate::audit::record::{Columns, parse_time};
use crate::store::sqlite::{Trail, TrailRow};

/// The verification of a data folder, on its way.
pub(super) struct Run<'p> {
    verifier: Verifier,
    without_record: u64,
    checks: Checks,
    erasures: Erasures,
    size: u64,
    progress: Progress<'p>,
}

impl<'p> Run<'p> {
    pub(super) fn new(trail: &Trail, trust: Trust, progress: Progress<'p>) -> Self {
        let checks = Checks::new(trail.tenant(), trust);
        let verifier = Verifier::new(1, FIRST_PREVIOUS);
        Self {
            verifier,
            without_record: 0,
            checks,
            erasures: Erasures::default(),
            size: trail.size(),
            progress,
        }
    }

    pub(super) fn row(&mut self, row: &TrailRow) -> Result<(), Broken> {
        let content = row.content.as_ref().map(|(salt, record)| (salt, record.as_slice()));
        self.verifier
            .check(row.seq, content, &row.leaf, &row.link)
            .map_err(|broken| Broken { seq: broken.seq, fault: Fault::Chain(broken.reason) })?;
        if self.verifier.checked().is_multiple_of(STEP) {
            (self.progress)(self.verifier.checked(), Some(self.size));
        }
        let Some((_, record)) = &row.content else {
            self.without_record = self.without_record.saturating_add(1);
            self.erasures.miss(row.seq);
            return Ok(());
        };
        if let Some(fault) = fault_of(row.seq, &row.columns, record) {
            return Err(Broken { seq: row.seq, fault });
        }
        if row.columns.event_type == EventType::AuditErased.name() {
            self.erasures.read(record);
        }
        Ok(())
    }

    /// Compares the checkpoints of the record that was just checked.
    pub(super) fn signed(&mut self, seq: u64, own: &mut Signed<'_>) -> Result<(), VerifyError> {
        let link = *self.verifier.link();
        self.checks.meet(seq, &link).map_err(VerifyError::Broken)?;
        let mut broken = None;
        own.at(seq, |checkpoint| broken = broken.or_else(|| self.checks.own(checkpoint, &link).err()))?;
        broken.map_or(Ok(()), |broken| Err(VerifyError::Broken(broken)))
    }

    /// The chain must end where the last commit noted that it does.
    fn ends_at(&self, (seq, link): (u64, [u8; 32])) -> Result<(), Broken> {
        let next = self.verifier.next_seq();
        if next != seq.saturating_add(1) {
            return Err(Broken { seq: next.min(seq.saturating_add(1)), fault: Fault::HeadMismatch });
        }
        if *self.verifier.link() == link { Ok(()) } else { Err(Broken { seq, fault: Fault::HeadMismatch }) }
    }

    pub(super) fn broken(&self, fault: Fault) -> Broken {
        Broken { seq: self.verifier.next_seq(), fault }
    }

    pub(super) fn verified(self, trail: &Trail) -> Result<Verified, Broken> {
        self.ends_at(trail.head())?;
        let signed_through = self.checks.finish(self.verifier.next_seq())?;
        if let Some(seq) = self.erasures.unnamed() {
            return Err(Broken { seq, fault: Fault::Withheld });
        }
        (self.progress)(self.verifier.checked(), Some(self.verifier.checked()));
        Ok(Verified {
            tenant: trail.tenant(),
            start_seq: 1,
            checked: self.verifier.checked(),
            without_record: self.without_record,
            is_filtered: false,
            link: *self.verifier.link(),
            signed_through,
        })
    }
}

/// What of a row does not say what its record says.
fn fault_of(seq: u64, columns: &Columns<'_>, record: &[u8]) -> Option<Fault> {
    let Ok(record) = Value::parse(record) else { return Some(Fault::Malformed) };
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let field = |name| text(record.field(name));
    let actor_id = text(record.field("actor").and_then(|actor| actor.field("id")));
    let agrees = [
        ("seq", record.field("seq") == Some(&Value::Integer(seq))),
        ("created_at", field("time").and_then(|time| parse_time(&time)) == Some(columns.created_at)),
        ("event_type", field("event_type").as_deref() == Some(&columns.event_type)),
        ("actor_id", actor_id.as_deref() == Some(&columns.actor_id)),
        ("path", field("path").as_deref() == columns.path.as_deref()),
        ("outcome", field("outcome").as_deref() == Some(&columns.outcome)),
        ("ip", field("ip").as_deref() == columns.ip.as_deref()),
    ];
    agrees.into_iter().find(|(_, agrees)| !agrees).map(|(column, _)| Fault::Column(column))
}
