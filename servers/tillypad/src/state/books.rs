//! The tables that bills refer to and of which only id and name matter here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;

use crate::state::guid::Guid;

/// A row of a book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: String,
}

macro_rules! books {
    ($($(#[$doc:meta])* $book:ident $key:ident $table:literal;)*) => {
        /// A table that is referred to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Book {
            Divisions,
            Clients,
            MenuItems,
            $($book),*
        }

        impl Book {
            /// Its name in the vendor's database.
            pub(crate) fn table(self) -> &'static str {
                match self {
                    Self::Divisions => "tp_Divisions",
                    Self::Clients => "tp_Clients",
                    Self::MenuItems => "tp_MenuItems",
                    $(Self::$book => $table),*
                }
            }
        }

        /// The books of a world file.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct BooksSection {
            $($(#[$doc])* #[serde(skip_serializing_if = "Vec::is_empty")] pub $key: Vec<Named>,)*
        }

        /// The books of a state.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Books {
            $($key: BTreeMap<Guid, String>,)*
        }

        impl Books {
            /// Reads them; ids are unique within a book.
            pub(crate) fn read(section: BooksSection) -> Result<Self, Problem> {
                let mut books = Self::default();
                $(for (i, row) in section.$key.into_iter().enumerate() {
                    if books.$key.insert(row.id, row.name).is_some() {
                        return Err(Problem::conflict(format!("the id {} is given twice", row.id))
                            .at([stringify!($key).into(), i.into(), "id".into()]));
                    }
                })*
                Ok(books)
            }

            /// As a world file says them.
            pub(crate) fn save(&self) -> BooksSection {
                BooksSection {
                    $($key: self.$key.iter().map(|(id, name)| Named { id: *id, name: name.clone() }).collect(),)*
                }
            }

            /// The name of a row; `None` for books that are kept elsewhere, too.
            pub(crate) fn name(&self, book: Book, id: Guid) -> Option<&str> {
                let map = match book {
                    Book::Divisions | Book::Clients | Book::MenuItems => return None,
                    $(Book::$book => &self.$key),*
                };
                map.get(&id).map(String::as_str)
            }

            /// All ids of a book.
            pub(crate) fn ids(&self, book: Book) -> Vec<Guid> {
                match book {
                    Book::Divisions | Book::Clients | Book::MenuItems => Vec::new(),
                    $(Book::$book => self.$key.keys().copied().collect()),*
                }
            }
        }
    };
}

books! {
    /// Staff: waiters, operators, couriers.
    Users users "tp_Users";
    /// Terminals and stations.
    Devices devices "tp_Devices";
    /// Tables and rooms where guests are placed.
    Places places "tp_Places";
    /// Conceptions: brands under which is delivered.
    Conceptions conceptions "tp_Conceptions";
    /// How a bill can be paid.
    PayTypes pay_types "tp_PayTypes";
    /// Sale privileges: what entitles to a programme.
    SalePrivileges sale_privileges "tp_SalePrivileges";
    /// Types of the movement of goods.
    MovementTypes movement_types "tp_MovementTypes";
    /// Groups of modifiers.
    ModifierGroups modifier_groups "tp_MenuModifierGroups";
    /// Sale groups.
    SaleGroups sale_groups "tp_SaleGroups";
    /// Types of discounts.
    DiscountTypes discount_types "tp_DiscountTypes";
    /// Types of points.
    PointTypes point_types "tp_DiscountPointTypes";
    /// Types of notes.
    NoteTypes note_types "tp_NoteTypes";
    /// Groups of clients.
    ClientGroups client_groups "tp_ClientGroups";
}
