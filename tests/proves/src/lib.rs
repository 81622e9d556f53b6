//! `#[proves]`: the attribute by which a test names the claims of the ledger that it shows.

use proc_macro::{TokenStream, TokenTree};

/// Names the claims of `fixtures/<service>/claims.yaml` that a test shows: `#[proves("TP-082", "P12")]`.
///
/// The test stays as it is. `tests/fidelity` reads the attributes from the sources: a claim that neither a test nor a
/// sample names is unproved, and an unknown claim, or an attribute on what is no test, fails there. The rulings about
/// all services (`G1`, `W1`) are those of the service whose folder the test is in; elsewhere `"queue G1"` says which.
#[proc_macro_attribute]
pub fn proves(claims: TokenStream, test: TokenStream) -> TokenStream {
    if well_formed(claims) {
        return test;
    }
    let error = r#"compile_error!("`#[proves]` takes the ids of claims: `#[proves(\"TP-082\", \"P12\")]`");"#;
    error.parse::<TokenStream>().into_iter().flatten().chain(test).collect()
}

/// Whether these are string literals between commas, at least one.
fn well_formed(claims: TokenStream) -> bool {
    let claims: Vec<TokenTree> = claims.into_iter().collect();
    !claims.is_empty()
        && claims.iter().enumerate().all(|(n, token)| match token {
            TokenTree::Literal(id) => n % 2 == 0 && id.to_string().starts_with('"'),
            TokenTree::Punct(comma) => n % 2 == 1 && comma.as_char() == ',',
            _ => false,
        })
}
