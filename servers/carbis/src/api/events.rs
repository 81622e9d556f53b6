//! `GET /api/v4/events`: the feed.

use bytes::Bytes;
use stend_transport::header::HeaderName;
use stend_transport::{Call, Context, DOCUMENTED, Decode, Encode, On, Operation, Outcome, Reply, StatusCode};

use crate::Carbis;
use crate::errors::Error;
use crate::state::{State, feed};

/// All retained events for `hash=none`, else those after the event with this hash, oldest first (C1, C2).
pub(crate) const LIST: Operation<Carbis> =
    Operation::new("events", On::Get("/api/v4/events"), DOCUMENTED, |call| call.answer(list));

const TOKEN: HeaderName = HeaderName::from_static("token");

/// A poll. The hash is kept as it was sent: what a lost place means is the state's to say.
struct Poll {
    token: String,
    hash: Option<String>,
}

/// The feed's reply, written already: clients that keep up share it.
struct Updates(Bytes);

fn list(state: &mut State, context: &mut Context<'_>, poll: Poll) -> Result<Outcome<Updates>, Error> {
    let first = state.poll(&poll.token, poll.hash.as_deref(), context.now)?;
    let feed = &state.feed;
    Ok(Outcome::reply(Updates(context.rendered(feed.version(), first, || feed.write(first).into()))))
}

impl Decode<Carbis> for Poll {
    type Error = Error;

    fn decode(call: &mut Call<'_, Carbis>) -> Result<Self, Error> {
        call.expect_query(&["hash"])?;
        if !call.body.is_empty() {
            call.warn("the feed reads no body; it was ignored")?;
        }
        let token = call.header(&TOKEN).unwrap_or("").to_owned();
        let hash = call.query("hash").map(std::borrow::Cow::into_owned);
        // Anything but `none` and a hash as printed has to be a slip.
        if let Some(odd) =
            hash.as_deref().filter(|hash| !hash.is_empty() && *hash != "none" && feed::parse(hash).is_none())
        {
            let odd: String = odd.chars().take(40).collect();
            call.warn(format!("`{odd}` is no hash: `none`, or `0x` and eight hex digits as the events have them"))?;
        }
        Ok(Self { token, hash })
    }
}

impl Encode for Updates {
    fn encode(self) -> Reply {
        Reply::json_bytes(StatusCode::OK, self.0)
    }
}
