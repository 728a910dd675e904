// How designations and names are compared, however they are typed: `M42`, `messier 042`, `α Lyr`, `Alpha Lyrae`,
// `boötis`.

const greek: Readonly<Record<string, string>> = {
  α: 'alpha',
  β: 'beta',
  γ: 'gamma',
  δ: 'delta',
  ε: 'epsilon',
  ζ: 'zeta',
  η: 'eta',
  θ: 'theta',
  ι: 'iota',
  κ: 'kappa',
  λ: 'lambda',
  μ: 'mu',
  ν: 'nu',
  ξ: 'xi',
  ο: 'omicron',
  π: 'pi',
  ρ: 'rho',
  σ: 'sigma',
  ς: 'sigma',
  τ: 'tau',
  υ: 'upsilon',
  φ: 'phi',
  χ: 'chi',
  ψ: 'psi',
  ω: 'omega',
}

// Every spelling of a catalogue's name → the one used in keys.
const catalogues: Readonly<Record<string, string>> = {
  m: 'm',
  messier: 'm',
  ngc: 'ngc',
  ic: 'ic',
  sh: 'sh2',
  sh2: 'sh2',
  sharpless: 'sh2',
  b: 'b',
  barnard: 'b',
  cr: 'cr',
  collinder: 'cr',
  mel: 'mel',
  melotte: 'mel',
  vdb: 'vdb',
  pgc: 'pgc',
  ugc: 'ugc',
  hip: 'hip',
  hd: 'hd',
}

/**
 * Small letters, no accents, Greek letters spelt out, single spaces; apostrophes vanish, all other marks part words.
 */
export function foldWords(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’‘´`]/g, '')
    .replace(/[α-ω]/g, letter => greek[letter] ?? letter)
    .replace(/[^a-z0-9+]+/g, ' ')
    .trim()
}

export function spacelessKey(words: string): string {
  return words.replaceAll(' ', '')
}

/** `Messier 042` → `m42`, `Sh 2-155` → `sh2155`; undefined when it is not a number in a catalogue known here. */
export function designationKey(text: string): string | undefined {
  const match = /^(sh2|sh 2(?= )|[a-z]+) *0*(\d+)$/.exec(foldWords(text))
  if (!match) return undefined
  const catalogue = catalogues[match[1].replace(' ', '')]
  return catalogue === undefined ? undefined : catalogue + match[2]
}
