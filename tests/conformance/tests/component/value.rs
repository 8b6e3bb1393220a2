//! Between JSON documents and values of an interface, by the interface's own types.
//!
//! Names change their case, bytes are hex, and what a document leaves out is `none`.

use serde_json::{Map, Value};
use wasmtime::component::{Type, Val, types};

/// The arguments of a function from an object that names them; `None` if one has no place.
pub(crate) fn arguments<'a>(
    object: &Value,
    parameters: impl ExactSizeIterator<Item = (&'a str, Type)>,
) -> Option<Vec<Val>> {
    let fields = object.as_object()?;
    let mut taken = 0;
    let values =
        parameters.map(|(name, kind)| field(fields, name, &kind, &mut taken)).collect::<Option<Vec<_>>>()?;
    (taken == fields.len()).then_some(values)
}

/// What a function returned: its value, or the error of its `result`.
pub(crate) fn result(value: &Val, kind: &Type) -> Result<Value, Value> {
    let Val::Result(result) = value else { return Ok(to_json(value, kind)) };
    let kinds = kind.unwrap_result();
    match result {
        Ok(value) => Ok(to_json(value.as_ref().unwrap(), &kinds.ok().unwrap())),
        Err(error) => Err(to_json(error.as_ref().unwrap(), &kinds.err().unwrap())),
    }
}

fn field(fields: &Map<String, Value>, name: &str, kind: &Type, taken: &mut usize) -> Option<Val> {
    let value = fields.get(&name.replace('-', "_"));
    *taken += usize::from(value.is_some());
    match (value, kind) {
        (None, Type::Option(_)) => Some(Val::Option(None)),
        (None, _) => None,
        (Some(value), Type::Option(kind)) => Some(Val::Option(Some(Box::new(from_json(value, &kind.ty())?)))),
        (Some(value), kind) => from_json(value, kind),
    }
}

fn from_json(value: &Value, kind: &Type) -> Option<Val> {
    Some(match kind {
        Type::Bool => Val::Bool(value.as_bool()?),
        Type::U8 => Val::U8(value.as_u64()?.try_into().ok()?),
        Type::U16 => Val::U16(value.as_u64()?.try_into().ok()?),
        Type::U32 => Val::U32(value.as_u64()?.try_into().ok()?),
        Type::U64 => Val::U64(value.as_u64()?),
        Type::Char => Val::Char(value.as_str()?.parse().ok()?),
        Type::String => Val::String(value.as_str()?.into()),
        Type::Enum(kind) => Val::Enum(kind.names().find(|name| Some(*name) == value.as_str())?.into()),
        Type::List(kind) if kind.ty() == Type::U8 => Val::List(bytes(value.as_str()?)?),
        Type::List(kind) if value.is_object() && is_entry(&kind.ty()) => {
            let entries = value.as_object()?.iter();
            Val::List(entries.map(|entry| pair(entry, &kind.ty())).collect::<Option<_>>()?)
        }
        // An empty list is no object, whatever the interface makes of objects.
        Type::List(kind) if value.as_array().is_some_and(Vec::is_empty) && is_entry(&kind.ty()) => None?,
        Type::List(kind) => {
            let kind = kind.ty();
            Val::List(value.as_array()?.iter().map(|value| from_json(value, &kind)).collect::<Option<_>>()?)
        }
        Type::Variant(kind) => variant(value, kind)?,
        Type::Record(kind) => {
            let fields = value.as_object()?;
            let mut taken = 0;
            let values = kind
                .fields()
                .map(|part| Some((part.name.into(), field(fields, part.name, &part.ty, &mut taken)?)))
                .collect::<Option<_>>()?;
            (taken == fields.len()).then_some(Val::Record(values))?
        }
        _ => panic!("a type that no document has"),
    })
}

/// Whether a type is what the interface makes of an entry of an object.
fn is_entry(kind: &Type) -> bool {
    matches!(kind, Type::Record(kind) if kind.fields().map(|field| field.name).eq(["name", "value"]) || kind.fields().map(|field| field.name).eq(["id", "state"]))
}

/// An entry of an object, of which the interface makes a record of a name and a value.
fn pair((name, value): (&String, &Value), kind: &Type) -> Option<Val> {
    let mut fields = kind.unwrap_record().fields();
    let (key, content) = (fields.next()?, fields.next()?);
    let content = (content.name.into(), from_json(value, &content.ty)?);
    Some(Val::Record(vec![(key.name.into(), Val::String(name.clone())), content]))
}

/// The case whose name is the one key of an object, or else the first that has room for the value.
fn variant(value: &Value, kind: &types::Variant) -> Option<Val> {
    let only = value.as_object().filter(|fields| fields.len() == 1);
    kind.cases().find_map(|case| {
        let named = only.and_then(|fields| fields.get(&case.name.replace('-', "_")));
        Some(Val::Variant(case.name.into(), Some(Box::new(from_json(named.unwrap_or(value), &case.ty?)?))))
    })
}

fn to_json(value: &Val, kind: &Type) -> Value {
    match (value, kind) {
        (Val::Bool(value), _) => (*value).into(),
        (Val::U8(value), _) => (*value).into(),
        (Val::U16(value), _) => (*value).into(),
        (Val::U32(value), _) => (*value).into(),
        (Val::U64(value), _) => (*value).into(),
        (Val::Char(value), _) => value.to_string().into(),
        (Val::String(text) | Val::Enum(text), _) => text.as_str().into(),
        (Val::Option(value), Type::Option(kind)) => {
            value.as_ref().map_or(Value::Null, |value| to_json(value, &kind.ty()))
        }
        (Val::List(list), Type::List(kind)) if kind.ty() == Type::U8 => hex(list).into(),
        (Val::Variant(name, value), Type::Variant(kind)) => {
            let content = kind.cases().find(|case| case.name == name).unwrap().ty.unwrap();
            to_json(value.as_ref().unwrap(), &content)
        }
        (Val::List(list), Type::List(kind)) if is_entry(&kind.ty()) => {
            list.iter().map(|entry| entry_to_json(entry, &kind.ty())).collect::<Map<_, _>>().into()
        }
        (Val::List(list), Type::List(kind)) => list.iter().map(|value| to_json(value, &kind.ty())).collect(),
        (Val::Record(values), Type::Record(kind)) => kind
            .fields()
            .zip(values)
            .map(|(part, (name, value))| (name.replace('-', "_"), to_json(value, &part.ty)))
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => panic!("a value that no document has"),
    }
}

fn entry_to_json(entry: &Val, kind: &Type) -> (String, Value) {
    let kinds: Vec<_> = kind.unwrap_record().fields().map(|field| field.ty).collect();
    match entry {
        Val::Record(fields) => match fields.as_slice() {
            [(_, Val::String(name)), (_, value)] => (name.clone(), to_json(value, &kinds[1])),
            _ => panic!("not an entry"),
        },
        _ => panic!("not an entry"),
    }
}

/// The bytes of hex in lower case.
fn bytes(text: &str) -> Option<Vec<Val>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).filter(|_| !digit.is_ascii_uppercase());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| Some(Val::U8(u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?));
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

fn hex(bytes: &[Val]) -> String {
    let byte =
        |byte: &Val| if let Val::U8(byte) = byte { format!("{byte:02x}") } else { panic!("not a byte") };
    bytes.iter().map(byte).collect()
}
