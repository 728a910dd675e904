// The Rice code of tile-compressed FITS images. See ../rice.ts, which says what the answer is.

function codeBitsOf<T>(): i32 {
  return sizeof<T>() === 1 ? 3 : sizeof<T>() === 2 ? 4 : 5
}

function rawCodeOf<T>(): i32 {
  return sizeof<T>() === 1 ? 6 : sizeof<T>() === 2 ? 14 : 25
}

function bigEndian64(at: usize): u64 {
  const raw = v128.load64_zero(at)
  return <u64>i64x2.extract_lane(v128.shuffle<i8>(raw, raw, 7, 6, 5, 4, 3, 2, 1, 0, 8, 8, 8, 8, 8, 8, 8, 8), 0)
}

export function riceDecode(from: usize, bytes: i32, to: usize, count: i32, block: i32, size: i32, flip: i32): i32 {
  if (count === 0) return 0
  if (bytes < size) return -1
  if (size === 1) return unpack<u8>(from, bytes, to, count, block, flip)
  if (size === 2) return unpack<u16>(from, bytes, to, count, block, flip)
  return unpack<u32>(from, bytes, to, count, block, flip)
}

// `held` has the next bits of the stream from its top; the first `have` of them count, what follows is either zero or
// the same bits that will be brought in next. Beyond the end come zeros.
function unpack<T>(from: usize, bytes: i32, to: usize, count: i32, block: i32, flip: i32): i32 {
  const width = <i32>sizeof<T>() * 8
  const end = from + <usize>bytes
  let last: u32 = 0
  let at = from
  for (; at < from + sizeof<T>(); at++) last = (last << 8) | <u32>load<u8>(at)
  last ^= <u32>flip
  let held: u64 = 0
  let have: i32 = 0
  let place = to
  const stopAll = to + <usize>count * sizeof<T>()
  const blockBytes = <usize>block * sizeof<T>()
  while (place < stopAll) {
    const stop = min(stopAll, place + blockBytes)
    // A block of the common codes takes at most 8 bytes a sample while runs of zeros are short.
    if (at + 8 <= end) {
      held |= bigEndian64(at) >> <u64>have
      at += (63 - have) >> 3
      have |= 56
    } else {
      while (have <= 56) {
        if (at < end) held |= (<u64>load<u8>(at)) << (<u64>(56 - have))
        at++
        have += 8
      }
    }
    const code = <i32>(held >> (64 - codeBitsOf<T>()))
    held <<= <u64>codeBitsOf<T>()
    have -= codeBitsOf<T>()
    if (code > rawCodeOf<T>() + 1) return -1
    if (code === 0) {
      for (; place < stop; place += sizeof<T>()) store<T>(place, <T>last)
    } else if (code === rawCodeOf<T>() + 1) {
      for (; place < stop; place += sizeof<T>()) {
        while (have < width) {
          // What stands below is the same or zero, so that bytes can be joined one by one.
          if (at < end) held |= (<u64>load<u8>(at)) << (<u64>(56 - have))
          at++
          have += 8
        }
        const mapped = <u32>(held >> (64 - width))
        held <<= <u64>width
        have -= width
        last += (mapped >> 1) ^ -(mapped & 1)
        store<T>(place, <T>last)
      }
    } else {
      const shift = code - 1
      const down = <u64>(63 - shift)
      const bias = (<u32>1) << shift
      // Six samples to a refill, as long as their runs of zeros are short and the end is far.
      while (place + 6 * sizeof<T>() <= stop && at + 8 <= end) {
        held |= bigEndian64(at) >> <u64>have
        at += (63 - have) >> 3
        have |= 56
        let i = 0
        for (; i < 6; i++) {
          const zeros = <i32>clz<u64>(held)
          if (zeros + code > have) break
          const rest = held << (<u64>zeros)
          const mapped = ((<u32>zeros) << shift) + <u32>(rest >> down) - bias
          held = rest << (<u64>code)
          have -= zeros + code
          last += (mapped >> 1) ^ -(mapped & 1)
          store<T>(place, <T>last)
          place += sizeof<T>()
        }
        if (i === 0) break
      }
      for (; place < stop; place += sizeof<T>()) {
        if (have < 48) {
          if (at + 8 <= end) {
            held |= bigEndian64(at) >> <u64>have
            at += (63 - have) >> 3
            have |= 56
          } else {
            while (have <= 56) {
              if (at < end) held |= (<u64>load<u8>(at)) << (<u64>(56 - have))
              at++
              have += 8
            }
          }
        }
        let zeros = <i32>clz<u64>(held)
        if (zeros + code > have) {
          // A long run: byte by byte. All that counts of `held` is zero, or the sample's own bits reach beyond it.
          let run = 0
          if (zeros >= have) {
            run = have
            held = 0
            have = 0
            let byte: u32 = 0
            while (byte === 0) {
              if (at >= end) return -1
              byte = <u32>load<u8>(at)
              at++
              if (byte === 0) run += 8
            }
            held = (<u64>byte) << 56
            have = 8
            zeros = <i32>clz<u64>(held)
          } else {
            held &= (<u64>-1) << (<u64>(64 - have))
          }
          held <<= <u64>zeros
          held <<= 1
          have -= zeros + 1
          while (have < shift) {
            if (at < end) held |= (<u64>load<u8>(at)) << (<u64>(56 - have))
            at++
            have += 8
          }
          zeros += run
          have -= shift
        } else {
          held <<= <u64>zeros
          held <<= 1
          have -= zeros + code
        }
        const mapped = ((<u32>zeros) << shift) | <u32>((held >> 1) >> down)
        held <<= <u64>shift
        last += (mapped >> 1) ^ -(mapped & 1)
        store<T>(place, <T>last)
      }
    }
    if (at - <usize>(have >> 3) > end) return -1
  }
  return <i32>(at - <usize>(have >> 3) - from)
}

