//! The recent events as framed bytes in hub order. Knows offsets and topics; nothing of readers, sockets or clocks.
