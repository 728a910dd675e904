// Which board the image runs on, and what works on it.
import { rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { ownBoard } from '../../edge/drivers/own/board-table.js'
import { boardFolder } from '../support/board-folder.js'

t.test('a board is known by the first of its names', async t => {
  const board = await ownBoard(boardFolder(t.testdir(), 'raspberrypi,4-model-b'))
  t.match(board, { name: 'Raspberry Pi 4 Model B', claimed: true, provenOn: undefined })
  t.strictSame(
    board?.devices.map(({ name, lacking }) => [name, lacking.length]),
    [
      ['Memory card', 0],
      ['DS3231', 0],
      ['HQ Camera (IMX477)', 2],
    ],
    'what it has no place for is not told',
  )
  t.equal(board?.devices[1].overlay, 'ds3231')
})

t.test('where it was seen to run, the day is told', async t => {
  const board = await ownBoard(boardFolder(t.testdir(), 'raspberrypi,5-model-b'))
  t.equal(board?.provenOn, '2026-12-24')
})

t.test('a computer that the image is not made for is told by its own name', async t => {
  const places = boardFolder(t.testdir(), 'linux,dummy-virt', 'A virtual machine')
  t.strictSame(await ownBoard(places), { name: 'A virtual machine', claimed: false, devices: [] })
  rmSync(places.deviceTree, { recursive: true })
  t.strictSame(await ownBoard(places), { name: undefined, claimed: false, devices: [] }, 'or by none')
})

t.test('without a table nothing is told, and a broken one is a fault of the image', async t => {
  const places = boardFolder(t.testdir(), 'raspberrypi,4-model-b')
  rmSync(places.table)
  t.equal(await ownBoard(places), undefined)
  writeFileSync(places.table, '{"boards": []}')
  await t.rejects(ownBoard(places), /devices/)
})
