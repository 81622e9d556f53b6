//! A world's clock. The only place in the product that reads the wall clock.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Problem;

/// How a world's time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One second a second.
    #[default]
    Real,
    /// Stands still until it is advanced.
    Frozen,
    /// `scale` seconds a second.
    Scaled,
}

/// A clock as a world file and the control API give it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSetting {
    /// How time runs.
    #[serde(default)]
    pub mode: Mode,
    /// The world's time at this moment, or `now` for the wall clock's; left out, it goes on from where it is, also after a
    /// jump (a new world: from the wall clock).
    #[serde(default, alias = "start", skip_serializing_if = "Option::is_none", deserialize_with = "moment_or_now")]
    #[schemars(with = "Option<String>")]
    pub now: Option<Timestamp>,
    /// Virtual seconds per real second, for the mode `scaled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
}

/// A moment as people write it, or nothing.
///
/// # Errors
/// A text that is none; the sentence says how one is written.
pub fn moment<'de, T: From<Option<Timestamp>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_moment::<false, T, D>(deserializer)
}

/// The same where `now` is the wall clock's time.
///
/// # Errors
/// As [`moment`].
pub fn moment_or_now<'de, T: From<Option<Timestamp>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_moment::<true, T, D>(deserializer)
}

fn read_moment<'de, const OR_NOW: bool, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: From<Option<Timestamp>>,
    D: Deserializer<'de>,
{
    struct Moment<const OR_NOW: bool>(Timestamp);

    impl<'de, const OR_NOW: bool> Deserialize<'de> for Moment<OR_NOW> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(Visitor::<OR_NOW>)
        }
    }

    struct Visitor<const OR_NOW: bool>;

    impl<const OR_NOW: bool> de::Visitor<'_> for Visitor<OR_NOW> {
        type Value = Moment<OR_NOW>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a moment like `2026-11-21T12:00:00+03:00`")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment<OR_NOW>, E> {
            if OR_NOW && text == "now" {
                return Ok(Moment(wall()));
            }
            let wrong = |_| E::custom(format!("`{text}` is no moment; write it like 2026-11-21T12:00:00+03:00"));
            text.parse().map(Moment).map_err(wrong)
        }
    }

    Ok(Option::<Moment<OR_NOW>>::deserialize(deserializer)?.map(|Moment(at)| at).into())
}

impl ClockSetting {
    /// Standing at `now`.
    pub fn frozen_at(now: Timestamp) -> Self {
        Self { mode: Mode::Frozen, now: Some(now), scale: None }
    }

    /// From a word, as the command line and the control API take it: `real`, `frozen`, or a time at which it stands.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "real" => Some(Self::default()),
            "frozen" => Some(Self { mode: Mode::Frozen, now: None, scale: None }),
            time => time.parse().ok().map(Self::frozen_at),
        }
    }

    /// Running `scale` times as fast as the wall clock.
    pub fn scaled(scale: f64, now: Option<Timestamp>) -> Self {
        Self { mode: Mode::Scaled, now, scale: Some(scale) }
    }

    /// The factor between virtual and real time.
    ///
    /// # Errors
    /// A scale without the mode `scaled`, the mode without a scale, a scale that is not between 0.001 and 100,000, or a
    /// time before the year 1, which no vendor's format can write.
    pub fn factor(&self) -> Result<f64, Problem> {
        if let Some(now) = self.now.filter(|now| now.as_second() < FIRST) {
            return Err(
                Problem::invalid(format!("a clock cannot stand at {now}; its years go from 1 to 9999")).under("now")
            );
        }
        match (self.mode, self.scale) {
            (Mode::Real, None) => Ok(1.0),
            (Mode::Frozen, None) => Ok(0.0),
            (Mode::Scaled, Some(scale)) if (0.001..=100_000.0).contains(&scale) => Ok(scale),
            (Mode::Scaled, Some(scale)) => {
                Err(Problem::invalid(format!("a clock cannot run at a scale of {scale}; it goes from 0.001 to 100000"))
                    .under("scale"))
            }
            (Mode::Scaled, None) => {
                Err(Problem::invalid("the mode `scaled` needs a `scale`").hint("e.g. {mode: scaled, scale: 60}"))
            }
            (_, Some(_)) => Err(Problem::invalid("a `scale` goes with the mode `scaled` only").under("scale")),
        }
    }
}

/// The first time that a clock can stand at, in seconds: the beginning of the year 1.
const FIRST: i64 = -62_135_596_800;

#[derive(Debug)]
struct Hands {
    mode: Mode,
    scale: f64,
    /// World time at `anchor`.
    base: Timestamp,
    /// Wall time when `base` was set.
    anchor: Timestamp,
    /// The latest time returned: the clock never goes back by itself, whatever the wall clock does.
    described: Timestamp,
}

/// A clock that is real, frozen or scaled, and can be advanced in any mode.
#[derive(Debug)]
pub struct Clock(Mutex<Hands>);

