//! What can be asked in a session, and what its answers amount to.

use ordalia_node::{CoordinationRequest, ErrorCode, Refusal, SessionNumber, Time};

use super::CallId;

/// Something that was sent and is unanswered.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// `None` for the session's own wish to end.
    pub call: Option<CallId>,
    /// As it is sent.
    pub request: CoordinationRequest,
    /// The place of the member that was asked last.
    pub place: usize,
    /// When it is sent again.
    pub due: Time,
    /// Whether it changes the tree.
    pub is_write: bool,
}

/// Whether it is a write that the session numbers.
pub(super) fn is_write(request: &CoordinationRequest) -> bool {
    use CoordinationRequest as Ask;
    matches!(request, Ask::Create { .. } | Ask::Set { .. } | Ask::Remove { .. } | Ask::Multi { .. })
}

/// Whether a session asks such a thing for its owner. Sessions begin, beat and end by themselves, and what
/// has no number cannot be asked twice without risk.
pub(super) fn may_be_asked(request: &CoordinationRequest) -> bool {
    use CoordinationRequest as Ask;
    let is_read = matches!(
        request,
        Ask::Get { .. }
            | Ask::Exists { .. }
            | Ask::Children { .. }
            | Ask::Sync {}
            | Ask::Unwatch { .. }
            | Ask::SimpleGet { .. }
            | Ask::SimpleList { .. }
    );
    is_read || is_write(request)
}

/// The request as that session's, under that number if it is a write.
pub(super) fn in_session(
    mut request: CoordinationRequest,
    number: SessionNumber,
    next_seq: u64,
) -> CoordinationRequest {
    use CoordinationRequest as Ask;
    match &mut request {
        Ask::Create { session, seq, .. }
        | Ask::Set { session, seq, .. }
        | Ask::Remove { session, seq, .. }
        | Ask::Multi { session, seq, .. } => (*session, *seq) = (Some(number), Some(next_seq)),
        Ask::Get { session, .. } | Ask::Exists { session, .. } | Ask::Children { session, .. } => {
            *session = Some(number);
        }
        Ask::Unwatch { session, .. } => *session = number,
        _ => {}
    }
    request
}

/// Whether the state machine itself refused, so that it makes no sense to ask again. Anything else comes
/// from a member that cannot serve just now, and says nothing of copies that other members got.
pub(super) fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        ErrorCode::KeyDoesNotExist
            | ErrorCode::KeyAlreadyExists
            | ErrorCode::PreconditionFailed
            | ErrorCode::MalformedRequest
            | ErrorCode::NotSupported
    )
}