export function riceEncode(from: usize, count: i32, to: usize, block: i32, size: i32, flip: i32): i32 {
  if (count === 0) return 0
  if (size === 1) return pack<u8>(from, count, to, block, flip)
  if (size === 2) return pack<u16>(from, count, to, block, flip)
  return pack<u32>(from, count, to, block, flip)
}

function mappedStep<T>(value: u32, before: u32): u32 {
  const step =
    sizeof<T>() === 1
      ? <i32>(<i8>(value - before))
      : sizeof<T>() === 2
        ? <i32>(<i16>(value - before))
        : <i32>(value - before)
  return ((<u32>step) << 1) ^ <u32>(step >> 31)
}

// `held` collects bits at its bottom, fewer than 32 between samples.
function pack<T>(from: usize, count: i32, to: usize, block: i32, flip: i32): i32 {
  const width = <i32>sizeof<T>() * 8
  const stopAll = from + <usize>count * sizeof<T>()
  let at = to
  let before = <u32>load<T>(from)
  let held: u64 = <u64>((before ^ <u32>flip) & <u32>(((<u64>1) << (<u64>width)) - 1))
  let have = width
  let place = from
  while (place < stopAll) {
    const stop = min(stopAll, place + <usize>block * sizeof<T>())
    const length = <i32>((stop - place) / sizeof<T>())
    let sum: u64 = 0
    let previous = before
    for (let i = place; i < stop; i += sizeof<T>()) {
      const value = <u32>load<T>(i)
      sum += <u64>mappedStep<T>(value, previous)
      previous = value
    }
    // The mean is rounded towards zero, and never below it.
    const less = <i64>sum - <i64>(length >> 1) - 1
    const half = less < 0 ? 0 : <u32>(<u64>less / <u64>length) >> 1
    const shift = 32 - <i32>clz<u32>(half)
    if (have >= 32) {
      have -= 32
      store<u32>(at, bswap<u32>(<u32>(held >> <u64>have)))
      at += 4
    }
    if (shift >= rawCodeOf<T>()) {
      held = (held << (<u64>codeBitsOf<T>())) | <u64>(rawCodeOf<T>() + 1)
      have += codeBitsOf<T>()
      for (; place < stop; place += sizeof<T>()) {
        if (have >= 32) {
          have -= 32
          store<u32>(at, bswap<u32>(<u32>(held >> <u64>have)))
          at += 4
        }
        const value = <u32>load<T>(place)
        held = (held << (<u64>width)) | <u64>mappedStep<T>(value, before)
        have += width
        before = value
      }
    } else if (sum === 0) {
      held <<= <u64>codeBitsOf<T>()
      have += codeBitsOf<T>()
      place = stop
    } else {
      held = (held << (<u64>codeBitsOf<T>())) | <u64>(shift + 1)
      have += codeBitsOf<T>()
      const mask = ((<u32>1) << shift) - 1
      for (; place < stop; place += sizeof<T>()) {
        if (have >= 32) {
          have -= 32
          store<u32>(at, bswap<u32>(<u32>(held >> <u64>have)))
          at += 4
        }
        const value = <u32>load<T>(place)
        const mapped = mappedStep<T>(value, before)
        before = value
        let zeros = <i32>(mapped >> shift)
        while (zeros + shift > 31) {
          // Whole words of zeros, so that the rest fits.
          const now = min(zeros, 32)
          held <<= <u64>now
          have += now
          zeros -= now
          if (have >= 32) {
            have -= 32
            store<u32>(at, bswap<u32>(<u32>(held >> <u64>have)))
            at += 4
          }
          if (now === 0) break
        }
        held = (held << (<u64>(zeros + 1 + shift))) | <u64>(((<u32>1) << shift) | (mapped & mask))
        have += zeros + 1 + shift
      }
    }
  }
  while (have >= 8) {
    have -= 8
    store<u8>(at++, <u8>(held >> <u64>have))
  }
  if (have > 0) store<u8>(at++, <u8>(held << (<u64>(8 - have))))
  return <i32>(at - to)
}
