// The image's firewall, by nft itself and by packets: the page is open, what is switched on opens its own port, and
// INDI is never reached from outside.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import t from 'tap'
import { boxOnWire, noPackets } from './support/packets.js'

const files = resolve('image-build/network/files')
const rules = `${files}/etc/nftables.conf`
const port = `${files}/usr/libexec/pierside/port`

t.test('what comes in, by packets', { skip: noPackets, timeout: 90_000 }, async t => {
  const box = boxOnWire(t, rules)
  for (let tries = 0; tries < 20 && box.knock(80) !== 'open'; tries++);
  t.equal(box.knock(80), 'open', 'the page')
  for (const closed of [22, 53, 445, 1883, 7624, 8624]) t.equal(box.knock(closed), 'silence', `${closed}`)
  t.equal(box.knock(53, '10.42.0.2'), 'open', 'names on the hotspot')
  t.equal(box.knock(443, '10.42.0.2'), 'refused', 'a phone that asks by https need not wait')
  t.equal(box.knock(7624, '10.42.0.2'), 'refused', 'nor is INDI open there')
  box.inBox(`${port} open tcp 445; ${port} open tcp 445`)
  t.equal(box.knock(445), 'open', 'who is switched on opens its own port')
  box.inBox('nft delete element inet pierside open_tcp { 445 }')
  t.equal(box.knock(445), 'silence', 'and closes it')
  t.throws(() => box.inBox(`${port} open tcp 7624`), /INDI is not for other machines/)
})

t.test('orders that make no sense are refused before nft hears of them', async t => {
  const senseless = [[], ['open'], ['open', 'tcp', '0'], ['open', 'tcp', '65536'], ['open', 'tcp', '80; flush ruleset']]
  for (const words of [...senseless, ['burn', 'tcp', '80']]) {
    t.equal(spawnSync(port, words).status, 64, words.join(' '))
  }
})
