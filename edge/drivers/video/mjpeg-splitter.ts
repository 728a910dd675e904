// A stream of JPEG files one after another, cut into its pictures by walking their segments: the bytes FFD8 and FFD9
// also stand inside thumbnails and comments, so looking for them alone would cut pictures in two.

export interface MjpegSplitter {
  /**
   * Takes the next bytes; hands on every picture that ends in them, before it returns. The bytes are copied.
   * @param atMs when they came; a picture is told with the time of its first byte
   */
  push(bytes: Uint8Array, atMs: number): void
  /** Bytes since the last whole picture that belonged to none: noise, pictures cut short or too large. */
  readonly strayBytes: number
  /** Something like a picture has begun at least once. */
  readonly begun: boolean
}

/** Above this it is no picture of a pier: 4K at the best quality has about 8 MB. */
const usualMostBytes = 16 * 1024 * 1024
const firstBytes = 128 * 1024

/**
 * Where in ISO/IEC 10918-1 Annex B the next byte stands.
 * seek: before a picture · marker: FF must come · code: after FF, outside picture data · high, low: a segment's length
 * ·
 * skip: inside a segment · scan: picture data · escape: after FF in picture data
 */
type Place = 'seek' | 'marker' | 'code' | 'high' | 'low' | 'skip' | 'scan' | 'escape'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const restart = (code: number) => code >= 0xd0 && code <= 0xd7
/** Codes between a picture's SOI and EOI that begin a segment with a length (Table B.1; the rest is reserved). */
const hasLength = (code: number) => code >= 0xc0 && code < 0xff && !restart(code) && code !== SOI && code !== EOI

/**
 * A picture counts when it begins with FFD8FF, walks without a fault, holds picture data and ends with FFD9; whatever
 * does not is left out, and the next FFD8 outside a segment begins anew. Each byte is looked at once and copied twice.
 * @param onPicture gets memory of its own
 * @param mostBytes a picture larger than this is left out
 */
export function mjpegSplitter(
  onPicture: (jpeg: Uint8Array, atMs: number) => void,
  mostBytes = usualMostBytes,
): MjpegSplitter {
  let kept = new Uint8Array(Math.min(firstBytes, mostBytes))
  let used = 0
  let place: Place = 'seek'
  let length = 0
  let scanning = false
  let scanSeen = false
  let startedMs = 0
  let strayBytes = 0
  let begun = false
  /** The last byte before a picture was FF: its SOI may be cut between two chunks. */
  let sawFF = false

  const keep = (bytes: Uint8Array, from: number, to: number) => {
    const more = to - from
    if (used + more > mostBytes) return false
    if (used + more > kept.length) {
      const wider = new Uint8Array(Math.min(mostBytes, Math.max(kept.length * 2, used + more)))
      wider.set(kept.subarray(0, used))
      kept = wider
    }
    kept.set(bytes.subarray(from, to), used)
    used += more
    return true
  }
  const begin = (atMs: number) => {
    kept[0] = 0xff
    kept[1] = SOI
    used = 2
    place = 'marker'
    scanSeen = false
    startedMs = atMs
  }
  const giveUp = () => {
    strayBytes += used
    used = 0
    place = 'seek'
    sawFF = false
  }
  /** After FF and this code, outside or at the end of picture data. */
  const enter = (code: number, atMs: number) => {
    if (code === 0xff)
      place = 'code' // fill bytes, B.1.1.2
    else if (code === SOI) {
      // The picture before was cut short: the camera or the cable lost its end.
      strayBytes += used - 2
      begin(atMs)
    } else if (code === EOI && scanSeen) {
      const picture = kept.slice(0, used)
      strayBytes = 0
      used = 0
      place = 'seek'
      sawFF = false
      onPicture(picture, startedMs)
    } else if (hasLength(code)) {
      scanning = code === SOS
      place = 'high'
    } else giveUp()
  }
  /** @returns where the next unread byte stands */
  const seek = (bytes: Uint8Array, from: number, atMs: number): number => {
    if (sawFF && bytes[from] !== 0xff) {
      sawFF = false
      if (bytes[from] === SOI) begin(atMs)
      else strayBytes += 2
      return from + 1
    }
    const at = bytes.indexOf(0xff, from)
    const end = at < 0 ? bytes.length : at
    strayBytes += end - from + (sawFF && at >= 0 ? 1 : 0)
    if (at < 0) return end
    sawFF = true
    return at + 1
  }
  /** Takes what a run of bytes without meaning holds: the inside of a segment, or picture data up to the next FF. */
  const takeRun = (bytes: Uint8Array, from: number): number => {
    let end: number
    if (place === 'skip') {
      end = Math.min(bytes.length, from + length)
      length -= end - from
    } else {
      const at = bytes.indexOf(0xff, from)
      end = at < 0 ? bytes.length : at + 1
      if (at >= 0) place = 'escape'
    }
    if (!keep(bytes, from, end)) {
      strayBytes += end - from
      giveUp()
    } else if (place === 'skip' && length === 0) afterSegment()
    return end
  }
  const afterSegment = () => {
    if (scanning) scanSeen = true
    place = scanning ? 'scan' : 'marker'
  }
  const takeByte = (bytes: Uint8Array, at: number, atMs: number) => {
    const byte = bytes[at]
    if (!keep(bytes, at, at + 1)) {
      strayBytes++
      giveUp()
    } else if (place === 'marker') {
      if (byte === 0xff) {
        place = 'code'
        begun = true
      } else giveUp()
    } else if (place === 'code') enter(byte, atMs)
    else if (place === 'escape') {
      if (byte === 0 || restart(byte)) place = 'scan'
      else if (byte !== 0xff) enter(byte, atMs)
    } else if (place === 'high') {
      length = byte << 8
      place = 'low'
    } else {
      // The length counts its own two bytes.
      length = (length | byte) - 2
      if (length < 0) giveUp()
      else if (length === 0) afterSegment()
      else place = 'skip'
    }
  }

  return {
    push(bytes, atMs) {
      let at = 0
      while (at < bytes.length) {
        if (place === 'seek') at = seek(bytes, at, atMs)
        else if (place === 'skip' || place === 'scan') at = takeRun(bytes, at)
        else takeByte(bytes, at++, atMs)
      }
    },
    get strayBytes() {
      return strayBytes
    },
    get begun() {
      return begun
    },
  }
}
