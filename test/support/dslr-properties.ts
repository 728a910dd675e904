// What indi-gphoto defines for a DSLR, and how it takes orders: no upload while pictures stay on the card, no
// exposure before somebody says how large a pixel is, no size of the sensor before the first picture.

export interface Dslr {
  definitions(): string
  /** @returns what it answers; Alert for what it refuses */
  hear(property: string, told: Readonly<Record<string, string>>): string
  /** Which switch of a property is on. */
  on(property: string): string
  /** As it was last set. */
  readonly pixelMicrons: number
}

interface Choice {
  readonly labels: Readonly<Record<string, string>>
  on: string
}

export function dslr(camera: { readonly pixelMicrons: number }): Dslr {
  let { pixelMicrons } = camera
  const choices: Record<string, Choice> = {
    CCD_SD_CARD_ACTION: { labels: { Save: 'Save', Delete: 'Delete', Ignore: 'Ignore' }, on: 'Ignore' },
    UPLOAD_MODE: {
      labels: { UPLOAD_CLIENT: 'Client', UPLOAD_LOCAL: 'Local', UPLOAD_BOTH: 'Both' },
      on: 'UPLOAD_LOCAL',
    },
    CCD_CAPTURE_TARGET: { labels: { RAM: 'RAM', 'SD Card': 'SD Card' }, on: 'SD Card' },
    CCD_TRANSFER_FORMAT: {
      labels: { FORMAT_FITS: 'FITS', FORMAT_NATIVE: 'Native', FORMAT_XISF: 'XISF' },
      on: 'FORMAT_NATIVE',
    },
    CCD_CAPTURE_FORMAT: {
      labels: { FORMAT_1: 'Large Fine JPEG', FORMAT_2: 'Small Normal JPEG', FORMAT_3: 'RAW' },
      on: 'FORMAT_1',
    },
    CCD_FORCE_BLOB: { labels: { On: 'On', Off: 'Off' }, on: 'On' },
  }
  const vector = (verb: 'def' | 'set', property: string, state = 'Ok') => {
    const { labels, on } = choices[property]
    const tag = verb === 'def' ? 'defSwitch' : 'oneSwitch'
    const items = Object.entries(labels).map(
      ([name, label]) => `<${tag} name="${name}" label="${label}">${name === on ? 'On' : 'Off'}</${tag}>`,
    )
    const head = `device="Odd" name="${property}" state="${state}" perm="rw" rule="OneOfMany"`
    return `<${verb}SwitchVector ${head}>${items.join('')}</${verb}SwitchVector>`
  }
  const info = (verb: 'def' | 'set') => {
    const tag = verb === 'def' ? 'defNumber' : 'oneNumber'
    const values = { CCD_MAX_X: 0, CCD_MAX_Y: 0, CCD_PIXEL_SIZE: pixelMicrons, CCD_PIXEL_SIZE_X: pixelMicrons }
    const items = Object.entries({ ...values, CCD_PIXEL_SIZE_Y: pixelMicrons, CCD_BITSPERPIXEL: 8 }).map(
      ([name, value]) => `<${tag} name="${name}" min="0" max="16000">${value}</${tag}>`,
    )
    const head = `device="Odd" name="CCD_INFO" state="Ok" perm="rw"`
    return `<${verb}NumberVector ${head}>${items.join('')}</${verb}NumberVector>`
  }
  return {
    definitions: () => `${Object.keys(choices)
      .map(property => vector('def', property))
      .join('\n')}
${info('def')}
<defNumberVector device="Odd" name="MIRROR_LOCK" state="Idle" perm="rw">
<defNumber name="MIRROR_LOCK_SECONDS" min="0" max="10">0</defNumber></defNumberVector>
<defNumberVector device="Odd" name="CCD_TEMPERATURE" state="Ok" perm="ro">
<defNumber name="CCD_TEMPERATURE_VALUE" min="-50" max="50">27</defNumber></defNumberVector>`,
    hear(property, told) {
      if (property === 'CCD_INFO') {
        pixelMicrons = Number(told['CCD_PIXEL_SIZE_X'] ?? pixelMicrons)
        return info('set')
      }
      const choice = choices[property]
      if (!choice) return ''
      const wanted = Object.keys(told).find(name => told[name].trim() === 'On')
      const ignored = choices['CCD_SD_CARD_ACTION'].on === 'Ignore'
      if (property === 'UPLOAD_MODE' && ignored && wanted !== 'UPLOAD_LOCAL') return vector('set', property, 'Alert')
      if (wanted) choice.on = wanted
      return vector('set', property)
    },
    on: property => choices[property].on,
    get pixelMicrons() {
      return pixelMicrons
    },
  }
}
