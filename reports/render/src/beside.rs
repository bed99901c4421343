//! What later measurements left beside a run's record, for its page.

use std::path::Path;

use reports_record::{
    Folder, FolderError, PROFILE, Profile, REQUEST_PATH, RequestPath, SYSTEM_CALLS, SystemCalls,
};

use crate::COSTS_PAGE;

/// Measurements of their own that explain a run; each may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// The path of a request through the control pair.
    pub path: Option<RequestPath>,
    /// System calls of a request.
    pub system_calls: Option<SystemCalls>,
    /// Where the contenders of a pair spend their time in one cell.
    pub profile: Option<Profile>,
    /// Whether a page of `cargo bench` stands beside the run's.
    pub has_costs: bool,
}

impl Beside {
    /// What is beside the record in `folder`, for a page in the folder `place`.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn of(folder: &Folder, place: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            path: folder.beside(REQUEST_PATH)?,
            system_calls: folder.beside(SYSTEM_CALLS)?,
            profile: folder.beside(PROFILE)?,
            has_costs: place.join(COSTS_PAGE).is_file(),
        })
    }
}
