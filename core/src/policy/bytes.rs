//! Policies as compiled bytes, read without trust: what is read has every property that a parsed policy has.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::attribute::MAX_TEXT;
use crate::codec::{DAMAGED, Reader, Writer};
use crate::error::Error;
use crate::ip::Allowlist;
use crate::pattern::PatternBuf;

use super::attribute::{self, Attribute, BUILT_IN, Declared, KINDS};
use super::condition::{Condition, MAX_DEPTH, MAX_NODES, Test};
use super::host::{self, Hosts};
use super::index::Index;
use super::operator::Operator;
use super::rule::{self, Effect, Rule};
use super::texts::Texts;
use super::{MAX_APPROVERS, MAX_LIST, MAX_RULES, Policy, actions};

/// The first bytes of a compiled policy: a name and the version of the layout.
const MAGIC: [u8; 4] = *b"wdp\x01";

impl Policy {
    /// The compiled form, for [`from_bytes`](Self::from_bytes): the same for every order of the rules.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&MAGIC);
        writer.raw(&self.approvals);
        writer.u8(u8::try_from(self.declared.len()).unwrap_or(u8::MAX));
        for declared in &self.declared {
            writer.bytes(declared.name.as_bytes());
            writer.u8(position(KINDS.iter().map(|(_, kind)| *kind), &declared.kind));
            declared.actions.write(&mut writer);
        }
        writer.u16(u16::try_from(self.rules.len()).unwrap_or(u16::MAX));
        for rule in &self.rules {
            write_rule(rule, &mut writer);
        }
        writer.finish()
    }

    /// Reads the compiled form.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCompiled`](crate::ErrorCode::InvalidCompiled): another version, or damaged.
    ///
    /// # Security
    /// Only the shape is checked. Whoever can write the bytes decides what they allow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let reader = &mut reader;
        if reader.raw(MAGIC.len())? != MAGIC {
            return Err(DAMAGED);
        }
        let approvals = [reader.u8()?, reader.u8()?, reader.u8()?];
        let mut declared: Vec<Declared> = Vec::new();
        for _ in 0..reader.u8()? {
            let next = read_declared(reader)?;
            if declared.last().is_some_and(|last| last.name >= next.name) {
                return Err(DAMAGED);
            }
            declared.push(next);
        }
        let mut rules: Vec<Rule> = Vec::new();
        let mut nodes = MAX_NODES;
        for _ in 0..reader.u16()? {
            let next = read_rule(reader, &declared, &mut nodes)?;
            if rules.last().is_some_and(|last| last.id >= next.id) {
                return Err(DAMAGED);
            }
            rules.push(next);
        }
        let is_sound = approvals.iter().all(|count| *count <= MAX_APPROVERS)
            && declared.len() <= attribute::MAX_DECLARED
            && rules.len() <= MAX_RULES;
        if !is_sound || !reader.rest().is_empty() {
            return Err(DAMAGED);
        }
        let index = Index::of(&rules);
        Ok(Self { approvals, declared, rules, index })
    }
}

/// The place of a value in a table as a byte.
fn position<T: PartialEq>(mut table: impl Iterator<Item = T>, value: &T) -> u8 {
    table.position(|known| known == *value).and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
}

fn read_declared(reader: &mut Reader<'_>) -> Result<Declared, Error> {
    let name = reader.text()?;
    attribute::check_name(name).map_err(|_| DAMAGED)?;
    let (_, kind) = KINDS.get(usize::from(reader.u8()?)).ok_or(DAMAGED)?;
    Ok(Declared { name: name.into(), kind: *kind, actions: read_actions(reader)? })
}

fn read_actions(reader: &mut Reader<'_>) -> Result<Texts, Error> {
    read_texts(reader, |entry| actions::check(entry).is_ok())
}

/// A list that is not empty.
fn read_texts(reader: &mut Reader<'_>, is_right: fn(&str) -> bool) -> Result<Texts, Error> {
    let texts = Texts::read(reader, is_right)?;
    if (1..=MAX_LIST).contains(&texts.len()) { Ok(texts) } else { Err(DAMAGED) }
}

