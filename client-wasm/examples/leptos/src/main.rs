//! The page: what it asks for, and where it is drawn.

use board::App;
use eventwire_client::connect;
use leptos::prelude::*;

fn main() {
    leptos::mount::mount_to_body(|| view! { <App connect=|| connect("/events").topics(["prices.*"]) on_item=None/> });
}
