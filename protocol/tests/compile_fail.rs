//! What the `Events` derive refuses, with the words it finds.
#![cfg(feature = "serde")]

#[test]
fn what_cannot_be_an_event_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
