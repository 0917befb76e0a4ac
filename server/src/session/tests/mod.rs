//! What a stream says, read as a client reads it: one oracle over random and over all short histories, the face on the
//! runtime under a paused clock, and the seam under real threads.

mod claims;
mod clock;
mod endings;
mod face;
mod faults;
mod history;
mod model;
mod oracle;
mod parting;
mod pitfalls;
mod seam;
mod seams;
mod shard;
mod sharing;
mod stops;
mod times;
mod turns;
