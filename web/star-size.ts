// Star sizes by the owner's choice: half-flux diameter, or its half, the radius. Pages say which.

export const sizeName = (sizes: 'hfd' | 'hfr' | undefined): string => (sizes === 'hfr' ? 'HFR' : 'HFD')

export const sizeOf = (hfdPx: number | undefined, sizes: 'hfd' | 'hfr' | undefined): number | undefined =>
  hfdPx === undefined ? undefined : sizes === 'hfr' ? hfdPx / 2 : hfdPx
