//! Operation tables: what a client can ask for, and what answers it.

use stend_core::{Evidence, Service};

use crate::call::Call;
use crate::reply::Reply;

/// Evidence: the vendor's document says so.
pub const DOCUMENTED: Evidence = Evidence::Documented;
/// Evidence: public clients of the real system rely on it.
pub const OBSERVED: Evidence = Evidence::Observed;

/// Answers a call: mostly [`Call::answer`] with a rule.
pub type Handler<S> = fn(&mut Call<'_, S>) -> Reply;

/// One row of an operation table.
pub struct Operation<S: Service> {
    /// Name, method and path.
    pub operation: stend_core::Operation,
    /// What answers it.
    pub handler: Handler<S>,
}

/// A method and a path, parameters in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// `GET`; it only reads, so `HEAD` is answered, too.
    Get(&'static str),
    /// `GET` of an operation that stores nothing and draws ids on the way; `HEAD` is answered, too.
    GetThatDraws(&'static str),
    /// `GET` of an operation that changes something.
    GetThatChanges(&'static str),
    /// `POST`.
    Post(&'static str),
    /// `PUT`.
    Put(&'static str),
    /// `DELETE`.
    Delete(&'static str),
}

impl<S: Service> Operation<S> {
    /// An operation over HTTP.
    pub const fn new(id: &'static str, on: On, evidence: Evidence, handler: Handler<S>) -> Self {
        let operation = match on {
            On::Get(path) => stend_core::Operation::http(id, "GET", path),
            On::GetThatDraws(path) => stend_core::Operation::http(id, "GET", path).drawing(),
            On::GetThatChanges(path) => stend_core::Operation::http(id, "GET", path).changing(),
            On::Post(path) => stend_core::Operation::http(id, "POST", path),
            On::Put(path) => stend_core::Operation::http(id, "PUT", path),
            On::Delete(path) => stend_core::Operation::http(id, "DELETE", path),
        };
        Self { operation: operation.with(evidence), handler }
    }
}

/// What core knows of the operations of a table, for [`Service::operations`].
pub const fn operations<S: Service, const N: usize>(table: &[Operation<S>; N]) -> [stend_core::Operation; N] {
    let mut operations = [stend_core::Operation::http("", "", ""); N];
    let mut i = 0;
    while i < N {
        operations[i] = table[i].operation;
        i += 1;
    }
    operations
}
