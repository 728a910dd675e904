// pierside.txt as owners write it: with every editor, in every way, and with mistakes.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type BootFile, readBootFile, saidOf } from '../../edge/services/boot-file.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const blob = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519'), Buffer.alloc(36)])
const key = `ssh-ed25519 ${blob.toString('base64')}`

const whole = `# Beforehand
wifi = Home Sweet Home
wifi-password = correct horse
wifi = Observatory
wifi-password = battery # staple
country = AT
hostname = Pier-North
time-zone = Europe/Vienna
hotspot-passphrase = dark and clear
pairing-code = 1234 5678
ssh-key = ${key} anna@desk
site-name = Above the fog
position = 46.5, 8.02, 1200
`
const wished = {
  networks: [
    { name: 'Home Sweet Home', password: 'correct horse' },
    { name: 'Observatory', password: 'battery # staple' },
  ],
  country: 'AT',
  hostname: 'pier-north',
  timeZone: 'Europe/Vienna',
  hotspotPassphrase: 'dark and clear',
  pairingCode: '12345678',
  sshKeys: [`${key} anna@desk`],
  siteName: 'Above the fog',
  latitudeDeg: 46.5,
  longitudeDeg: 8.02,
  elevationMetres: 1200,
}

const read = (text: string): BootFile => readBootFile(Buffer.from(text))
const words = (text: string) => read(text).complaints.map(one => `${one.line}: ${one.words}`)

t.test('everything is understood, whatever the editor makes of it', async t => {
  const manners: Record<string, (text: string) => Buffer> = {
    'as it is': text => Buffer.from(text),
    'Windows line ends': text => Buffer.from(text.replaceAll('\n', '\r\n')),
    'line ends of old Macs': text => Buffer.from(text.replaceAll('\n', '\r')),
    'all kinds of line ends': text => Buffer.from(text.replace(/\n/g, (_, at: number) => ['\n', '\r\n', '\r'][at % 3])),
    'a mark before it': text => Buffer.from(`\ufeff${text}`),
    'UTF-16 of Windows': text => Buffer.from(`\ufeff${text}`, 'utf16le'),
    'UTF-16 of others': text => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    'spaces everywhere': text => Buffer.from(text.replace(/^(\w[^=\n]*)=(.*)$/gm, '\t $1   =\u00a0 $2 \t')),
    'no spaces': text => Buffer.from(text.replaceAll(' = ', '=')),
    colons: text => Buffer.from(text.replaceAll(' = ', ': ')),
    'capital letters': text => Buffer.from(text.replace(/^[a-z-]+(?= =)/gm, name => name.toUpperCase())),
    'underlines and spaces in names': text =>
      Buffer.from(text.replace(/^(\w+)-(\w+)(?= =)/gm, (_, a, b) => (a === 'wifi' ? `${a}_${b}` : `${a} ${b}`))),
    quotes: text => Buffer.from(text.replace(/ = (.*)$/gm, ' = "$1"')),
    'quotes of a word processor': text => Buffer.from(text.replace(/ = (.*)$/gm, ' = “$1”')),
    'no line end at its end': text => Buffer.from(text.trimEnd()),
  }
  for (const [name, write] of Object.entries(manners)) {
    const found = readBootFile(write(whole))
    t.same(found.wishes, wished, name)
    t.same(found.complaints, [], name)
    const again = readBootFile(Buffer.from(found.without!))
    t.same(again.complaints, [], `${name}: what is written back is understood`)
    const { hotspotPassphrase, pairingCode, networks, ...open } = wished
    t.same(
      again.wishes,
      { ...open, networks: networks.map(({ name }) => ({ name, taken: true })) },
      `${name}: and has no secrets`,
    )
    t.equal(again.without, undefined, `${name}: nor is it written a second time`)
    for (const secret of ['correct horse', 'staple', 'dark and clear', '1234 5678']) {
      t.notOk(found.without!.includes(secret), `${name}: ${secret} is out of it`)
    }
  }
  const windows = read(whole.replaceAll('\n', '\r\n')).without!
  t.equal(windows.match(/\r\n/g)?.length, whole.match(/\n/g)?.length, 'line ends stay')
  t.notOk(/[^\r]\n/.test(windows))
})

