//! The words of matchers, for the manual and for editors.

/// All matchers: the word, what it expects, and an example.
pub const MATCHERS: [[&str; 3]; 12] = [
    ["equals", "this value, also a map", "{ equals: { type: dish } }"],
    ["matches", "a regular expression that a part of it matches", "{ matches: '^0x[0-9a-f]{8}$' }"],
    ["exists", "whether there is something", "{ exists: false }"],
    ["gt", "more than", "{ gt: 0 }"],
    ["ge", "at least", "{ ge: 400 }"],
    ["lt", "less than", "{ lt: 500 }"],
    ["le", "at most", "{ le: 3 }"],
    ["length", "the number of items, keys or characters", "{ length: { ge: 1 } }"],
    ["contains", "a part: of a text, of a list, of a map", "{ contains: Борщ }"],
    ["one_of", "one of these values", "{ one_of: [cash, cashless] }"],
    ["not", "anything but this", "{ not: { matches: error } }"],
    ["type", "the type of the value: string, number, boolean, null, array or object", "{ type: array }"],
];
