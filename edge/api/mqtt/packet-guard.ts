// Watches a byte stream of MQTT packets and says when one is announced that is larger than allowed: neither the
// broker's parser nor the client's has a bound of its own, and both keep a packet in memory until its last byte is
// there.

/**
 * @param limitBytes asked anew for each packet: a stranger's bound may be tighter than a known client's
 * @returns feed it every chunk in order; false as soon as a packet is too large or its length is malformed
 *
 * Remaining length as in MQTT 3.1.1 clause 2.2.3: up to four bytes of seven bits, lowest first.
 */
export function packetGuard(limitBytes: () => number): (chunk: Uint8Array) => boolean {
  let skip = 0
  let inLength = false
  let shift = 0
  let length = 0
  return chunk => {
    let at = 0
    while (at < chunk.length) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at)
        skip -= step
        at += step
      } else if (!inLength) {
        at++
        inLength = true
        shift = 0
        length = 0
      } else {
        const byte = chunk[at++]
        length += (byte & 0x7f) * 2 ** shift
        shift += 7
        if (byte & 0x80) {
          if (shift > 21) return false
        } else {
          if (length > limitBytes()) return false
          inLength = false
          skip = length
        }
      }
    }
    return true
  }
}
