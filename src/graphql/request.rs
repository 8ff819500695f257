//! What a client sends, whatever carries it: the members of a GraphQL request (GraphQL over HTTP, section 5.1).

use async_graphql::{
    Request, Response, Variables,
    parser::{
        self, parse_query,
        types::{DocumentOperations, OperationType},
    },
};
use serde_json::{Map, Value};

use super::{
    document,
    error::{Refused, refused},
};
use crate::report::Fault;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
    /// It goes on.
    Subscription,
}

/// An operation that may run: its document was parsed and measured.
pub struct Operation {
    /// What it does.
    pub kind: Kind,
    pub(super) request: Request,
}

/// Why there is no operation.
pub enum Unreadable {
    /// The members make no request.
    Request(Vec<Fault>),
    /// They do, and its document is wrong: this is the response to it.
    Document(Box<Response>),
}

impl Operation {
    /// Reads the members of a request. Unknown members are passed over, as the specification asks.
    ///
    /// # Errors
    ///
    /// [`Unreadable`].
    pub fn read(members: Map<String, Value>) -> Result<Self, Unreadable> {
        let mut request = request(members).map_err(Unreadable::Request)?;
        let kind = inspect(&mut request)
            .map_err(|refused| Unreadable::Document(Box::new(Response::from_errors(vec![*refused]))))?;
        Ok(Self { kind, request })
    }
}

fn request(mut members: Map<String, Value>) -> Result<Request, Vec<Fault>> {
    let mut faults = Vec::new();
    let query = match members.remove("query") {
        Some(Value::String(query)) => query,
        Some(_) => {
            faults.push(Fault::at("query", "must be a string: the text of a GraphQL document"));
            String::new()
        }
        None => {
            faults.push(Fault::at("query", "is missing; it is the text of a GraphQL document"));
            String::new()
        }
    };
    let mut request = Request::new(query);
    match members.remove("operationName") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) => request = request.operation_name(name),
        Some(_) => faults.push(Fault::at("operationName", "must be a string or null")),
    }
    match members.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) => request.variables = Variables::from_json(variables),
        Some(_) => faults.push(Fault::at("variables", "must be an object or null")),
    }
    match members.remove("extensions") {
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(_) => faults.push(Fault::at("extensions", "must be an object or null")),
    }
    if faults.is_empty() { Ok(request) } else { Err(faults) }
}

/// Parses the document, measures it, and finds the operation that is meant.
fn inspect(request: &mut Request) -> Result<Kind, Refused> {
    // the parser calls itself for each bracket: a document of nothing else would end the process
    document::check_brackets(&request.query)?;
    let name = request.operation_name.clone();
    let document = parse_query(&request.query).map_err(unparsed)?;
    document::measure(&document)?;
    let unknown = |detail: String| refused("GRAPHQL_VALIDATION_FAILED", detail, None);
    let operation = match (&document.operations, &name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().ok_or_else(|| unknown("there is no operation".into()))?
        }
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name.as_str()) => {
            &operations[name.as_str()]
        }
        (operations, Some(name)) => {
            return Err(unknown(format!("there is no operation {name}; {}", known(operations))));
        }
        (operations, None) => {
            return Err(unknown(format!("operationName must say which is meant; {}", known(operations))));
        }
    };
    // GraphQL, section 6.1.2: nothing may run
    for definition in &operation.node.variable_definitions {
        let (name, variable) = (&definition.node.name.node, &definition.node);
        let given = request.variables.get(name).is_some_and(|value| *value != async_graphql::Value::Null);
        if !given && !variable.var_type.node.nullable && variable.default_value.is_none() {
            let detail = format!("the variable ${name} must have a value: its type is {}", variable.var_type);
            return Err(refused("BAD_USER_INPUT", detail, Some(definition.pos)));
        }
    }
    let kind = match operation.node.ty {
        OperationType::Query => Kind::Query,
        OperationType::Mutation => Kind::Mutation,
        OperationType::Subscription => Kind::Subscription,
    };
    request.set_parsed_query(document);
    Ok(kind)
}

/// The parser draws the line that it could not read over several lines of text; the last one says what it expected,
/// and the place is said beside it.
fn unparsed(error: parser::Error) -> Refused {
    let place = error.positions().next();
    let drawn = error.to_string();
    let expected = drawn.lines().last().unwrap_or_default().trim_start_matches([' ', '=']);
    let detail = match place {
        Some(place) => format!("line {}, column {}: {expected}", place.line, place.column),
        None => expected.into(),
    };
    refused("GRAPHQL_PARSE_FAILED", detail, place)
}

fn known(operations: &DocumentOperations) -> String {
    let mut names: Vec<_> =
        operations.iter().filter_map(|(name, _)| name.map(|name| name.as_str())).collect();
    names.sort_unstable();
    match names.as_slice() {
        [] => "the document has one, without a name".into(),
        names => format!("the document has {}", names.join(", ")),
    }
}
