//! Clients that do what no library would let them do.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connection::{PATIENCE, connect};
use crate::failure::{Context, Failure};

/// No reply to raw bytes is read beyond this.
const LONGEST_REPLY: usize = 1 << 20;

/// Sends these bytes and reads until the other side closes or falls silent for a moment.
///
/// # Errors
///
/// Nobody listens there.
pub async fn raw(from: Ipv4Addr, to: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut stream = connect(from, to).await?;
    // A server that has seen enough may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut reply = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while reply.len() < LONGEST_REPLY {
        let patience = if reply.is_empty() { PATIENCE } else { PATIENCE / 40 };
        match timeout(patience, stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) | Err(_) => break,
            Ok(Ok(length)) => reply.extend_from_slice(buffer.get(..length).unwrap_or_default()),
        }
    }
    Ok(reply)
}

/// Sends these bytes and hangs up with a reset.
///
/// # Errors
///
/// Nobody listens there.
pub async fn hang_up_after(from: Ipv4Addr, to: SocketAddr, bytes: &[u8]) -> Result<(), Failure> {
    let mut stream = connect(from, to).await?;
    stream.write_all(bytes).await.context("writing before hanging up")?;
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

/// Sends these bytes, reads until `count` bytes of the reply have come, and hangs up with a reset.
///
/// # Errors
///
/// Nobody listens there, or the reply is shorter.
pub async fn hang_up_while_reading(
    from: Ipv4Addr,
    to: SocketAddr,
    bytes: &[u8],
    count: usize,
) -> Result<(), Failure> {
    let mut stream = connect(from, to).await?;
    stream.write_all(bytes).await.context("writing before hanging up")?;
    let mut buffer = vec![0; count];
    timeout(PATIENCE, stream.read_exact(&mut buffer)).await.context("the reply hangs")??;
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}
