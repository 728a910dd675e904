// INDI's stream and what is made of it: read the same however the network cuts it, bounded whatever it holds.
import { Buffer } from 'node:buffer'
import t from 'tap'
import { base64Stream } from '../../edge/drivers/link/indi/base64-stream.js'
import { escapeText, parseTag, unescapeText } from '../../edge/drivers/link/indi/markup.js'
import { formatIndiNumber, indiTree, parseIndiNumber } from '../../edge/drivers/link/indi/property.js'
import { type Element, indiTokenizer, type Tokenizer, type TokenSink } from '../../edge/drivers/link/indi/tokenizer.js'
import { Fault } from '../../edge/ports/fault.js'
import { seededRandom } from '../../edge/spine/seeded-random.js'

const pixels = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37 + (i >> 3)) & 255)

function lines(text: string, width: number): string {
  return text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n')
}

const night = Buffer.from(`<?xml version='1.0'?>
<!-- a > in a comment, and <defNumberVector> too -->
<defNumberVector device="Mount &quot;Ö&quot;" name='EQUATORIAL_EOD_COORD' label='a > b'
  state="Busy" perm="rw" timestamp="2026-11-20T18:17:55">
    <defNumber name="RA" label="RA" format="%010.6m" min="0" max="24">
5:35:17.3
    </defNumber>
    <defNumber name="DEC" min="-90" max="90"><![CDATA[ -5 23 28 ]]></defNumber>
</defNumberVector>
<message device="CCD" message="a &lt;b&gt; &amp; c &#176;C &#x3b1; &unknown; & alone"/>
<setBLOBVector device="CCD" name="CCD1" state="Ok">
    <oneBLOB name="CCD1" size="1000" format=".fits" len="1000">
${lines(Buffer.from(pixels).toString('base64'), 72)}    </oneBLOB>
</setBLOBVector>
<delProperty device="CCD"/>
`)

interface Heard {
  readonly elements: Element[]
  readonly images: Uint8Array[]
}

function listen(into: Heard, memory: TokenSink['blobStarts'] = sized): TokenSink {
  return {
    element(element) {
      into.elements.push(element)
      for (const { blob } of element.children) if (blob) into.images.push(blob)
    },
    blobStarts: memory,
  }
}

const sized: TokenSink['blobStarts'] = (_, blob) => new Uint8Array(Number(blob.get('len')))

function read(bytes: Buffer, memory?: TokenSink['blobStarts']): Heard {
  const heard: Heard = { elements: [], images: [] }
  pushNow(indiTokenizer(listen(heard, memory)), bytes)
  return heard
}

/** With memory at hand there is nothing to wait for. */
function pushNow(tokenizer: Tokenizer, bytes: Buffer): void {
  if (tokenizer.push(bytes)) throw new Error('the tokenizer waits for memory it has')
}

function plain(elements: readonly Element[]): unknown {
  return elements.map(({ name, attributes, children, text }) => [name, [...attributes], plain(children), text])
}

t.test('a night of INDI is read as its parts', async t => {
  const { elements, images } = read(night)
  t.strictSame(
    elements.map(element => element.name),
    ['defNumberVector', 'message', 'setBLOBVector', 'delProperty'],
  )
  t.equal(elements[0].attributes.get('device'), 'Mount "Ö"')
  t.equal(elements[0].attributes.get('label'), 'a > b')
  t.equal(elements[0].children[0].text, '\n5:35:17.3\n    ')
  t.equal(elements[0].children[1].text, ' -5 23 28 ')
  t.equal(elements[1].attributes.get('message'), 'a <b> & c °C α &unknown; & alone')
  t.strictSame(images, [pixels])
})

t.test('cut in two at every byte it reads the same', async t => {
  const whole = read(night)
  for (let cut = 1; cut < night.length; cut++) {
    const heard: Heard = { elements: [], images: [] }
    const tokenizer = indiTokenizer(listen(heard))
    pushNow(tokenizer, night.subarray(0, cut))
    pushNow(tokenizer, night.subarray(cut))
    const same = JSON.stringify(plain(heard.elements)) === JSON.stringify(plain(whole.elements))
    if (!same || Buffer.compare(heard.images[0] ?? new Uint8Array(), pixels) !== 0)
      t.fail(`cut at ${cut} reads otherwise`)
  }
  t.pass(`${night.length - 1} cuts`)
})