fn write_rule(rule: &Rule, writer: &mut Writer) {
    writer.bytes(rule.id.as_bytes());
    writer.u8(rule.effect.to_byte());
    let parts = u8::from(rule.subjects.is_some())
        | (u8::from(rule.actions.is_some()) << 1)
        | (u8::from(rule.resources.is_some()) << 2)
        | (u8::from(rule.when.is_some()) << 3);
    writer.u8(parts);
    for texts in [&rule.subjects, &rule.actions].into_iter().flatten() {
        texts.write(writer);
    }
    if let Some(resources) = &rule.resources {
        writer.u16(u16::try_from(resources.len()).unwrap_or(u16::MAX));
        for resource in resources {
            writer.bytes(resource.as_str().as_bytes());
        }
    }
    if let Some(when) = &rule.when {
        write_condition(when, writer);
    }
}

fn read_rule(reader: &mut Reader<'_>, declared: &[Declared], nodes: &mut u32) -> Result<Rule, Error> {
    let id = reader.text()?;
    rule::check_id(id).map_err(|_| DAMAGED)?;
    let effect = Effect::from_byte(reader.u8()?).ok_or(DAMAGED)?;
    let parts = reader.u8()?;
    if parts >= 1 << 4 {
        return Err(DAMAGED);
    }
    let has = |bit: u8| parts & (1 << bit) != 0;
    let subjects =
        has(0).then(|| read_texts(reader, |text| rule::check_subject(text).is_ok())).transpose()?;
    let actions = has(1).then(|| read_actions(reader)).transpose()?;
    let resources = has(2).then(|| read_resources(reader)).transpose()?;
    let when = has(3).then(|| read_condition(reader, declared, nodes, MAX_DEPTH)).transpose()?;
    Ok(Rule::new(id, effect, subjects, actions, resources, when))
}

fn read_resources(reader: &mut Reader<'_>) -> Result<Vec<PatternBuf>, Error> {
    let count = usize::from(reader.u16()?);
    if !(1..=MAX_LIST).contains(&count) {
        return Err(DAMAGED);
    }
    let mut resources = Vec::new();
    for _ in 0..count {
        resources.push(PatternBuf::parse(reader.text()?).map_err(|_| DAMAGED)?);
    }
    Ok(resources)
}

// What a condition begins with; a test begins with the byte of its operator.
const ALL: u8 = 0;
const ANY: u8 = 1;
const NOT: u8 = 2;

fn write_condition(condition: &Condition, writer: &mut Writer) {
    match condition {
        Condition::All(inner) => write_inner(ALL, inner, writer),
        Condition::Any(inner) => write_inner(ANY, inner, writer),
        Condition::Not(inner) => write_inner(NOT, core::slice::from_ref(inner), writer),
        Condition::Test(test) => write_test(test, writer),
    }
}

fn write_inner(kind: u8, inner: &[Condition], writer: &mut Writer) {
    writer.u8(kind);
    if kind != NOT {
        writer.u16(u16::try_from(inner.len()).unwrap_or(u16::MAX));
    }
    for condition in inner {
        write_condition(condition, writer);
    }
}

fn read_condition(
    reader: &mut Reader<'_>,
    declared: &[Declared],
    nodes: &mut u32,
    depth: u32,
) -> Result<Condition, Error> {
    *nodes = nodes.checked_sub(1).ok_or(DAMAGED)?;
    let depth = depth.checked_sub(1).ok_or(DAMAGED)?;
    let kind = reader.u8()?;
    if kind > NOT {
        return read_test(kind, reader, declared).map(Condition::Test);
    }
    if kind == NOT {
        return Ok(Condition::Not(Box::new(read_condition(reader, declared, nodes, depth)?)));
    }
    let count = reader.u16()?;
    if count == 0 {
        return Err(DAMAGED);
    }
    let mut inner = Vec::new();
    for _ in 0..count {
        inner.push(read_condition(reader, declared, nodes, depth)?);
    }
    Ok(if kind == ALL { Condition::All(inner) } else { Condition::Any(inner) })
}

// INVARIANT: declared attributes are numbered behind the built-in ones.
fn attribute_byte(attribute: Attribute) -> u8 {
    let built_in = u8::try_from(BUILT_IN.len()).unwrap_or(u8::MAX);
    match attribute {
        Attribute::Declared(index) => built_in.saturating_add(index),
        _ => position(BUILT_IN.iter().map(|(_, known, _)| *known), &attribute),
    }
}

