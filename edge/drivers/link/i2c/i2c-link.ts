// An I²C bus of the box (/dev/i2c-1 on the header's pins 3 and 5), by SMBus transfers of the kernel's i2c-dev.
import { open } from 'node:fs/promises'
import { linkDriver } from '../../../ports/driver.js'
import { Fault } from '../../../ports/fault.js'
import { z } from '../../../ports/schema.js'
import { addressOf } from '../c-library.js'
import { loadIoctl } from '../ioctl.js'
import { chipsOn } from './chips-on.js'

/** What chips are asked with. All reject with `offline` when nobody acknowledges, with `limit` when too much waits. */
export interface I2cBus {
  readByte(address: number, register: number): Promise<number>
  /** Low byte first, as SMBus sends it. */
  readWord(address: number, register: number): Promise<number>
  writeByte(address: number, register: number, value: number): Promise<void>
  /** Low byte first. */
  writeWord(address: number, register: number, value: number): Promise<void>
  /** Whether a chip acknowledges that address. */
  present(address: number): Promise<boolean>
}

const options = z.strictObject({
  bus: z.int().min(0).max(99).default(1).describe('Number of the bus: 1 is that of the header (/dev/i2c-1)'),
})

/** linux/i2c-dev.h and linux/i2c.h */
const I2C_SLAVE = 0x0703
const I2C_SMBUS = 0x0720
const read = 1
const write = 0
const byteData = 2
const wordData = 3
const justByte = 1

/** Transfers that may wait for the bus; a chip that hangs it must not fill the memory. */
const mostWaiting = 64

export const i2cLink = linkDriver<typeof options, I2cBus>({
  id: 'i2c',
  summary: 'An I²C bus of the box, for sensors that the kernel does not drive',
  options,
  async open({ bus }, { clock }) {
    const path = `/dev/i2c-${bus}`
    const ioctl = loadIoctl()
    const file = await open(path, 'r+').catch(error => {
      throw openingFault(path, error)
    })
    let tail: Promise<unknown> = Promise.resolve()
    let waiting = 0
    /** The bus carries one transfer at a time, and the chip's address is set for it. */
    const inTurn = <T>(address: number, run: () => Promise<T>): Promise<T> => {
      if (waiting >= mostWaiting) {
        return Promise.reject(
          new Fault('limit', `${waiting} transfers wait for ${path}`, 'Check the bus: a chip holds it'),
        )
      }
      waiting++
      const mine = tail.then(async () => {
        await ioctl(file.fd, I2C_SLAVE, address)
        return run()
      })
      tail = mine.then(
        () => waiting--,
        () => waiting--,
      )
      return clock.outside(mine).catch(error => {
        throw error instanceof Fault ? error : transferFault(path, address, error)
      })
    }
    const transfer = async (way: number, register: number, size: number, value = 0): Promise<number> => {
      // union i2c_smbus_data, then struct i2c_smbus_ioctl_data {u8 read_write; u8 command; u32 size; data *}
      const data = Buffer.alloc(34)
      data.writeUInt16LE(value)
      const order = Buffer.alloc(16)
      order.writeUInt8(way, 0)
      order.writeUInt8(register, 1)
      order.writeUInt32LE(size, 4)
      order.writeBigUInt64LE(addressOf(data), 8)
      await ioctl(file.fd, I2C_SMBUS, order)
      return size === wordData ? data.readUInt16LE() : data.readUInt8()
    }
    const value: I2cBus = {
      readByte: (address, register) => inTurn(address, () => transfer(read, register, byteData)),
      readWord: (address, register) => inTurn(address, () => transfer(read, register, wordData)),
      writeByte: (address, register, byte) =>
        inTurn(address, async () => void (await transfer(write, register, byteData, byte))),
      writeWord: (address, register, word) =>
        inTurn(address, async () => void (await transfer(write, register, wordData, word))),
      async present(address) {
        try {
          await inTurn(address, () => transfer(read, 0, justByte))
          return true
        } catch (error) {
          if (error instanceof Fault && error.code === 'offline') return false
          throw error
        }
      },
    }
    return {
      value,
      async close() {
        await tail
        await file.close()
      },
    }
  },
  found: (bus, { clock }, signal) => chipsOn(bus, clock, signal),
})

function openingFault(path: string, error: NodeJS.ErrnoException): Fault {
  if (error.code === 'ENOENT') {
    return new Fault('offline', `there is no ${path}`, 'Set dtparam=i2c_arm=on in config.txt and load i2c-dev', {
      cause: error,
    })
  }
  return new Fault('offline', `${path} cannot be opened: ${error.code}`, 'Add the agent’s user to the group i2c', {
    cause: error,
  })
}

/** Nobody there is ENXIO or EREMOTEIO by the adapter; one that the kernel drives is EBUSY. */
function transferFault(path: string, address: number, error: NodeJS.ErrnoException): Fault {
  const chip = `the chip at 0x${address.toString(16)} on ${path}`
  if (error.code === 'EBUSY') {
    return new Fault('busy', `${chip} is driven by the kernel`, 'Use the driver kernel-sensor for it', { cause: error })
  }
  if (error.code === 'ENXIO' || error.code === 'EREMOTEIO') {
    return new Fault('offline', `${chip} does not answer`, 'Check its wires, its power and its address', {
      cause: error,
    })
  }
  return new Fault('broken', `${chip}: ${error.code ?? error.message}`, 'Shorten the wires, or slow the bus down', {
    cause: error,
  })
}
