//! A record of a store, which any program may have written: what is read is written so that it is read the same.

use crate::Target;
use eventwire_server::store::Record;

pub(crate) const TARGET: Target = Target {
    name: "record",
    about: "a store's record is read whole or refused; what is read comes back as it was",
    words: &[
        "{\"v\":1,",
        "\"epoch\":\"k3f9x2m1q0ab\",",
        "\"producer\":\"p\",",
        "\"seq\":",
        "\"key\":\"",
        "\"time\":",
        "\"event\":\"tick\"",
        "\"topic\":\"a.b\"",
        "\"data\":",
        "null",
        "\\u0000",
        "18446744073709551615",
    ],
    changes: 4_000,
    run,
};

fn run(input: &[u8]) {
    match Record::decode(input) {
        Ok(record) => {
            let line = record.encode();
            assert!(!line.contains(&b'\n') && !line.contains(&b'\r'), "more than one line");
            assert_eq!(Record::decode(&line).expect("a record is a record"), record);
            assert_eq!(Record::decode(&line).map(|record| record.encode()), Ok(line), "written twice, differs");
        }
        Err(refusal) => assert!(refusal.to_string().starts_with("no record: ")),
    }
}
