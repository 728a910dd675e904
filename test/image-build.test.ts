// The promises of image-build that hold without building it: one concern is one folder of the same shape, what the
// lists name is there, a computer has its name in one place, and nothing is fetched from a host that the sources name.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'

type Files = ReadonlyMap<string, string>

/** All that is written in a folder, by path; links lead out of it. */
function read(folder: string, found = new Map<string, string>()): Map<string, string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) read(path, found)
    else if (entry.isFile()) found.set(path, readFileSync(path, 'utf8'))
  }
  return found
}

const ours: Files = new Map([...read('image-build'), ...read('scripts')])

const lines = (text: string) =>
  text
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line !== '')

/** Lines of the concerns' lists of that name: [file, line]. */
const listed = (files: Files, name: string) =>
  [...files].flatMap(([path, text]) =>
    new RegExp(`^image-build/[a-z0-9-]+/${name}$`).test(path) ? lines(text).map(line => [path, line] as const) : [],
  )

const units = 'files/(?:usr/lib|etc)/systemd/system/'

/** Ours by their names; those of Debian's packages are looked for when the slot is made. */
function unitsThatAreNowhere(files: Files): string[] {
  const there = new Set([...files.keys()].map(path => new RegExp(`${units}([^/]+)$`).exec(path)?.[1]))
  return listed(files, 'units')
    .filter(([, unit]) => unit.startsWith('pierside') && !there.has(unit))
    .map(([path, unit]) => `${path}: there is no ${unit}`)
}

/** A unit with a wish to be started stands in a list, or would never start. */
function unitsThatNeverStart(files: Files): string[] {
  const wanted = new Set(listed(files, 'units').map(([, unit]) => unit))
  return [...files].flatMap(([path, text]) => {
    const name = new RegExp(`${units}([^/]+)$`).exec(path)?.[1]
    return name && /^\[Install\]/m.test(text) && !wanted.has(name) ? [`${path} is in no list of units`] : []
  })
}

/** systemd waits for one that works and ends for ever, unless it is told how long. */
const unitsWithoutEnd = (files: Files) =>
  [...files].flatMap(([path, text]) =>
    new RegExp(`${units}[^/]+\\.service$`).test(path) &&
    /^Type=oneshot$/m.test(text) &&
    !/^Timeout(Start)?Sec=/m.test(text)
      ? [`${path} may take for ever`]
      : [],
  )

function badWritable(files: Files): string[] {
  const all = listed(files, 'writable')
  return all.flatMap(([path, line]) => {
    const [place] = line.split(' ')
    if (!/^\/(var|etc)(\/[\w.-]+)+ [0-7]{3,4} [\w-]+ [\w-]+$/.test(line)) return [`${path}: "${line}"`]
    const same = all.filter(([, other]) => other.split(' ')[0] === place)
    return same.length > 1 ? [`${path}: ${place} stands in ${same.map(([file]) => file).join(', ')}`] : []
  })
}

const badPackages = (files: Files) =>
  listed(files, 'packages')
    .filter(([, line]) => !/^[a-z0-9][a-z0-9.+-]+$/.test(line))
    .map(([path, line]) => `${path}: "${line}" is no package`)

/**
 * Outside of boards, and of what an image may stand on: names that mean one computer. The program that flashes cards
 * has one of them in its own.
 */
function boardNames(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.startsWith('image-build/') || /^image-build\/(boards|bases)\//.test(path)) return []
    return lines(text.replace(/^\s*(\/\/|\*).*$/gm, ''))
      .map(line => line.replace(/raspberry ?pi imager|rpi-imager\S*|raspios/gi, ''))
      .filter(line => /raspberry|raspi|\brpi|\bpi ?[2-5]\b|bcm2[78]\d\d/i.test(line))
      .map(line => `${path}: ${line}`)
  })
}

const mirrors = (files: Files) =>
  [...files].flatMap(([path, text]) =>
    text
      .split('\n')
      .filter(line => /\b(deb|ftp|security|snapshot|archive)\.[\w.-]+\.(org|com|net)\b|registry\.\w+/.test(line))
      .map(line => `${path}: ${line.trim()}`),
  )

function hold(sentence: string, rule: (files: Files) => string[], broken: Readonly<Record<string, string>>) {
  t.test(sentence, async t => {
    for (const [path, text] of Object.entries(broken)) {
      t.equal(rule(new Map([[`image-build/${path}`, text]])).length, 1, `it bites: ${path}`)
    }
    t.same(rule(ours), [])
  })
}

hold('every unit of ours that is to start is there', unitsThatAreNowhere, { 'a/units': '# ours\npierside-a.service' })
hold('every unit of ours that wants to start does', unitsThatNeverStart, {
  'a/files/usr/lib/systemd/system/a.service': '[Install]\nWantedBy=multi-user.target\n',
})
hold('every unit that works and ends says how long it may take', unitsWithoutEnd, {
  'a/files/usr/lib/systemd/system/a.service': '[Service]\nType=oneshot\nExecStart=/usr/bin/a\n',
})
hold('what stays writable has a place, rights and an owner, once', badWritable, {
  'a/writable': '/var/lib/a 755 root',
  'b/writable': '/usr/lib/a 755 root root',
  'c/writable': 'var/lib/a 755 root root',
})
hold('packages are named one a line', badPackages, { 'a/packages': 'a b', 'w1/packages': 'a b' })
hold('a computer has its name beneath boards alone', boardNames, {
  'a/a.sh': 'cp bcm2711-rpi-4-b.dtb x',
  'b/b.sh': 'echo Raspberry Pi 4 # no Raspberry Pi Imager',
})
hold('nothing is fetched from a host that stands here', mirrors, { 'a/a.sh': 'wget http://deb.example.org/debian' })

t.test('the same place is not kept twice', async t => {
  const twice = new Map([
    ['image-build/a/writable', '/var/lib/a 755 root root'],
    ['image-build/b/writable', '/var/lib/a 755 root root'],
  ])
  t.equal(badWritable(twice).length, 2)
})

t.test('no file of one concern lies over that of another', async t => {
  const seen = new Map<string, string>()
  for (const concern of readdirSync('image-build')) {
    const files = `image-build/${concern}/files`
    if (!existsSync(files)) continue
    for (const path of read(files).keys()) {
      const place = path.slice(files.length)
      t.notOk(seen.has(place), `${place} of ${concern} and ${seen.get(place)}`)
      seen.set(place, concern)
    }
  }
  t.ok(seen.size > 5)
})

t.test('what the agent asks root to do has a unit, and every such unit is asked for', async t => {
  const agent = [...read('edge').values()]
  const asked = agent.flatMap(text =>
    [...text.matchAll(/\bdeed\(([^,]+),/g)].flatMap(([, deed]) =>
      [...deed.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name),
    ),
  )
  const units = [...ours.keys()].flatMap(path => /\/pierside-do-([a-z-]+)\.service$/.exec(path)?.[1] ?? [])
  for (const deed of asked) t.ok(units.includes(deed), `pierside-do-${deed}.service`)
  for (const deed of units) {
    t.ok(
      agent.some(text => text.includes(`'${deed}'`) || text.includes(`'pierside-do-${deed}.service'`)),
      `${deed} is asked for`,
    )
  }
  t.ok(asked.length > 5)
})

t.test('what is started as a program may be', async t => {
  for (const [path, text] of ours) {
    if (!/^image-build\/[^/]+\/files\/usr\/lib\/pierside-image\/[^/.]+$/.test(path) || !text.startsWith('#!')) continue
    t.ok(statSync(path).mode & 0o100, path)
  }
})
