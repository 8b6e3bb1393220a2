//! How a handler's work runs: an effect in the writer's transaction, a view on the newest committed state.

use std::sync::Arc;

use crate::authorize::{Authority, Case, Effect, Stop, View, Wanted};
use crate::error::{ApiCode, ApiError};
use crate::store::{self, Read, StoreError, Tx, Verdict};

/// Decides and acts in one transaction, and answers once it is durable.
///
/// What the decision consumed is stored, and the events are appended, only if the work succeeds. Where people have to approve first,
/// nothing of the work is kept, and they are asked.
///
/// # Errors
/// The refusal, or 503.
pub async fn carry_out<T: Send + 'static>(
    case: Case,
    mut work: impl FnMut(&mut Effect<'_>) -> Result<T, Stop> + Send + 'static,
) -> Result<T, ApiError> {
    let app = Arc::clone(&case.app);
    let done = store::transact(&*app.store, move |tx| {
        let done = effect(&case, tx).and_then(|mut authority| {
            let answer = work(&mut authority)?;
            Ok((answer, authority.finish()?))
        });
        match done {
            Ok((answer, events)) => Ok(Verdict::Done { answer: Ok(answer), events }),
            Err(Stop::Asked(wanted)) => Ok(Verdict::Undone { answer: Err((wanted, case.clone())) }),
            Err(Stop::Refused(refusal)) => {
                let (error, event) = *refusal;
                Ok(Verdict::Refused { error, event })
            }
            Err(Stop::Store(error)) => Err(error),
        }
    });
    match done.await? {
        Ok(answer) => Ok(answer),
        Err((wanted, case)) => Err(ask_people(case, wanted).await),
    }
}

/// Asks people about a use; the answer is always a refusal, which names the approval that it waits for.
async fn ask_people(case: Case, wanted: Box<Wanted>) -> ApiError {
    let app = Arc::clone(&case.app);
    let asked = store::transact(&*app.store, move |tx| {
        let asked = effect(&case, tx).and_then(|mut authority| {
            let error = authority.ask_people(&wanted)?.into_error();
            Ok((error, authority.finish()?))
        });
        match asked {
            Ok((answer, events)) => Ok(Verdict::Done { answer, events }),
            Err(Stop::Refused(refusal)) => {
                let (error, event) = *refusal;
                Ok(Verdict::Refused { error, event })
            }
            Err(Stop::Asked(_)) => Err(StoreError::Defect("asking people asked people")),
            Err(Stop::Store(error)) => Err(error),
        }
    });
    asked.await.unwrap_or_else(|error| error)
}

// Both name the lifetime that the trait object is shortened to.
fn effect<'t>(case: &'t Case, tx: &'t mut (dyn Tx + 't)) -> Result<Effect<'t>, Stop> {
    Authority::open(case, tx)
}

fn view<'t>(case: &'t Case, read: &'t mut (dyn Read + 't)) -> Result<View<'t>, Stop> {
    Authority::open(case, read)
}

/// Decides and reads without changing anything; a refusal is recorded all the same.
///
/// # Errors
/// The refusal, or 503.
pub async fn look_up<T: Send + 'static>(
    case: Case,
    work: impl FnOnce(&mut View<'_>) -> Result<T, Stop> + Send + 'static,
) -> Result<T, ApiError> {
    let app = Arc::clone(&case.app);
    let store = Arc::clone(&app.store);
    let again = case.clone();
    let reading = tokio::task::spawn_blocking(move || {
        store::query(&*store, |read| {
            let found = view(&case, read).and_then(|mut authority| {
                let found = work(&mut authority)?;
                Ok((found, authority.into_spends()))
            });
            match found {
                Err(Stop::Store(error)) => Err(error),
                found => Ok(found),
            }
        })
    });
    let found = reading.await.map_err(|_| ApiError::new(ApiCode::Unavailable, "the server is stopping"))?;
    match found.map_err(|error| unreadable(&error))? {
        Ok((found, spends)) if spends.is_empty() => Ok(found),
        Ok((found, spends)) => spend(again, spends).await.map(|()| found),
        Err(Stop::Asked(wanted)) => Err(ask_people(again, wanted).await),
        Err(Stop::Refused(refusal)) => {
            let (error, event) = *refusal;
            store::transact(&*app.store, move |_| {
                Ok(Verdict::<T>::Refused { error: error.clone(), event: event.clone() })
            })
            .await
        }
        Err(Stop::Store(error)) => Err(unreadable(&error)),
    }
}

/// Spends the approvals of something that was only read: it is answered once they are spent, so each of them lets one reader through.
async fn spend(case: Case, approvals: Vec<String>) -> Result<(), ApiError> {
    carry_out(case, move |authority| {
        for id in &approvals {
            if !authority.spend(id, None)? {
                let told = "the approval has been used, repeat the request to ask for another";
                return Err(
                    authority.deny(ApiError::new(ApiCode::ApprovalRequired, told), "approval_required")
                );
            }
        }
        Ok(())
    })
    .await
}

/// Refuses a credential of a kind that the route does not take.
///
/// # Errors
/// Always: the refusal.
pub async fn refuse_kind(case: Case) -> Result<(), ApiError> {
    carry_out(case, |authority| {
        authority.require_standing(&[])?;
        Err(authority.refuse_kind())
    })
    .await
}

fn unreadable(error: &StoreError) -> ApiError {
    tracing::error!(%error, "the database cannot be read");
    match error {
        StoreError::Database(_) => {
            ApiError::new(ApiCode::Unavailable, "the database cannot be read, try again")
        }
        StoreError::Busy | StoreError::Damaged(_) | StoreError::Defect(_) => store::unavailable(error),
    }
}
