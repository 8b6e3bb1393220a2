//! A member and the API key that is handed over with it.

use std::fs;
use std::path::{Path, PathBuf};

use warded_core::crypto::token::TokenKind;
use warded_core::secret::Secret;

use super::{Parts, StartError};
use crate::audit::{Detail, Event, EventType};
use crate::error::{ApiCode, ApiError};
use crate::id::{Prefix, new_id};
use crate::keys;
use crate::refusals::system;
use crate::role;
use crate::store::{KeyBounds, KeyRow, MemberRow, Role, Tx, Verdict, transact};
use crate::text;

/// A member to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// What they may do.
    pub role: Role,
    /// Their address.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
    /// The file of the keys folder that their API key is written to; `None` hands it back instead.
    pub file: Option<&'a str>,
    /// Whether the file may be there already, with a key that nobody can have used.
    pub replace: bool,
}

/// Where a member's API key is.
#[derive(Debug)]
pub enum HandedOver {
    /// In this file.
    File(PathBuf),
    /// Here.
    Key(Secret<String>),
}

impl Parts {
    /// Adds a member with an API key. The key's file is written first: a member whose key nobody has is of no use.
    pub(super) async fn add_member(
        &self,
        folder: &Path,
        member: &NewMember<'_>,
    ) -> Result<HandedOver, StartError> {
        let (member_row, key_row, key) = self.rows(member)?;
        let handed_over = match member.file {
            Some(file) => HandedOver::File(keys::hand_over(folder, file, &key, member.replace)?),
            None => HandedOver::Key(key),
        };
        let insert = move |tx: &mut dyn Tx| {
            let Some(member_id) = tx.add_member(&member_row)? else {
                let error = ApiError::new(ApiCode::Conflict, "there is a member with this address");
                return Ok(Verdict::Refused { error, event: None });
            };
            let key_row = KeyRow { member_id, ..key_row.clone() };
            tx.add_key(&key_row)?;
            Ok(Verdict::Done { answer: (), events: vec![invited(&member_row, &key_row)] })
        };
        if let Err(error) = transact(&*self.store, insert).await {
            if let HandedOver::File(path) = &handed_over {
                // Nothing accepts this key.
                let _ = fs::remove_file(path);
            }
            return Err(StartError::Member(error.message));
        }
        Ok(handed_over)
    }

    fn rows(&self, member: &NewMember<'_>) -> Result<(MemberRow, KeyRow, Secret<String>), StartError> {
        let refused = |error: ApiError| StartError::Member(error.message);
        let email = text::email("email", member.email).map_err(refused)?;
        text::check_name("name", member.name).map_err(refused)?;
        let new_id = |prefix| new_id(prefix).map_err(crate::guest::GuestError::from);
        let (member_id, key_id) = (new_id(Prefix::Member)?, new_id(Prefix::Key)?);
        let minted = self.guest.mint_token(TokenKind::ApiKey)?;
        let created_at = self.clock.now();
        let member_row = MemberRow {
            id: member_id.clone(),
            email,
            name: member.name.to_owned(),
            role: member.role,
            created_at,
            removed_at: None,
        };
        let key_row = KeyRow {
            id: key_id,
            member_id,
            name: "first key".to_owned(),
            hash: minted.hash,
            display: minted.display,
            // Whoever runs this command on the server's own folders is trusted with everything already.
            approve: role::scopes(member.role).contains(&role::DECIDE),
            bounds: KeyBounds::default(),
            created_at,
            revoked_at: None,
            last_used_at: None,
        };
        Ok((member_row, key_row, minted.text))
    }
}

fn invited(member: &MemberRow, key: &KeyRow) -> Event {
    let mut event = Event::new(EventType::MemberInvited, system(), None);
    event.resource_id = Some(key.member_id.clone());
    event.details =
        vec![("key_id", Detail::Text(key.id.clone())), ("role", Detail::Text(member.role.word().to_owned()))];
    event
}
