// Runs in the image: a relay board of two on USB that speaks HID (dcttech), made of the kernel's own /dev/uhid
// (include/uapi/linux/uhid.h). What its relays are at is written into the file named, as `1 0`.
import { openSync, readSync, writeFileSync, writeSync } from 'node:fs'

const eventBytes = 4380
const types = { create2: 11, getReport: 9, getReportReply: 10, setReport: 13, setReportReply: 14 }
// Vendor page, one feature report of 8 bytes without an id.
const descriptor = Buffer.from('0600ff0901a101150026ff007508950809 00b102c0'.replace(/ /g, ''), 'hex')
const file = process.argv[2]
const board = openSync('/dev/uhid', 'r+')
let relays = 0
const show = () => writeFileSync(file, `${relays & 1} ${(relays >> 1) & 1}\n`)

const say = (type, fill) => {
  const event = Buffer.alloc(eventBytes)
  event.writeUInt32LE(type, 0)
  fill(event)
  writeSync(board, event)
}
say(types.create2, event => {
  event.write('USBRelay2', 4)
  event.writeUInt16LE(descriptor.length, 260)
  event.writeUInt16LE(3, 262) // BUS_USB
  event.writeUInt32LE(0x16c0, 264)
  event.writeUInt32LE(0x05df, 268)
  descriptor.copy(event, 280)
})
show()
for (;;) {
  const event = Buffer.alloc(eventBytes)
  if (readSync(board, event) === 0) break
  const type = event.readUInt32LE(0)
  const id = event.readUInt32LE(4)
  if (type === types.getReport) {
    say(types.getReportReply, reply => {
      reply.writeUInt32LE(id, 4)
      reply.writeUInt16LE(9, 10)
      // Report 0: its name of five letters, and at the end its relays.
      reply.write('PIER1', 13)
      reply[13 + 7] = relays
    })
  } else if (type === types.setReport) {
    const size = event.readUInt16LE(10)
    const data = event.subarray(12, 12 + size)
    const [order, which] = data.subarray(data[0] === 0 ? 1 : 0)
    const bit = 1 << (which - 1)
    if (order === 0xff) relays |= bit
    else if (order === 0xfd) relays &= ~bit
    else if (order === 0xfe) relays = 3
    else if (order === 0xfc) relays = 0
    show()
    say(types.setReportReply, reply => reply.writeUInt32LE(id, 4))
  }
}