t.test('cut into crumbs of random sizes it reads the same', async t => {
  const whole = JSON.stringify(plain(read(night).elements))
  const random = seededRandom(20261120)
  for (let round = 0; round < 200; round++) {
    const most = 1 + Math.floor(random.next() * 40)
    const heard: Heard = { elements: [], images: [] }
    const tokenizer = indiTokenizer(listen(heard))
    for (let at = 0; at < night.length; ) {
      const size = 1 + Math.floor(random.next() * most)
      pushNow(tokenizer, night.subarray(at, at + size))
      at += size
    }
    if (JSON.stringify(plain(heard.elements)) !== whole) t.fail(`round ${round} reads otherwise`)
    if (Buffer.compare(heard.images[0], pixels) !== 0) t.fail(`round ${round} has another image`)
  }
  t.pass('200 rounds')
})

t.test('garbage is refused with a Fault or read as nothing, and never anything else', async t => {
  const random = seededRandom(7)
  let refused = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(night)
    const wounds = 1 + Math.floor(random.next() * 8)
    for (let i = 0; i < wounds; i++) bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256)
    try {
      const tree = indiTree()
      const { elements } = read(bytes, (_, blob) => {
        const length = Number(blob.get('len'))
        return length >= 0 && length < 1e6 ? new Uint8Array(length) : undefined
      })
      for (const element of elements) tree.apply(element)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      refused++
    }
  }
  t.ok(refused > 300, `${refused} of 3000 are refused`)
})

t.test('an endless tag, text or nest is refused while it is still small', async t => {
  const refused = (bytes: Buffer, what: RegExp) => t.throws(() => read(bytes), { code: 'broken', message: what })
  refused(Buffer.from(`<a b="${'x'.repeat(70_000)}`), /a tag of more than 65536 bytes/)
  refused(Buffer.from(`<a>${'x'.repeat(5_000_000)}`), /an element of more than 4194304 bytes/)
  refused(Buffer.from(`<a>${'<b/>'.repeat(5_000_000)}`), /an element of more than 4194304 bytes/)
  refused(Buffer.from('<a>'.repeat(10)), /nested more than 8 deep/)
  refused(Buffer.from('<a></b>'), /closed <b> inside <a>/)
  refused(Buffer.from('</a>'), /closed <a> outside/)
  refused(Buffer.from('<a b=c>'), /where a tag belongs/)
  refused(Buffer.from('GET / HTTP/1.1\r\n<<>'), /where a tag belongs/)
})

t.test('an image goes into the memory it is given, when that is there', async t => {
  const heard: Heard = { elements: [], images: [] }
  let give: (memory: Uint8Array) => void = () => {}
  const asked = new Promise<Uint8Array>(settle => {
    give = settle
  })
  const tokenizer = indiTokenizer(listen(heard, () => asked))
  const wait = tokenizer.push(night)
  t.ok(wait, 'it waits for memory')
  t.throws(() => tokenizer.push(night), 'and takes nothing further meanwhile')
  t.equal(heard.images.length, 0)
  const memory = new Uint8Array(new SharedArrayBuffer(4096), 8, 1000)
  give(memory)
  await wait
  t.equal(heard.images[0].buffer, memory.buffer)
  t.strictSame(Buffer.compare(memory, pixels), 0)
  t.equal(heard.elements.length, 4, 'what came behind the image is read')
})

t.test('an image nobody wants is passed over', async t => {
  const { elements, images } = read(night, () => undefined)
  t.equal(images.length, 0)
  t.equal(elements.length, 4)
})

t.test('padding behind the valid bytes of an image is cut off', async t => {
  const padded = Buffer.concat([pixels, new Uint8Array(5000)]).toString('base64')
  const xml = `<setBLOBVector><oneBLOB size="9" len="1000" format=".fits.fz">${padded}</oneBLOB></setBLOBVector>`
  t.strictSame(read(Buffer.from(xml)).images, [pixels])
})

t.test('an image that stops early shows how much of it came', async t => {
  const half = Buffer.from(pixels.subarray(0, 600)).toString('base64')
  const xml = `<setBLOBVector><oneBLOB len="1000">${half}</oneBLOB></setBLOBVector>`
  t.equal(read(Buffer.from(xml)).images[0].length, 600)
})

