//! What a document may cost, and the names of what is wrong with one.

use std::sync::Arc;

use async_graphql::{
    ServerError, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
};

use super::error::refusal;

/// What a document may cost: a field is 1, a list of reports its length times what is asked of each, a model 20,
/// an action 10.
pub const MAX_COMPLEXITY: usize = 1_000;

/// How many mistakes are listed; nobody reads more.
const MOST_ERRORS: usize = 50;

/// Judges each document after its validation.
pub(super) struct Rules;

impl ExtensionFactory for Rules {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Rules {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        match next.run(ctx).await {
            Ok(result) if result.complexity > MAX_COMPLEXITY => {
                let detail = format!(
                    "the document costs {}; {MAX_COMPLEXITY} are allowed. Ask for fewer fields, or for a shorter page",
                    result.complexity
                );
                Err(vec![refusal("DOCUMENT_TOO_COMPLEX", ServerError::new(detail, None))])
            }
            Ok(result) => Ok(result),
            Err(mut errors) => {
                errors.truncate(MOST_ERRORS);
                Err(errors.into_iter().map(|error| refusal("GRAPHQL_VALIDATION_FAILED", error)).collect())
            }
        }
    }
}
