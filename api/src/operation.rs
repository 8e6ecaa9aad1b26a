//! For operators and their tools: health, metrics, and the document of the API.

mod figures;
mod folder_figures;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod swagger_ui;
mod worker_figures;
