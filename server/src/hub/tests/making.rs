//! What cannot be made or published, and that it says why.

use super::*;
use crate::BuildError;
use serde::Serializer;

async fn refused(builder: Builder<Test>) -> String {
    builder.build().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_setting_out_of_its_range_is_named_with_what_was_given() {
    let bytes = 64 << 20;
    let text = refused(builder().retain(Duration::ZERO, bytes)).await;
    assert!(text.contains("`retain`") && text.contains("0ns") && text.contains("1s"), "{text}");
    assert!(refused(builder().retain(Duration::MAX, bytes)).await.contains("`retain`"));
    assert!(refused(builder().retain(Duration::from_secs(1), 10)).await.contains("10 bytes"));
    assert!(refused(builder().heartbeat(Duration::MAX)).await.contains("`heartbeat`"));
    assert!(refused(builder().stall(Duration::ZERO)).await.contains("`stall`"));
    assert!(refused(builder().latest("prices.a*")).await.contains("\"prices.a*\""));
}

/// S7.
#[tokio::test]
async fn an_enum_with_a_reserved_name_makes_no_hub() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    enum Reserved {
        Error(String),
        Fine(String),
    }
    impl eventwire::Events for Reserved {
        const NAMES: &'static [&'static str] = &["error", "fine"];
    }
    let _ = [Reserved::Error(String::new()), Reserved::Fine(String::new())];
    let error = Hub::<Reserved>::builder().build().await.unwrap_err();
    assert!(matches!(&error, BuildError::Contract(refusals) if refusals.len() == 1), "{error}");
    assert!(error.to_string().contains("error"), "{error}");
}

/// Pages would be told of names under which nothing comes, and each event would be of an unknown one.
#[tokio::test]
async fn an_enum_whose_schema_has_other_names_than_serde_writes_makes_no_hub() {
    #[derive(Serialize, Deserialize, JsonSchema, eventwire::Events)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    enum Split {
        #[schemars(rename = "said")]
        SaidAloud(String),
        #[schemars(skip)]
        Quiet,
        Same(u8),
    }
    let error = Hub::<Split>::builder().build().await.unwrap_err().to_string();
    for word in ["\"saidAloud\", \"quiet\"", "\"said\"", "#[serde(…)]"] {
        assert!(error.contains(word), "{word}: {error}");
    }
    assert!(!error.contains("same"), "{error}");
}

#[tokio::test]
async fn s6_an_event_that_cannot_be_serialised_is_dropped_whole_and_the_stream_lives() {
    #[derive(Deserialize, JsonSchema)]
    struct Fickle(bool);
    impl Serialize for Fickle {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 { serializer.serialize_bool(true) } else { Err(serde::ser::Error::custom("not today")) }
        }
    }
    #[derive(Serialize, Deserialize, JsonSchema, eventwire::Events)]
    #[serde(rename_all = "camelCase")]
    enum Moody {
        Said { before: u32, then: Fickle },
    }
    let hub = Hub::<Moody>::builder().build().await.unwrap();
    let said = |fine| Moody::Said { before: 1, then: Fickle(fine) };
    let error = hub.publish("a", &said(false)).await.unwrap_err();
    assert!(matches!(error, PublishError::Encode(_)) && error.to_string().contains("not today"), "{error}");
    let position = hub.publish("a", &said(true)).await.unwrap();
    assert_eq!(position.offset, Offset(1), "nothing of the first is there");
    assert_eq!(hub.stats().refused, 1, "and it is counted");
}

#[tokio::test]
async fn s8_an_event_of_the_largest_size_is_published_and_one_byte_more_is_refused() {
    for hub in [memory().await, scripted().await.0] {
        let mut page = Page::of(&hub);
        let most = limits::PAYLOAD - 2;
        hub.publish("a", &Test::Text("x".repeat(most))).await.unwrap();
        let error = hub.publish("a", &Test::Text("x".repeat(most + 1))).await.unwrap_err();
        assert!(matches!(error, PublishError::Encode(eventwire::EncodeError::TooLarge(_))), "{error}");
        assert_eq!(page.next().await.len(), limits::PAYLOAD + "text  @1".len());
    }
}

#[tokio::test]
async fn a_contract_that_cannot_be_written_is_told_with_its_path_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/shop.events.ts");
    let text = refused(builder().types(&path)).await;
    for word in ["`types`", "none/shop.events.ts", "make the folder or correct the path"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[tokio::test]
async fn a_topic_that_is_none_is_shown() {
    let hub = memory().await;
    let error = hub.publish("orders.*", &tick(1)).await.unwrap_err();
    assert!(matches!(error, PublishError::Topic(..)) && error.to_string().contains("\"orders.*\""), "{error}");
    assert!(hub.publish("x".repeat(4_000), &tick(1)).await.unwrap_err().to_string().len() < 250);
}