t.test('base64 in any clothes gives the same bytes', async t => {
  const random = seededRandom(11)
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, () => Math.floor(random.next() * 256))
    const text = Buffer.from(bytes).toString('base64')
    for (const clothes of [text, lines(text, 5), text.split('').join(' \t'), `\r\n ${lines(text, 3)}\r\n\r\n`]) {
      for (let cut = 0; cut <= clothes.length; cut++) {
        const memory = new Uint8Array(length)
        const stream = base64Stream(memory)
        stream.write(Buffer.from(clothes.slice(0, cut)))
        stream.write(Buffer.from(clothes.slice(cut)))
        if (stream.end() !== length || Buffer.compare(memory, bytes) !== 0)
          t.fail(`${JSON.stringify(clothes)} at ${cut}`)
      }
    }
  }
  const broken = (text: string) => () => {
    const stream = base64Stream(new Uint8Array(30))
    stream.write(Buffer.from(text))
    stream.end()
  }
  t.throws(broken('AAAA!AAA'), { code: 'broken', message: /not base64/ })
  t.throws(broken('AAA=AAAA'), { code: 'broken', message: /padding|not base64/ })
  t.throws(broken('AAAAA'), { code: 'broken', message: /stops inside/ })
})

t.test('a target shorter than a group of three is filled exactly', async t => {
  for (let length = 0; length < 12; length++) {
    const memory = new Uint8Array(length)
    const stream = base64Stream(memory)
    stream.write(Buffer.from(Buffer.from(pixels).toString('base64')))
    t.equal(stream.end(), length)
    t.strictSame(memory, pixels.slice(0, length))
  }
})

t.test('numbers are read in every form INDI has for them', async t => {
  t.equal(parseIndiNumber(' \n0.048000000417232513428\n  '), 0.04800000041723251)
  t.equal(parseIndiNumber('-90'), -90)
  t.equal(parseIndiNumber('1e-3'), 0.001)
  t.match(parseIndiNumber('5:35:17.3'), 5 + 35 / 60 + 17.3 / 3600)
  t.match(parseIndiNumber('-0:30'), -0.5)
  t.match(parseIndiNumber('12 30 36'), 12.51)
  t.match(parseIndiNumber('12;30;36'), 12.51)
  for (const junk of ['', 'x', '1:2:3:4', '--1', 'nan']) t.ok(Number.isNaN(parseIndiNumber(junk)), `"${junk}" is none`)
  t.equal(formatIndiNumber(5.588), '5.588')
  t.equal(formatIndiNumber(1e-7), '0.0000001')
  t.equal(formatIndiNumber(-3), '-3')
})

t.test('text survives being written and read', async t => {
  const words = `<"it's" & 5 > 4>`
  t.equal(unescapeText(escapeText(words)), words)
  t.equal(parseTag(`one name="${escapeText(words)}"/`).attributes.get('name'), words)
  t.equal(escapeText('a\u0000b'), 'a b')
})

t.test('a device is what its definitions, changes and deletions make of it', async t => {
  const tree = indiTree()
  const hear = (xml: string) => read(Buffer.from(xml)).elements.map(element => tree.apply(element))
  hear(`<defSwitchVector device="D" name="S" state="Idle" perm="rw" rule="AtMostOne"><defSwitch name="A" label="Alpha">
Off
</defSwitch></defSwitchVector>
<defNumberVector device="D" name="N" perm="rw"><defNumber name="X" min="0" max="10">1</defNumber></defNumberVector>`)
  const [said] =
    hear(`<setNumberVector device="D" name="N" state="Alert" message="too much" timestamp="2026-01-02T03:04:05">
    <oneNumber name="X" max="20">12:30</oneNumber><oneNumber name="Y">9</oneNumber></setNumberVector>`)
  t.strictSame(
    said?.changes.map(change => change.kind),
    ['message', 'set'],
  )
  const number = tree.property('D', 'N')
  t.equal(number?.state, 'Alert')
  t.equal(number?.driverMs, Date.UTC(2026, 0, 2, 3, 4, 5))
  t.match(number?.items.get('X'), { value: 12.5, min: 0, max: 10 })
  t.notOk(number?.items.has('Y'), 'an element that was never defined is not invented')
  t.equal(tree.property('D', 'S')?.items.get('A')?.label, 'Alpha')
  t.strictSame(hear('<setNumberVector device="E" name="N"/>')[0]?.changes, [], 'changes before definitions are nothing')
  t.strictSame(hear('<delProperty device="D" name="S"/>')[0]?.changes, [{ kind: 'deleted', name: 'S' }])
  t.strictSame(hear('<delProperty device="D"/>')[0]?.changes, [{ kind: 'gone' }])
  t.strictSame(tree.devices(), [])
  const many = Array.from({ length: 300 }, (_, i) => `<defTextVector device="D${i}" name="T"/>`).join('')
  t.throws(() => hear(many), { code: 'broken', message: /more than 200 devices/ })
})
