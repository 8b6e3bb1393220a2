//! How a command to a server ends when it does not end well.

use std::io;

/// One line for people, and the exit status for scripts.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was refused, or could not be done.
    #[error("{0}")]
    Failed(String),
    /// People must approve it first.
    #[error("{0}")]
    NeedsApproval(String),
    /// The outcome cannot be printed.
    #[error("the outcome cannot be printed: {0}")]
    Print(#[from] io::Error),
    /// The command cannot be carried out as it was typed.
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    /// The exit status: 1 refused or failed, 2 wrongly asked for, 3 people must approve it first.
    #[must_use]
    pub const fn exit_status(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::Print(_) => 1,
            Self::Usage(_) => 2,
            Self::NeedsApproval(_) => 3,
        }
    }

    /// Whether nobody reads the output any more, which needs no message.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_can_tell_the_endings_apart() {
        let text = String::new;
        let endings = [
            (Failure::Failed(text()), 1),
            (Failure::Print(io::Error::other("full")), 1),
            (Failure::Usage(text()), 2),
            (Failure::NeedsApproval(text()), 3),
        ];
        for (failure, status) in endings {
            assert_eq!((failure.exit_status(), failure.is_closed_pipe()), (status, false));
        }
        assert!(Failure::Print(io::ErrorKind::BrokenPipe.into()).is_closed_pipe());
    }
}
