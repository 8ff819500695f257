//! The names that parameters may not take.

/// Members of the request beside the parameters, members of the report resource, and what a terminal frame
/// adds to it. Parameters stand at the top level of both, so a shared name would hide one of the two.
pub const RESERVED: [&str; 21] = [
    "reportType",
    "deliver",
    "startWhen",
    "callbackUrl",
    "id",
    "status",
    "completed",
    "version",
    "progress",
    "createdAt",
    "startedAt",
    "completedAt",
    "expiresAt",
    "delivery",
    "deliveries",
    "pdfUri",
    "error",
    "_links",
    "model",
    "data",
    "eventId",
];
