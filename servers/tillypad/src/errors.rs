//! What the application server answers when it cannot do what was asked. Two texts of the Spring object and four
//! of `pay-guest` are printed in the document; the other texts are ours, worded as SQL Server and Spring word them.

use serde::Serialize;
use stend_transport::{At, Failure, Refusal, Refused, Reply, StatusCode};

use crate::Tillypad;
use crate::state::State;
use crate::state::guid::Guid;

/// One row per cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// A registered order in a division without an open trading day (P3). Printed.
    NoDay,
    /// A field that only the client can know.
    Missing { table: &'static str, field: &'static str },
    /// A value that its field's type does not take.
    Malformed { field: String, value: String, expected: &'static str },
    /// A number out of its field's range.
    Range { field: String, value: String, expected: &'static str },
    /// A reference to a row that is not there.
    Unknown { field: String, table: &'static str, value: String },
    /// A row with this id is there already.
    Duplicate { table: &'static str, id: Guid },
    /// A value that may stand only once is there already.
    Twice { table: &'static str, field: &'static str, id: Guid },
    /// The body is no JSON.
    Json(String),
    /// The body is not shaped as the document shows.
    Shape(String),
    /// `orderItems` nested too deep.
    TooDeep(usize),
    /// More lines than a bill may have.
    TooMany(usize),
    /// A query parameter that has to be there.
    NoParameter(&'static str),
    /// A query parameter that cannot be read.
    Parameter { name: &'static str, value: String, expected: String },
    /// A query parameter that the operation does not know, where ignoring it could cost money or data (P16).
    UnknownParameter { name: String, near: Option<&'static str> },
    /// A query parameter that is given twice with different values, where the choice could cost money or data.
    ParameterTwice(&'static str),
    /// A field of the body that the operation does not know, where ignoring it could cost money (P16).
    UnknownField { name: String, near: Option<&'static str> },
    /// No such bill.
    NoGuest(Guid),
    /// The bill is no delivery.
    NoDelivery(Guid),
    /// What the state of the bill forbids; the whole sentence.
    Refused(String),
    /// An error of `pay-guest`: a bare JSON string.
    Pay(String),
    /// A body that does not come as JSON; its type, if it has one.
    MediaType(String),
    /// What the bench refuses in the server's place.
    Bench(Refused),
}

/// Printed for a registered order without a trading day, the space at its end too.
const NO_DAY: &str = "Проверка что у завершаемого заказа проставлен торговый день и подразделение ";

/// `pay-guest`: everything is in a precheck already (flag 0). Printed.
pub(crate) const ALREADY_PASSED: &str = "Счет уже передан в оплату";
/// `pay-guest`: a precheck is paid (flag 1). Printed without quotes.
pub(crate) const ALREADY_PAID: &str = "Счет уже оплачен";
/// `pay-guest`: nothing says how it is paid. Printed.
pub(crate) const NO_PAY_TYPE: &str =
    "Для проведения оплаты должен присутствовать либо payType_ID, либо gsdlv_pytp_ID_Prepaid";
/// A precheck that several bills share cannot be paid for one of them. Ours.
pub(crate) const SHARED: &str = "Пречек счета является общим с другими счетами";
/// `pay-guest`: another sum than the bill's. Printed.
pub(crate) const OTHER_SUM: &str = "Сумма интернет-оплаты не может отличаться от итоговой суммы счета";

const SQL: &str = "com.tillypad.lib.client.SQLException";
const REQUEST: &str = "com.tillypad.lib.client.RequestException";
const JSON: &str = "org.springframework.http.converter.HttpMessageNotReadableException";

const UNSATISFIED: &str = "org.springframework.web.bind.UnsatisfiedServletRequestParameterException";

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default()
}

/// What the Spring object says of a cause.
struct Row {
    status: StatusCode,
    exception: &'static str,
    /// SQL Server's number where it has one for the cause; 0 otherwise.
    code: i64,
    message: String,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Bench(refused)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Bench(refusal.into())
    }
}

impl Error {
    fn row(&self, method: &str) -> Row {
        let sql = |code, text: String| Row {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            exception: SQL,
            code,
            message: format!("[Microsoft][ODBC SQL Server Driver][SQL Server]{text}"),
        };
        let other = |exception, message| Row { status: StatusCode::INTERNAL_SERVER_ERROR, exception, code: 0, message };
        match self {
            Self::NoDay => sql(130_228, NO_DAY.into()),
            Self::Missing { table, field } => sql(
                515,
                format!(
                    "Cannot insert the value NULL into column '{field}', table '{table}'; column does not allow \
                     nulls. INSERT fails."
                ),
            ),
            Self::Malformed { field, value, expected } => {
                sql(8114, format!("Error converting '{value}' to data type {expected}, column '{field}'."))
            }
            Self::Range { field, value, expected } => {
                sql(547, format!("The value {value} conflicts with the check of column '{field}': {expected}."))
            }
            Self::Unknown { field, table, value } => sql(
                547,
                format!(
                    "The INSERT statement conflicted with the FOREIGN KEY constraint of column '{field}': \
                     table '{table}' has no row '{value}'."
                ),
            ),
            Self::Duplicate { table, id } => {
                sql(2627, format!("Violation of PRIMARY KEY constraint of table '{table}'. The row '{id}' exists."))
            }
            Self::Twice { table, field, id } => sql(
                2627,
                format!(
                    "Violation of UNIQUE KEY constraint of table '{table}', column '{field}'. The value '{id}' exists."
                ),
            ),
            Self::Json(text) => other(JSON, format!("Could not read JSON: {text}")),
            Self::Shape(text) => other(JSON, format!("Could not read document: {text}")),
            Self::TooDeep(most) => {
                other(JSON, format!("Could not read document: nested too deep; orderItems nest {most} levels at most"))
            }
            Self::TooMany(most) => {
                other(JSON, format!("Could not read document: a bill holds {most} orders, lines and rows at most"))
            }
            Self::NoParameter(name) => other(
                "org.springframework.web.bind.MissingServletRequestParameterException",
                format!("Required String parameter '{name}' is not present"),
            ),
            Self::Parameter { name, value, expected } => other(
                "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException",
                format!("Failed to convert parameter '{name}' with the value '{value}' to {expected}"),
            ),
            Self::UnknownParameter { name, near } => {
                other(UNSATISFIED, format!("Unrecognized parameter '{name}'{}", meant(*near)))
            }
            Self::ParameterTwice(name) => {
                other(UNSATISFIED, format!("Parameter '{name}' is given twice with different values"))
            }
            Self::UnknownField { name, near } => {
                other(JSON, format!("Could not read JSON: Unrecognized field '{name}'{}", meant(*near)))
            }
            Self::NoGuest(id) => other(REQUEST, format!("Гостевой счет {id} не найден")),
            Self::NoDelivery(id) => other(REQUEST, format!("Гостевой счет {id} не является счетом доставки")),
            Self::Refused(text) | Self::Pay(text) => other(REQUEST, text.clone()),
            Self::MediaType(kind) => Row {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                exception: "org.springframework.web.HttpMediaTypeNotSupportedException",
                code: 0,
                message: format!("Content type '{kind}' not supported"),
            },
            Self::Bench(Refused::Path) => Row {
                status: StatusCode::NOT_FOUND,
                exception: "org.springframework.web.servlet.NoHandlerFoundException",
                code: 0,
                message: "No message available".into(),
            },
            Self::Bench(Refused::Method(_)) => Row {
                status: StatusCode::METHOD_NOT_ALLOWED,
                exception: "org.springframework.web.HttpRequestMethodNotSupportedException",
                code: 0,
                message: format!("Request method '{method}' not supported"),
            },
            Self::Bench(refused) => Row {
                status: refused.status(),
                exception: match refused {
                    Refused::Body(_) => JSON,
                    _ => "java.lang.RuntimeException",
                },
                code: 0,
                message: refused.to_string(),
            },
        }
    }

    /// The sentence, without the frame around it.
    pub(crate) fn message(&self) -> String {
        self.row("").message
    }
}

impl Failure<Tillypad> for Error {
    /// The Spring object, or a bare string for what only `pay-guest` answers.
    fn reply(&self, _: Option<&State>, at: &At<'_>) -> Reply {
        if let Self::Pay(text) = self {
            return Reply::json(StatusCode::INTERNAL_SERVER_ERROR, text);
        }
        let row = self.row(at.method);
        let body = Spring {
            timestamp: at.now.as_millisecond(),
            status: row.status.as_u16(),
            error: row.status.canonical_reason().unwrap_or("Error"),
            exception: row.exception,
            message: &row.message,
            path: at.path,
            errorcode: row.code,
        };
        Reply::json(row.status, &body)
    }
}

/// The error object, key for key as printed.
#[derive(Debug, Serialize)]
struct Spring<'a> {
    timestamp: i64,
    status: u16,
    error: &'static str,
    exception: &'static str,
    message: &'a str,
    path: &'a str,
    errorcode: i64,
}

#[cfg(test)]
mod tests {
    use stend_core::Timestamp;
    use stend_transport::Unreadable;

    use super::*;

    fn body(error: &Error) -> (u16, String) {
        let now = Timestamp::from_millisecond(1_501_692_189_085).expect("good");
        let reply = error.reply(None, &At { method: "PATCH", path: "/post-guest", now });
        (reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).expect("text"))
    }

    #[proves("TP-009")]
    #[test]
    fn the_printed_error_is_printed() {
        let (status, body) = body(&Error::NoDay);
        assert_eq!(status, 500);
        assert_eq!(
            body,
            r#"{"timestamp":1501692189085,"status":500,"error":"Internal Server Error","exception":"com.tillypad.lib.client.SQLException","message":"[Microsoft][ODBC SQL Server Driver][SQL Server]Проверка что у завершаемого заказа проставлен торговый день и подразделение ","path":"/post-guest","errorcode":130228}"#
        );
    }

    #[proves("TP-244")]
    #[test]
    fn every_row_renders_and_names_what_it_is_about() {
        let id = Guid::draft(7);
        let rows = [
            (Error::Missing { table: "tp_Guests", field: "gest_Name" }, 500, "gest_Name"),
            (Error::Malformed { field: "a".into(), value: "x".into(), expected: "datetime" }, 500, "datetime"),
            (Error::Range { field: "orit_Count".into(), value: "-1".into(), expected: "above 0" }, 500, "-1"),
            (Error::Unknown { field: "f".into(), table: "tp_Users", value: "v".into() }, 500, "tp_Users"),
            (Error::Duplicate { table: "tp_Guests", id }, 500, "00000007"),
            (Error::Twice { table: "tp_Notes", field: "note_nttp_ID", id }, 500, "note_nttp_ID"),
            (Error::Json("EOF".into()), 500, "EOF"),
            (Error::Shape("no map".into()), 500, "no map"),
            (Error::TooDeep(16), 500, "16"),
            (Error::TooMany(9), 500, "9"),
            (Error::NoParameter("guest-id"), 500, "guest-id"),
            (Error::Parameter { name: "from", value: "x".into(), expected: "a date".into() }, 500, "from"),
            (Error::UnknownParameter { name: "guest".into(), near: Some("guest-id") }, 500, "mean 'guest-id'"),
            (Error::ParameterTwice("id"), 500, "'id'"),
            (Error::UnknownField { name: "paysum".into(), near: None }, 500, "'paysum'"),
            (Error::NoGuest(id), 500, "00000007"),
            (Error::NoDelivery(id), 500, "доставки"),
            (Error::Refused("нельзя".into()), 500, "нельзя"),
            (Error::Bench(Refused::Path), 404, "/post-guest"),
            (Error::Bench(Refused::Method("GET".into())), 405, "PATCH"),
            (Error::MediaType("text/plain".into()), 415, "text/plain"),
            (Error::Bench(Refused::Body(Unreadable::TooLarge(7))), 413, "too large"),
        ];
        for (error, status, part) in rows {
            let (got, text) = body(&error);
            assert_eq!(got, status, "{text}");
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(body(&Error::Pay(OTHER_SUM.into())), (500, format!("\"{OTHER_SUM}\"")));
    }
}
