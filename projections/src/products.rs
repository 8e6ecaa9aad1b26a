//! Answers: which products does a tenant have?

use domain::product::{Product, ProductFields};

use crate::plain::{PlainData, PlainRow};
use crate::row::Row;
use crate::table::Table;

/// What the read models know of a product.
pub type ProductData = PlainData<ProductFields>;

/// A product.
pub type ProductRow = Row<ProductData>;

/// The products, by number.
pub type Products = Table<ProductData>;

impl PlainRow for ProductFields {
    type Aggregate = Product;

    fn name_text(name: &str) -> String {
        name.to_ascii_lowercase()
    }

    fn found_as(&self) -> &str {
        &self.code
    }
}