fn read_attribute(reader: &mut Reader<'_>, declared: &[Declared]) -> Result<Attribute, Error> {
    let place = usize::from(reader.u8()?);
    if let Some((_, known, _)) = BUILT_IN.get(place) {
        return Ok(*known);
    }
    let index = place.checked_sub(BUILT_IN.len()).filter(|index| *index < declared.len());
    index.and_then(|index| u8::try_from(index).ok()).map(Attribute::Declared).ok_or(DAMAGED)
}

fn write_test(test: &Test, writer: &mut Writer) {
    let mut begin = |operator: u8| {
        writer.u8(operator);
        writer.u8(attribute_byte(test.attribute));
    };
    match &test.operator {
        Operator::Boolean(value) => {
            begin(3);
            writer.u8(u8::from(*value));
        }
        Operator::Exists(value) => {
            begin(4);
            writer.u8(u8::from(*value));
        }
        Operator::Hosts(hosts) => {
            begin(5);
            hosts.exact.write(writer);
            hosts.below.write(writer);
        }
        Operator::Integers(numbers) => {
            begin(6);
            writer.u16(u16::try_from(numbers.len()).unwrap_or(u16::MAX));
            numbers.iter().for_each(|number| writer.u64(*number));
        }
        Operator::Networks(networks) => {
            begin(7);
            networks.write(writer);
        }
        Operator::Prefix(start) => {
            begin(8);
            writer.bytes(start.as_bytes());
        }
        Operator::Range { least, most } => {
            begin(9);
            writer.u64(*least);
            writer.u64(*most);
        }
        Operator::Texts(texts) => {
            begin(10);
            texts.write(writer);
        }
        Operator::Time { from, to, offset } => {
            begin(11);
            writer.u16(*from);
            writer.u16(*to);
            writer.raw(&offset.to_le_bytes());
        }
        Operator::Weekdays { days, offset } => {
            begin(12);
            writer.u8(*days);
            writer.raw(&offset.to_le_bytes());
        }
    }
}

fn read_test(operator: u8, reader: &mut Reader<'_>, declared: &[Declared]) -> Result<Test, Error> {
    let attribute = read_attribute(reader, declared)?;
    let operator = match operator {
        3 => Operator::Boolean(read_flag(reader)?),
        4 => Operator::Exists(read_flag(reader)?),
        5 => Operator::Hosts(read_hosts(reader)?),
        6 => Operator::Integers(read_integers(reader)?),
        7 => Operator::Networks(Allowlist::read(reader)?),
        8 => Operator::Prefix(reader.text()?.into()),
        9 => Operator::Range { least: reader.u64()?, most: reader.u64()? },
        10 => Operator::Texts(read_texts(reader, |text| text.len() <= MAX_TEXT)?),
        11 => Operator::Time { from: reader.u16()?, to: reader.u16()?, offset: read_offset(reader)? },
        12 => Operator::Weekdays { days: reader.u8()?, offset: read_offset(reader)? },
        _ => return Err(DAMAGED),
    };
    if operator.fits(attribute, attribute.kind(declared)) {
        Ok(Test { attribute, operator })
    } else {
        Err(DAMAGED)
    }
}

fn read_flag(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DAMAGED),
    }
}

fn read_offset(reader: &mut Reader<'_>) -> Result<i16, Error> {
    Ok(i16::from_le_bytes(reader.u16()?.to_le_bytes()))
}

fn read_hosts(reader: &mut Reader<'_>) -> Result<Hosts, Error> {
    let hosts =
        Hosts { exact: Texts::read(reader, host::is_name)?, below: Texts::read(reader, host::is_name)? };
    let count = hosts.exact.len().saturating_add(hosts.below.len());
    if (1..=MAX_LIST).contains(&count) { Ok(hosts) } else { Err(DAMAGED) }
}

fn read_integers(reader: &mut Reader<'_>) -> Result<Vec<u64>, Error> {
    let mut numbers: Vec<u64> = Vec::new();
    for _ in 0..reader.u16()? {
        let number = reader.u64()?;
        if numbers.last().is_some_and(|last| *last >= number) {
            return Err(DAMAGED);
        }
        numbers.push(number);
    }
    if (1..=MAX_LIST).contains(&numbers.len()) { Ok(numbers) } else { Err(DAMAGED) }
}
