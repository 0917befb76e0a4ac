//! The demo's contract: everything the dashboard is told.
//!
//! Numbered variants carry `n`, the publisher's own sequence over the topics that keep every event; the dashboard's score
//! is counted against it and against nothing else.

use eventwire::Events;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Everything the dashboard is told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Events)]
#[serde(rename_all = "camelCase")]
pub enum Demo {
    /// How busy each core is, on `host.cpu`.
    Cpu(Cpu),
    /// Memory, on `host.memory`.
    Memory(Memory),
    /// Traffic per second, on `host.network`.
    Network(Network),
    /// File systems, on `host.disks`.
    Disks(Disks),
    /// Sensors, on `host.temperatures`, on machines that have any.
    Temperatures(Temperatures),
    /// The busiest processes, on `host.processes`.
    Processes(Processes),
    /// What went over the machine's network since the last sample, twenty times a second, on `log.traffic`.
    Traffic(Traffic),
    /// One request that the demo's server answered, on `log.access`.
    Request(Request),
    /// One of a flood, on `log.flood`.
    Drop(Drop),
    /// A job that hashes a folder, on `jobs.<id>`.
    Job(Job),
    /// A visitor's note, on `board.notes`.
    Note(Note),
    /// A promise its Rust side does not keep, on `log.broken`.
    Broken(Broken),
}

/// How busy each core is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Cpu {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// Percent, one per core.
    pub cores: Vec<f32>,
}

/// Memory of the machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// Bytes in use.
    pub used: f64,
    /// Bytes there are.
    pub total: f64,
}

/// Traffic of all interfaces.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// Bytes received per second.
    pub received: f64,
    /// Bytes sent per second.
    pub sent: f64,
}

/// The machine's file systems.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Disks {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// One per mount point.
    pub disks: Vec<Disk>,
}

/// One file system.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes in use.
    pub used: f64,
    /// Bytes there are.
    pub total: f64,
}

/// The machine's sensors.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Temperatures {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// One per sensor.
    pub sensors: Vec<Sensor>,
}

/// One sensor.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Sensor {
    /// What it measures.
    pub label: String,
    /// Degrees Celsius.
    pub celsius: f32,
}

/// The busiest processes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Processes {
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// Busiest first.
    pub busiest: Vec<Process>,
}

/// One process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Percent of one core.
    pub cpu: f32,
    /// Bytes of memory.
    pub memory: f64,
}

/// What went over the network since the last sample.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// The publisher's number.
    pub n: u32,
    /// Bytes received.
    pub received: f64,
    /// Bytes sent.
    pub sent: f64,
}

/// One request that the demo's server answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// The publisher's number.
    pub n: u32,
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The answer's status.
    pub status: u16,
}

/// One of a flood.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Drop {
    /// The publisher's number.
    pub n: u32,
    /// Which one of this flood, from 1.
    pub index: u32,
    /// How many this flood has.
    pub of: u32,
}

/// A job that hashes a folder.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The publisher's number.
    pub n: u32,
    /// The job's id, also the last part of its topic.
    pub id: String,
    /// What is hashed.
    pub folder: String,
    /// Files done.
    pub files: u32,
    /// Files there are.
    pub of_files: u32,
    /// Bytes done.
    pub bytes: f64,
    /// The file just done.
    pub last: Option<String>,
    /// SHA-256 over all, in hex, once it is done.
    pub digest: Option<String>,
}

/// A visitor's note.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The publisher's number.
    pub n: u32,
    /// When, in milliseconds of Unix time.
    pub at: f64,
    /// What the visitor wrote, at most 200 characters.
    pub text: String,
}

/// The schema promises a number, `Serialize` writes text: the kind of mistake a hand-written impl makes, on purpose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Broken {
    /// The publisher's number.
    pub n: u32,
    /// Degrees Celsius, says the schema.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    #[schemars(with = "f32")]
    pub celsius: f32,
}

fn as_text<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{value} degrees"))
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim_end_matches(" degrees").parse().map_err(D::Error::custom)
}

/// Milliseconds of Unix time, as JavaScript's `Date` counts.
pub fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |t| t.as_millis() as f64)
}