impl Clock {
    /// A clock that starts as the setting says; without a `now`, at the wall clock's.
    ///
    /// # Errors
    /// A setting that contradicts itself: see [`ClockSetting::factor`].
    pub fn new(setting: ClockSetting) -> Result<Self, Problem> {
        let scale = setting.factor()?;
        let wall = wall();
        let base = setting.now.unwrap_or(wall);
        Ok(Self(Mutex::new(Hands { mode: setting.mode, scale, base, anchor: wall, described: base })))
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        let mut hands = self.0.lock();
        if hands.mode == Mode::Frozen {
            return hands.base;
        }
        let wall = wall();
        let now = match hands.mode {
            // The usual clock shows the wall clock's time; it is read on every request.
            Mode::Real if hands.base == hands.anchor => wall,
            Mode::Real => moved(hands.base, wall.duration_since(hands.anchor)),
            _ => moved(hands.base, scaled(wall.duration_since(hands.anchor), hands.scale)),
        };
        hands.described = hands.described.max(now);
        hands.described
    }

    /// Sets mode and time at once; without a `now`, time goes on from where it is.
    ///
    /// # Errors
    /// As [`Clock::new`]; nothing is changed then.
    pub fn set(&self, setting: ClockSetting) -> Result<(), Problem> {
        let scale = setting.factor()?;
        let now = setting.now.unwrap_or_else(|| self.now());
        let mut hands = self.0.lock();
        *hands = Hands { mode: setting.mode, scale, base: now, anchor: wall(), described: now };
        Ok(())
    }

    /// Moves time to `to` in any mode; it runs on from there. A moment that has passed changes nothing.
    pub fn jump(&self, to: Timestamp) {
        if to <= self.now() {
            return;
        }
        let mut hands = self.0.lock();
        hands.base = to;
        hands.anchor = wall();
        hands.described = to;
    }

    /// The setting that would make a clock like this one, with the time it shows.
    pub fn setting(&self) -> ClockSetting {
        let now = self.now();
        let hands = self.0.lock();
        let scale = (hands.mode == Mode::Scaled).then_some(hands.scale);
        ClockSetting { mode: hands.mode, now: Some(now), scale }
    }

    /// How long by the wall clock until the world's time is `at`; `None` when it will not come by itself.
    pub fn wall_until(&self, at: Timestamp) -> Option<Duration> {
        let now = self.now();
        let hands = self.0.lock();
        let virtually = at.duration_since(now).max(SignedDuration::ZERO);
        match hands.mode {
            Mode::Frozen => None,
            Mode::Real => Some(virtually.unsigned_abs()),
            Mode::Scaled => {
                Some(Duration::try_from_secs_f64(virtually.as_secs_f64() / hands.scale).unwrap_or(Duration::MAX))
            }
        }
    }
}

fn moved(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn scaled(elapsed: SignedDuration, scale: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(elapsed.as_secs_f64() * scale).unwrap_or(SignedDuration::MAX)
}

/// The wall clock, for what is no part of any world: the start of a process, the default of a clock.
#[allow(clippy::disallowed_methods, reason = "the one place that may")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

/// The monotonic clock, for how long to sleep, which is no world's time.
#[allow(clippy::disallowed_methods, reason = "the one place that may")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn frozen_stands_until_it_jumps_and_never_goes_back() {
        let clock = Clock::new(ClockSetting::frozen_at(at("2026-11-21T09:00:00Z"))).expect("good");
        assert_eq!(clock.now(), at("2026-11-21T09:00:00Z"));
        clock.jump(at("2026-11-21T09:05:00Z"));
        clock.jump(at("2026-11-21T09:01:00Z"));
        assert_eq!(clock.now(), at("2026-11-21T09:05:00Z"));
        assert_eq!(clock.wall_until(at("2026-11-21T09:06:00Z")), None);
    }

    #[test]
    fn scaled_runs_faster_and_says_how_long_it_will_take() {
        let clock = Clock::new(ClockSetting::scaled(60.0, Some(at("2026-11-21T09:00:00Z")))).expect("good");
        let wait = clock.wall_until(at("2026-11-21T10:00:00Z")).expect("it runs");
        assert!((59.0..=60.0).contains(&wait.as_secs_f64()), "{wait:?}");
        assert!(clock.now() >= at("2026-11-21T09:00:00Z"));
    }

    #[test]
    fn contradicting_settings_are_refused() {
        let bad = [
            ClockSetting { mode: Mode::Scaled, now: None, scale: None },
            ClockSetting { mode: Mode::Real, now: None, scale: Some(2.0) },
            ClockSetting { mode: Mode::Scaled, now: None, scale: Some(f64::NAN) },
            ClockSetting { mode: Mode::Scaled, now: None, scale: Some(0.0) },
        ];
        for setting in bad {
            assert!(Clock::new(setting).is_err(), "{setting:?}");
        }
    }
}
