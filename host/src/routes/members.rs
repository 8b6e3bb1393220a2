//! `/v1/members`: people, their roles and, in `keys`, their API keys. Somebody can always manage members.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::work::{carry_out, look_up};
use crate::audit::{Detail, EventType};
use crate::authorize::{Authority, Effect, Stop, Subject};
use crate::body::not_null;
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::openapi::Operation;
use crate::openapi::words::{FreeText, Role as RoleWord, Timestamp};
use crate::permission::{ChangeMember, InviteMember, ReadMembers, RemoveMember};
use crate::reply::{empty, json};
use crate::store::{MemberRow, Read, Role};
use crate::text;
use crate::timestamp::rfc3339;

pub(super) mod keys;

/// A person.
#[derive(Debug, Serialize, JsonSchema)]
struct MemberOut {
    id: String,
    email: String,
    name: String,
    #[schemars(with = "RoleWord")]
    role: &'static str,
    /// `active` or `removed`.
    status: &'static str,
    #[schemars(with = "Timestamp")]
    created_at: String,
    #[schemars(with = "Option<Timestamp>")]
    removed_at: Option<String>,
}

impl From<&MemberRow> for MemberOut {
    fn from(member: &MemberRow) -> Self {
        Self {
            id: member.id.clone(),
            email: member.email.clone(),
            name: member.name.clone(),
            role: member.role.word(),
            status: if member.removed_at.is_some() { "removed" } else { "active" },
            created_at: rfc3339(member.created_at),
            removed_at: member.removed_at.map(rfc3339),
        }
    }
}

/// Everybody, in the order in which they were added.
#[derive(Serialize, JsonSchema)]
struct MembersOut {
    items: Vec<MemberOut>,
}

pub(super) const LIST: Operation =
    Operation::new("list_members", "Members, removed ones included").answer::<MembersOut>(200);

pub(super) async fn list(call: Call<ReadMembers>) -> Result<Response, ApiError> {
    let items = look_up(call.case(Subject::default()), |authority| {
        authority.require_permission()?;
        Ok(authority.store.members()?.iter().map(MemberOut::from).collect())
    })
    .await?;
    Ok(json(StatusCode::OK, &MembersOut { items }))
}

/// A person to be added.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMember")]
struct InviteIn {
    /// Compared without case.
    email: String,
    #[schemars(with = "FreeText")]
    name: String,
    #[schemars(with = "RoleWord")]
    role: String,
}

pub(super) const INVITE: Operation =
    Operation::new("invite_member", "Add a member, or take a removed one back")
        .body::<InviteIn>()
        .answer::<MemberOut>(201)
        .codes(&[ApiCode::Conflict]);

pub(super) async fn invite(mut call: Call<InviteMember>) -> Result<Response, ApiError> {
    let body: InviteIn = call.body().await?;
    let email = text::email("email", &body.email)?;
    text::check_name("name", &body.name)?;
    let role = parse_role(&body.role)?;
    let member = carry_out(call.case(Subject::default()), move |authority| {
        authority.require_permission()?;
        let wanted = MemberRow {
            id: authority.ask_guest(|_| Ok(new_id(Prefix::Member)?))?,
            email: email.clone(),
            name: body.name.clone(),
            role,
            created_at: authority.now(),
            removed_at: None,
        };
        let Some(id) = authority.store.add_member(&wanted)? else {
            let told = "there is a member with this address";
            return Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "email_taken"));
        };
        authority.about(&id);
        let mut event = authority.event(EventType::MemberInvited);
        event.details.push(("role", Detail::Text(role.word().to_owned())));
        authority.record(event);
        Ok(MemberOut::from(&find(authority, &id)?))
    })
    .await?;
    Ok(json(StatusCode::CREATED, &member))
}

fn parse_role(word: &str) -> Result<Role, ApiError> {
    let expected = || format!("expected one of: {}", Role::ALL.map(Role::word).join(", "));
    Role::parse(word).ok_or_else(|| ApiError::invalid("role", expected()))
}

/// What is to change of a member.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MemberChange")]
struct ChangeIn {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<FreeText>")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<RoleWord>")]
    role: Option<String>,
}

pub(super) const CHANGE: Operation = Operation::new("change_member", "Change a member's name or role")
    .body::<ChangeIn>()
    .answer::<MemberOut>(200)
    .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

/// A new role holds for the member's keys from this answer on.
pub(super) async fn change(mut call: Call<ChangeMember>) -> Result<Response, ApiError> {
    let id = call.id()?;
    let body: ChangeIn = call.body().await?;
    if let Some(name) = &body.name {
        text::check_name("name", name)?;
    }
    let role = body.role.as_deref().map(parse_role).transpose()?;
    let member = carry_out(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        let old = find_active(authority, &id)?;
        let new = MemberRow {
            name: body.name.clone().unwrap_or_else(|| old.name.clone()),
            role: role.unwrap_or(old.role),
            ..old.clone()
        };
        authority.store.change_member(&id, &new.name, new.role)?;
        require_working_admin(authority)?;
        record_change(authority, &old, &new);
        Ok(MemberOut::from(&new))
    })
    .await?;
    Ok(json(StatusCode::OK, &member))
}

fn record_change(authority: &mut Effect<'_>, old: &MemberRow, new: &MemberRow) {
    if old.role != new.role {
        let mut event = authority.event(EventType::MemberRoleChanged);
        event.details.push(("old_role", Detail::Text(old.role.word().to_owned())));
        event.details.push(("role", Detail::Text(new.role.word().to_owned())));
        authority.record(event);
    }
    if old.name != new.name {
        let event = authority.event(EventType::MemberUpdated);
        authority.record(event);
    }
}

pub(super) const REMOVE: Operation = Operation::new("remove_member", "Remove a member and revoke their keys")
    .empty()
    .codes(&[ApiCode::Conflict, ApiCode::NotFound]);

/// A member who is removed already stays so: the answer is the same, and nothing new is recorded.
pub(super) async fn remove(call: Call<RemoveMember>) -> Result<Response, ApiError> {
    let id = call.id()?;
    carry_out(call.case(Subject::of(&id)), move |authority| {
        authority.require_permission()?;
        if find(authority, &id)?.removed_at.is_none() {
            let keys = authority.store.remove_member(&id)?;
            require_working_admin(authority)?;
            let mut event = authority.event(EventType::MemberRemoved);
            event.details.push(("keys", Detail::Integer(keys)));
            authority.record(event);
        }
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn find<S: Read + ?Sized>(authority: &mut Authority<'_, S>, id: &str) -> Result<MemberRow, Stop> {
    let unknown = || ApiError::new(ApiCode::NotFound, "there is no such member");
    authority.store.member(id)?.ok_or_else(|| authority.fail(unknown(), "member_not_found"))
}

fn find_active(authority: &mut Effect<'_>, id: &str) -> Result<MemberRow, Stop> {
    let member = find(authority, id)?;
    if member.removed_at.is_none() {
        return Ok(member);
    }
    let told = "the member has been removed: invite them again first";
    Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "member_removed"))
}

/// After a change, which is undone if nobody could manage members any more: an active admin with a live key must be left.
fn require_working_admin(authority: &mut Effect<'_>) -> Result<(), Stop> {
    if authority.store.has_working_admin()? {
        return Ok(());
    }
    let told = "no admin with a live API key would be left: give one to another admin first";
    Err(authority.fail(ApiError::new(ApiCode::Conflict, told), "last_admin"))
}