t.test('the file that is shipped says nothing, and explains each key', async t => {
  const shipped = readFileSync('image-build/first-boot/pierside.txt')
  const { wishes, complaints, without } = readBootFile(shipped)
  t.same(wishes, { networks: [], sshKeys: [] })
  t.same(complaints, [])
  t.equal(without, undefined)
  t.notOk(/[^\r]\n/.test(shipped.toString()), 'in line ends that the oldest editor of Windows shows')
  const examples = shipped.toString().replace(/^#(?=[a-z-]+ = )/gm, '')
  const used = readBootFile(Buffer.from(examples))
  t.same(used.complaints, [], 'its examples are right')
  t.same(Object.keys(used.wishes).sort(), Object.keys(wished).sort(), 'every key has its example')
})

t.test('every mistake is named with its line, and the rest counts', async t => {
  t.same(words('wifi-pasword = secretsecret\n'), ['1: “wifi-pasword” is not a key here; did you mean “wifi-password”?'])
  t.match(words('\n\nwifi password secretsecret'), [/^3: “wifi-password” has no = and no value/])
  t.match(words('wifi-password = lonelylonely'), [/^1: wifi-password stands before the wifi it is for/])
  t.match(words('wifi = a\nwifi-password = short'), [/^2: wifi-password has 5 characters; a Wi-Fi takes 8 to 63/])
  t.match(words('hotspot-passphrase = grüßgott'), [/has a letter that a Wi-Fi does not take/])
  t.match(words(`wifi = ${'ü'.repeat(17)}`), [/has 34 bytes; a Wi-Fi has 1 to 32/])
  t.match(words('country = Österreich'), [/^1: country: “Österreich” is no country; write two letters: AT/])
  t.match(words('country = EU'), [/is no country/])
  t.match(words('time-zone = Europe/Viena'), [/is no time zone; did you mean “Europe\/Vienna”/])
  t.match(words('hostname = my pier'), [/is no host name/])
  t.match(words('pairing-code = abc'), [/^1: pairing-code is no code; it has 8 to 16 digits/])
  t.match(words('ssh-key = -----BEGIN OPENSSH PRIVATE KEY-----'), [/is no public SSH key/])
  t.match(
    words(`ssh-key = command="/bin/sh" ${key}`),
    [/is no public SSH key/],
    'what a key may do is not its own affair',
  )
  t.match(words('latitude = 91'), [/is no latitude/])
  t.match(words('position = somewhere'), [/is no position; write it like/])
  t.match(words('__proto__ = x\nconstructor = y\ntoString = z'), [/not a key/, /not a key/, /not a key/])
  const mixed = read('cuntry = AT\ncountry = at\nelevation = high\nlatitude = -33,9\n')
  t.match(mixed.wishes, { country: 'AT', latitudeDeg: -33.9 })
  t.same(
    mixed.complaints.map(({ line }) => line),
    [1, 3],
  )
  t.match(saidOf(mixed), /line 1: “cuntry” is not a key here; did you mean “country”\?\r\nline 3: /)
  t.equal(saidOf(read('country = AT')), undefined)
})

t.test('a password or a private key that stands on a line of its own is not quoted', async t => {
  const pasted = [
    'hotspot-passphrase =',
    'under the open roof',
    'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2',
  ]
  const lost = 'there is no = here: a line is a key, = and a value'
  t.same(words(pasted.join('\n')), [`2: ${lost}`, `3: ${lost}`])
  t.same(words('Wi-Fi password under the open roof'), ['1: “wi-fi-password” has no = and no value behind it'])
  t.same(words('country'), ['1: “country” has no = and no value behind it'])
  t.same(words('constructor'), [`1: ${lost}`])
})

t.test('of a line that is as long as the file may be, the nearest word is found at once', async t => {
  const beganMs = performance.now()
  for (const key of ['time-zone', 'x'.repeat(30_000)])
    t.match(words(`${key} = ${'a'.repeat(30_000)}`), [/did you mean/])
  t.ok(performance.now() - beganMs < 1_000)
})

t.test('a secret that will not do stays, so that it can be put right, and is not quoted', async t => {
  const found = read('hotspot-passphrase = Küche1234\nwifi = a\nwifi-password = short\n')
  t.equal(found.without, undefined)
  t.notOk(saidOf(found)!.includes('Küche'))
  t.notOk(saidOf(found)!.includes('short'))
})

t.test('a position, as it comes out of maps and notebooks', async t => {
  const at = (text: string) => {
    const { latitudeDeg, longitudeDeg, elevationMetres } = read(text).wishes
    return [latitudeDeg, longitudeDeg, elevationMetres]
  }
  t.same(at('position = geo:46.5,8.02'), [46.5, 8.02, undefined])
  t.same(at('geo:46.5,8.02,1200;u=35'), [46.5, 8.02, 1200])
  t.same(at('position = -33.9, -70.7'), [-33.9, -70.7, undefined])
  t.same(at('position = 46° 30\' 0" N, 8° 1\' 12" W, 1200 m'), [46.5, -8.02, 1200])
  t.same(at('position = 46,5; 8,02'), [46.5, 8.02, undefined])
  t.same(at('latitude = S 33 54\nlongitude = 8:1:12\nelevation = 950,5m'), [-33.9, 8.02, 950.5])
  t.same(at('latitude = 33.9 E\nlongitude = 10 70\nposition = 1,2,3,4'), [undefined, undefined, undefined])
})

t.test('nothing that lies on a card can make it stumble', async t => {
  const random = seededRandom(7)
  const pick = (count: number) => Math.floor(random.next() * count)
  const source = Buffer.from(whole.repeat(3))
  for (let round = 0; round < 400; round++) {
    const bytes = Buffer.from(source.subarray(0, pick(source.length)))
    for (let hits = pick(20); hits > 0 && bytes.length > 0; hits--) bytes[pick(bytes.length)] = pick(256)
    const { wishes, complaints } = readBootFile(bytes)
    t.ok(complaints.length <= 50 && wishes.networks.length <= 16 && wishes.sshKeys.length <= 16)
    for (const { password } of wishes.networks) t.ok(password === undefined || /^[\x20-\x7e]{8,64}$/.test(password))
    if (wishes.hostname !== undefined) t.match(wishes.hostname, /^[a-z0-9-]{1,63}$/)
    for (const line of wishes.sshKeys) t.match(line, /^[\x20-\x7e]+$/)
  }
  const noise = Buffer.from(Array.from({ length: 50_000 }, () => pick(256)))
  t.ok(readBootFile(noise).complaints.length <= 50)
  t.match(read('x'.repeat(70_000)).complaints, [{ words: /longer than 64 kB/ }])
  t.same(read('').wishes, { networks: [], sshKeys: [] })
})
